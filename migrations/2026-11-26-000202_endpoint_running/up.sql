-- Requests that run at endpoints which take no new ones, as each instance counts its own. A row that was
-- not seen for a while is of an instance that is gone.
create table endpoint_running (
    endpoint_id uuid not null,
    instance uuid not null,
    running integer not null,
    seen_at timestamptz not null default now(),
    primary key (endpoint_id, instance)
);
