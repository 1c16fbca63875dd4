drop table endpoint_running;
