alter table users
    add column email text,
    add column active boolean not null default true,
    add column requests_per_minute integer check (requests_per_minute > 0),
    add column tokens_per_minute integer check (tokens_per_minute > 0),
    add column concurrent_streams integer check (concurrent_streams > 0);

alter table teams
    add column models text[],
    add column requests_per_minute integer check (requests_per_minute > 0),
    add column tokens_per_minute integer check (tokens_per_minute > 0),
    add column concurrent_streams integer check (concurrent_streams > 0);

-- `prefix` is what people recognise a key by; `models` null means all; `replaces` names the key
-- that a rotation has put this one in the place of.
alter table api_keys
    add column prefix text,
    add column models text[],
    add column tokens_per_minute integer check (tokens_per_minute > 0),
    add column concurrent_streams integer check (concurrent_streams > 0),
    add column replaces uuid;

-- Who changed what. Each row's hash covers the row and the hash before it, so that a row that is
-- altered or taken out later shows.
create table audit (
    id bigint primary key,
    at timestamptz not null,
    actor_kind text not null check (actor_kind in ('system', 'admin_key', 'user', 'scim')),
    actor_id uuid,
    actor_name text not null,
    credential text,
    address text,
    action text not null,
    subject_id text,
    subject_name text not null,
    before jsonb,
    after jsonb,
    previous_hash bytea not null check (octet_length(previous_hash) = 32),
    hash bytea not null check (octet_length(hash) = 32)
);
create index audit_action on audit (action, id);
create index audit_actor_id on audit (actor_id, id);
create index audit_subject_id on audit (subject_id, id);
create index audit_at on audit (at);

-- The hash that a row must have. jsonb makes an array's text unambiguous and the same each time.
create function audit_hash(entry audit) returns bytea
language sql immutable as $$
    select sha256(convert_to(jsonb_build_array(
        encode(entry.previous_hash, 'hex'), entry.id, (extract(epoch from entry.at) * 1000000)::bigint,
        entry.actor_kind, entry.actor_id, entry.actor_name, entry.credential, entry.address,
        entry.action, entry.subject_id, entry.subject_name, entry.before, entry.after
    )::text, 'UTF8'))
$$;

create function audit_is_append_only() returns trigger
language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end
$$;
create trigger audit_append_only before update or delete on audit
    for each row execute function audit_is_append_only();
create trigger audit_no_truncate before truncate on audit
    for each statement execute function audit_is_append_only();
