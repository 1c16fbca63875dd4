-- An AWS account and region as reached with one credential. `geography` null means the region's own;
-- `api_key` is sealed; a lower `priority` is preferred.
create table endpoints (
    id uuid primary key,
    name text not null unique,
    region text not null,
    geography text,
    credential text not null check (credential in ('chain', 'role', 'api_key')),
    role_arn text,
    external_id text,
    session_tags boolean not null default false,
    api_key bytea,
    runtime_url text,
    control_url text,
    priority integer not null default 100,
    enabled boolean not null default true,
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    check ((credential = 'role') = (role_arn is not null)),
    check ((credential = 'api_key') = (api_key is not null))
);

-- Application inference profiles: what serves a model at an endpoint instead of the geography's own.
create table endpoint_profiles (
    endpoint_id uuid not null references endpoints on delete cascade,
    model text not null,
    profile text not null,
    primary key (endpoint_id, model)
);

-- What clients may call a model beside the names that the gateway knows.
create table model_mappings (
    id uuid primary key,
    name text not null unique,
    target text not null,
    created_at timestamptz not null default now()
);

-- A team's endpoints, in the order of preference. A team with any never leaves them.
create table team_endpoints (
    team_id uuid not null references teams on delete cascade,
    endpoint_id uuid not null references endpoints on delete cascade,
    position integer not null,
    primary key (team_id, endpoint_id)
);
create index team_endpoints_endpoint_id on team_endpoints (endpoint_id);

alter table teams add column routing_strategy text check
    (routing_strategy in ('sticky_session', 'primary_fallback', 'round_robin', 'least_busy'));

-- Why the endpoint that served was chosen.
alter table usage add column routed text;
