alter table usage drop column routed;
alter table teams drop column routing_strategy;
drop table team_endpoints;
drop table model_mappings;
drop table endpoint_profiles;
drop table endpoints;
