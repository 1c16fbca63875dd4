-- Lists are sorted by name and searched for any part of one. The first needs an index of its own for
-- keys, whose names are not unique.
create index api_keys_name on api_keys (name, id);
-- A session is found by how its id begins.
create index usage_sessions_session_id on usage_sessions (session_id text_pattern_ops);

-- The second is served by trigrams, wherever the extension can be had: RDS has it and lets the owner
-- of a database create it, and so does a package with the usual extensions. Where it cannot, the same
-- statements read the table.
do $$
begin
    create extension if not exists pg_trgm;
    create index users_name_trigrams on users using gin (name gin_trgm_ops);
    create index users_email_trigrams on users using gin (email gin_trgm_ops);
    create index teams_name_trigrams on teams using gin (name gin_trgm_ops);
    create index api_keys_name_trigrams on api_keys using gin (name gin_trgm_ops);
    create index budgets_subject_name_trigrams on budgets using gin (subject_name gin_trgm_ops);
    create index audit_actor_name_trigrams on audit using gin (actor_name gin_trgm_ops);
    create index audit_subject_name_trigrams on audit using gin (subject_name gin_trgm_ops);
    create index usage_sessions_project_trigrams on usage_sessions using gin (project gin_trgm_ops)
        where project <> '';
exception
    when undefined_file or feature_not_supported or insufficient_privilege then
        raise notice 'Lists are searched without an index, since pg_trgm cannot be had: %', sqlerrm;
end
$$;
