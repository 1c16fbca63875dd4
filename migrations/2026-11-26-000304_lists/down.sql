drop index usage_sessions_cost_nanos;
alter index if exists audit_subject_name_trigrams reset (fastupdate);
alter index if exists audit_actor_name_trigrams reset (fastupdate);
alter index if exists budgets_subject_name_trigrams reset (fastupdate);
alter index if exists api_keys_name_trigrams reset (fastupdate);
alter index if exists teams_name_trigrams reset (fastupdate);
alter index if exists users_email_trigrams reset (fastupdate);
alter index if exists users_name_trigrams reset (fastupdate);
