-- The upkeep takes the oldest agents first.
create index usage_agents_last_at on usage_agents (last_at);
