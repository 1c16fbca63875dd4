drop trigger usage_roll_up_coarse on usage;
drop function usage_roll_up_coarse();
drop table usage_daily_people;
drop table usage_daily_models;
