-- Browsers that are signed in. The secret in the cookie is stored as its SHA-256 only; a session
-- without a user is one of the admin key.
create table portal_sessions (
    id uuid primary key,
    secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
    user_id uuid references users on delete cascade,
    signed_in_by text not null check (signed_in_by in ('admin_key', 'password', 'oidc')),
    address text,
    user_agent text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    ended_at timestamptz
);
create index portal_sessions_user_id on portal_sessions (user_id, id);

-- `configured_hash` is of the password that the environment last had, so that a new one there takes
-- effect and an old one does not undo what was changed since.
create table passwords (
    user_id uuid primary key references users on delete cascade,
    hash text not null,
    configured_hash text,
    is_default boolean not null default false,
    changed_at timestamptz not null default now()
);

-- Attempts to sign in, counted in windows per address, account or known browser.
create table sign_in_attempts (
    scope text primary key check (length(scope) <= 200),
    attempts integer not null,
    began_at timestamptz not null default now()
);
create index sign_in_attempts_began_at on sign_in_attempts (began_at);
