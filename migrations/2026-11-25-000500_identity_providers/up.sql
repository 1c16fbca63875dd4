-- Where people come from: who signs them in, and who provisions them.
create table identity_providers (
    id uuid primary key,
    name text not null unique check (length(name) between 1 and 100),
    kind text not null check (kind in ('oidc', 'scim')),
    enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
