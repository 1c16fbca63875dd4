-- What every conversation at an endpoint is held against; id and version only together.
alter table endpoints
    add column guardrail_id text,
    add column guardrail_version text,
    add check ((guardrail_id is null) = (guardrail_version is null));
