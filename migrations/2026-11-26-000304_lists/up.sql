-- What few write and many search is searched whole at once: no list of entries that are yet to be sorted in.
alter index if exists users_name_trigrams set (fastupdate = off);
alter index if exists users_email_trigrams set (fastupdate = off);
alter index if exists teams_name_trigrams set (fastupdate = off);
alter index if exists api_keys_name_trigrams set (fastupdate = off);
alter index if exists budgets_subject_name_trigrams set (fastupdate = off);
alter index if exists audit_actor_name_trigrams set (fastupdate = off);
alter index if exists audit_subject_name_trigrams set (fastupdate = off);

-- The dearest sessions.
create index usage_sessions_cost_nanos on usage_sessions (cost_nanos, session_id);
