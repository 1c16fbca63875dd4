drop table audit cascade;
drop function audit_is_append_only;
alter table api_keys drop column prefix, drop column models, drop column tokens_per_minute,
    drop column concurrent_streams, drop column replaces;
alter table teams drop column models, drop column requests_per_minute,
    drop column tokens_per_minute, drop column concurrent_streams;
alter table users drop column email, drop column active, drop column requests_per_minute,
    drop column tokens_per_minute, drop column concurrent_streams;
