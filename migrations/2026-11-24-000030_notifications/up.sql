-- What is to be told, once across all instances: `key` names the fact.
create table notifications (
    id uuid primary key,
    key text not null unique check (length(key) between 1 and 200),
    category text not null check (category in ('budget', 'rate_limit', 'health')),
    type text not null,
    severity text not null check (severity in ('info', 'warning', 'high', 'critical')),
    payload jsonb not null,
    state text not null default 'pending'
        check (state in ('pending', 'delivered', 'skipped', 'parked')),
    attempts integer not null default 0,
    due_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    ended_at timestamptz
);
create index notifications_due_at on notifications (due_at) where state = 'pending';
create index notifications_created_at on notifications (created_at, id);
