drop table scim_members, scim_groups, scim_users, scim_tokens;
