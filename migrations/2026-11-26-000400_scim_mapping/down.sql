alter table identity_providers drop column provisioning;
