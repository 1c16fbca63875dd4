drop table endpoint_probes;
