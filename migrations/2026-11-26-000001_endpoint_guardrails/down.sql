alter table endpoints drop column guardrail_id, drop column guardrail_version;
