drop trigger usage_roll_up on usage;
drop function usage_roll_up;
drop table usage_agents, usage_sessions, usage_tools, usage_daily, usage_hourly;
drop function usage_counts_add;
drop aggregate usage_histogram(bigint);
drop function usage_histogram_add;
drop function usage_bucket;
drop index usage_key_id, usage_team_id;
alter table usage
    drop column price_id,
    drop column cache_saved_nanos,
    drop column web_searches,
    drop column reason,
    drop column project,
    drop column model_id;
