drop trigger usage_roll_up_weeks on usage;
drop function usage_roll_up_weeks();
drop table usage_daily_projects;
drop table usage_hourly_projects;
drop table usage_hourly_models;
drop table usage_weekly_tools;
drop table usage_weekly_people;
drop table usage_weekly;
