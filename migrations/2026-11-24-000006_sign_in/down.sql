drop table sign_in_attempts;
drop table passwords;
drop table portal_sessions;
