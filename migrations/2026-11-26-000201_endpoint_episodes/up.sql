-- Endpoints that are in trouble now: which instance opens or ends an episode tells of it. `clear_since` is
-- since when no instance sees the trouble any more.
create table endpoint_episodes (
    endpoint_id uuid not null,
    kind text not null check (kind in ('unhealthy', 'throttled')),
    id uuid not null,
    began_at timestamptz not null default now(),
    clear_since timestamptz,
    primary key (endpoint_id, kind)
);
