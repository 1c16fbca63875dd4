-- What groups make of the people whom a provider only provisions; those of one that signs people in have
-- it in oidc_providers.
alter table identity_providers add column provisioning jsonb;
