-- With what a provider's provisioning comes in. The token is stored as its SHA-256 only.
create table scim_tokens (
    id uuid primary key,
    provider_id uuid not null references identity_providers on delete cascade,
    name text not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    prefix text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz
);
create index scim_tokens_provider_id on scim_tokens (provider_id, id);

-- Users that a provider has provisioned. `attributes` is what it says of them beyond the columns
-- here and in `users`, by the names of RFC 7643.
create table scim_users (
    user_id uuid primary key references users on delete cascade,
    provider_id uuid not null references identity_providers on delete cascade,
    user_name text not null,
    external_id text,
    attributes jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index scim_users_user_name on scim_users (provider_id, lower(user_name));
create unique index scim_users_external_id on scim_users (provider_id, external_id);
create index scim_users_provider_id on scim_users (provider_id, user_id);

create table scim_groups (
    id uuid primary key,
    provider_id uuid not null references identity_providers on delete cascade,
    display_name text not null,
    external_id text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index scim_groups_provider_id on scim_groups (provider_id, id);
create index scim_groups_display_name on scim_groups (provider_id, lower(display_name));

create table scim_members (
    group_id uuid not null references scim_groups on delete cascade,
    user_id uuid not null references scim_users on delete cascade,
    primary key (group_id, user_id)
);
create index scim_members_user_id on scim_members (user_id);
