-- What an endpoint's profile takes, beyond the gateway's own table: learned from Bedrock's refusals
-- for a while, or decided by an admin for good.
create table verdicts (
    id uuid primary key,
    endpoint text not null check (length(endpoint) between 1 and 200),
    profile text not null check (length(profile) between 1 and 2048),
    kind text not null check (kind in ('feature', 'beta', 'field')),
    name text not null check (length(name) between 1 and 200),
    taken boolean not null,
    source text not null check (source in ('learned', 'override')),
    reason text not null,
    expires_at timestamptz,
    updated_at timestamptz not null default now(),
    unique (endpoint, profile, kind, name, source)
);
