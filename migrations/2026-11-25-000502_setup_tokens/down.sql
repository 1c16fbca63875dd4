drop table setup_tokens;
