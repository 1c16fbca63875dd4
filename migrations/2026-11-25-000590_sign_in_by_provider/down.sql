drop table refresh_tokens;
drop table client_sessions;
drop table device_authorizations;
alter table portal_sessions drop column provider_id;
drop table identities;
drop table oidc_providers;
