create table teams (
    id uuid primary key,
    name text not null unique,
    created_at timestamptz not null default now()
);

create table users (
    id uuid primary key,
    name text not null unique,
    role text not null default 'member' check (role in ('admin', 'member')),
    team_id uuid references teams on delete set null,
    created_at timestamptz not null default now()
);
create index users_team_id on users (team_id);

create table api_keys (
    id uuid primary key,
    name text not null,
    key_hash bytea not null unique check (octet_length(key_hash) = 32),
    user_id uuid not null references users on delete cascade,
    team_id uuid references teams on delete set null,
    requests_per_minute integer check (requests_per_minute > 0),
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now()
);
create index api_keys_user_id on api_keys (user_id);
create index api_keys_team_id on api_keys (team_id);

create table settings (
    name text primary key,
    value jsonb not null,
    updated_at timestamptz not null default now()
);

-- One row per request. No foreign keys: a record outlives the key and the user it names.
create table usage (
    request_id text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    key_id uuid,
    user_id uuid,
    team_id uuid,
    session_id text,
    agent_id text,
    parent_agent_id text,
    client_version text,
    model text,
    profile text,
    endpoint text,
    streaming boolean not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_5m_tokens bigint not null,
    cache_write_1h_tokens bigint not null,
    tokens_estimated boolean not null,
    cost_nanos bigint not null,
    priced boolean not null,
    outcome text not null check (outcome in
        ('completed', 'client_aborted', 'failed', 'refused', 'rejected', 'crashed')),
    status smallint not null,
    error_type text,
    stop_reason text,
    tools text[],
    first_token_ms integer,
    primary key (request_id, started_at)
) partition by range (started_at);
create index usage_started_at on usage (started_at);
create index usage_user_id on usage (user_id, started_at);
create index usage_session_id on usage (session_id, started_at);

-- Makes the partition of the month that holds `moment`.
create function usage_ensure_partition(moment timestamptz) returns void
language plpgsql as $$
declare
    first timestamp := date_trunc('month', moment at time zone 'UTC');
begin
    execute format(
        'create table if not exists %I partition of usage for values from (%L) to (%L)',
        'usage_' || to_char(first, 'YYYY_MM'),
        first at time zone 'UTC',
        (first + interval '1 month') at time zone 'UTC'
    );
end
$$;
