drop table endpoint_episodes;
