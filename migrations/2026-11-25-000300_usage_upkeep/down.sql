drop index usage_agents_last_at;
