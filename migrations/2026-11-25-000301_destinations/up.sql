-- Where notifications go. `target` is what may be shown: of a webhook only its origin; `sealed` has
-- its address and the secrets that sign.
create table notification_destinations (
    id uuid primary key,
    name text not null,
    kind text not null check (kind in ('webhook', 'sns', 'eventbridge')),
    target text not null,
    sealed bytea,
    categories text[] not null,
    state text not null default 'draft' check (state in ('draft', 'active')),
    replaces uuid references notification_destinations on delete set null,
    tested_at timestamptz,
    test_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((kind = 'webhook') = (sealed is not null))
);
create unique index notification_destinations_name on notification_destinations (name)
    where replaces is null;
create index notification_destinations_replaces on notification_destinations (replaces);

-- What is delivered where. No foreign key to the destination: the log outlives it. The nil id is
-- the destination of the environment. A claim is a lease: `due_at` lies ahead while it holds.
create table notification_deliveries (
    id uuid primary key,
    notification_id uuid not null references notifications on delete cascade,
    destination_id uuid not null,
    destination text not null,
    kind text not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'parked')),
    attempts integer not null default 0,
    due_at timestamptz not null default now(),
    claim uuid,
    receipt text,
    error text,
    duration_ms integer,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    unique (notification_id, destination_id)
);
create index notification_deliveries_due_at on notification_deliveries (due_at)
    where state = 'pending';
create index notification_deliveries_created_at on notification_deliveries (created_at, id);
create index notification_deliveries_destination_id on notification_deliveries
    (destination_id, created_at, id);

-- A notification is told off to its destinations once; from then on its deliveries have the state.
alter table notifications drop constraint notifications_state_check;
alter table notifications add constraint notifications_state_check
    check (state in ('pending', 'queued', 'skipped'));
drop index notifications_due_at;
create index notifications_pending on notifications (created_at, id) where state = 'pending';
alter table notifications
    drop column attempts,
    drop column due_at,
    drop column ended_at;
