-- What AWS's control planes have told last of an endpoint: one instance asks, all learn. The endpoint of the
-- environment has the nil id, so this is no reference. `claim` is whose answer counts.
create table endpoint_probes (
    endpoint_id uuid primary key,
    claim uuid not null,
    claimed_at timestamptz not null,
    ended_at timestamptz,
    profiles jsonb not null default '[]',
    profiles_error text,
    quotas jsonb not null default '[]',
    quotas_error text
);
