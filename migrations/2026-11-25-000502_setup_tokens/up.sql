-- With what a setup script fetches an API key, once. The token is stored as its SHA-256 only.
create table setup_tokens (
    id uuid primary key,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    key_name text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null default now()
);
create index setup_tokens_user_id on setup_tokens (user_id);
create index setup_tokens_expires_at on setup_tokens (expires_at);
