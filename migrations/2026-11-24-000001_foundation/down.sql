drop table usage;
drop function usage_ensure_partition(timestamptz);
drop table settings;
drop table api_keys;
drop table users;
drop table teams;
