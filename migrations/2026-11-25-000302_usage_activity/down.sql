drop trigger usage_roll_up_activity on usage;
drop function usage_roll_up_activity();
drop table usage_activity;
