-- What an OpenID provider needs beyond its name. `client_secret` is sealed; `team_groups` gives a team's
-- id for a group's name; what the environment has configured only the environment changes.
create table oidc_providers (
    provider_id uuid primary key references identity_providers on delete cascade,
    issuer text not null,
    client_id text not null,
    client_secret bytea,
    audiences text[] not null default '{}',
    scopes text[] not null default '{openid,email,profile}',
    jwks_url text,
    user_claim text not null default 'sub',
    groups_claim text not null default 'groups',
    admin_groups text[] not null default '{}',
    team_groups jsonb not null default '{}',
    allowed_domains text[] not null default '{}',
    link_by_email boolean not null default false,
    auto_provision boolean not null default true,
    default_role text not null default 'member' check (default_role in ('admin', 'member')),
    default_team_id uuid references teams on delete set null,
    configured_by text not null default 'admin' check (configured_by in ('admin', 'environment')),
    unique (issuer, client_id)
);

-- Who somebody is: a provider and what it calls them, which neither a name nor an address can stand for.
create table identities (
    provider_id uuid not null references identity_providers on delete cascade,
    subject text not null check (length(subject) between 1 and 255),
    user_id uuid not null references users on delete cascade,
    email text,
    created_at timestamptz not null default now(),
    last_sign_in_at timestamptz not null default now(),
    primary key (provider_id, subject)
);
create index identities_user_id on identities (user_id);

alter table portal_sessions
    add column provider_id uuid references identity_providers on delete cascade;

-- Sign-ins of clients that wait for somebody to confirm their code. Codes and tokens are stored as their
-- SHA-256 only; the short code is what people compare, and worth nothing alone.
create table device_authorizations (
    id uuid primary key,
    device_code_hash bytea not null unique check (octet_length(device_code_hash) = 32),
    user_code text not null unique,
    surface text not null check (length(surface) <= 50),
    address text,
    user_agent text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    polled_at timestamptz,
    decided_at timestamptz,
    approved boolean,
    user_id uuid references users on delete cascade,
    provider_id uuid references identity_providers on delete cascade
);
create index device_authorizations_expires_at on device_authorizations (expires_at);

-- Clients that are signed in: Claude Code, the command line, the token helper.
create table client_sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    provider_id uuid references identity_providers on delete cascade,
    surface text not null check (length(surface) <= 50),
    address text,
    user_agent text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index client_sessions_user_id on client_sessions (user_id, id);

create table refresh_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references client_sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index refresh_tokens_session_id on refresh_tokens (session_id);
