-- Nothing is written between the sums of what is there and the trigger for what comes.
lock table usage in share row exclusive mode;

-- Sums by day without what most questions leave out: of teams, models and endpoints without their users,
-- and of users, teams and projects alone. What is asked about whole days reads a few rows where `usage_daily` has
-- one for each user, key, model, endpoint and project.
create table usage_daily_models (
    starts_at timestamptz not null,
    team_id uuid not null,
    model text not null,
    endpoint text not null,
    requests bigint not null,
    completed bigint not null,
    failed bigint not null,
    streaming bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_5m_tokens bigint not null,
    cache_write_1h_tokens bigint not null,
    web_searches bigint not null,
    cost_nanos bigint not null,
    cache_saved_nanos bigint not null,
    unpriced bigint not null,
    duration_ms bigint not null,
    latency bigint[] not null,
    first_token bigint[] not null,
    primary key (starts_at, team_id, model, endpoint)
);
create table usage_daily_people (
    starts_at timestamptz not null,
    user_id uuid not null,
    team_id uuid not null,
    project text not null,
    requests bigint not null,
    completed bigint not null,
    failed bigint not null,
    streaming bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_5m_tokens bigint not null,
    cache_write_1h_tokens bigint not null,
    web_searches bigint not null,
    cost_nanos bigint not null,
    cache_saved_nanos bigint not null,
    unpriced bigint not null,
    duration_ms bigint not null,
    primary key (starts_at, user_id, team_id, project)
);
create index usage_daily_people_user_id on usage_daily_people (user_id, starts_at);
create index usage_daily_people_team_id on usage_daily_people (team_id, starts_at);

insert into usage_daily_models
select starts_at, team_id, model, endpoint, sum(requests), sum(completed), sum(failed), sum(streaming), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(web_searches), sum(cost_nanos), sum(cache_saved_nanos), sum(unpriced), sum(duration_ms),
    array[sum(latency[1]), sum(latency[2]), sum(latency[3]), sum(latency[4]), sum(latency[5]), sum(latency[6]), sum(latency[7]), sum(latency[8]), sum(latency[9]), sum(latency[10]), sum(latency[11]), sum(latency[12]), sum(latency[13]), sum(latency[14]), sum(latency[15]), sum(latency[16])]::bigint[],
    array[sum(first_token[1]), sum(first_token[2]), sum(first_token[3]), sum(first_token[4]), sum(first_token[5]), sum(first_token[6]), sum(first_token[7]), sum(first_token[8]), sum(first_token[9]), sum(first_token[10]), sum(first_token[11]), sum(first_token[12]), sum(first_token[13]), sum(first_token[14]), sum(first_token[15]), sum(first_token[16])]::bigint[]
from usage_daily group by 1, 2, 3, 4;
insert into usage_daily_people
select starts_at, user_id, team_id, project, sum(requests), sum(completed), sum(failed), sum(streaming), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(web_searches), sum(cost_nanos), sum(cache_saved_nanos), sum(unpriced), sum(duration_ms)
from usage_daily group by 1, 2, 3, 4;

create function usage_roll_up_coarse() returns trigger
language plpgsql as $$
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    insert into usage_daily_models as kept
    select date_trunc('day', started_at, 'UTC'), coalesce(team_id, nobody),
        coalesce(model_id, case when profile is not null then model end, ''), coalesce(endpoint, ''),
        count(*), count(*) filter (where outcome = 'completed'),
        count(*) filter (where outcome in ('failed', 'refused', 'crashed')),
        count(*) filter (where streaming), sum(input_tokens), sum(output_tokens),
        sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
        coalesce(sum(web_searches), 0), sum(cost_nanos), coalesce(sum(cache_saved_nanos), 0),
        count(*) filter (where not priced),
        sum(extract(epoch from ended_at - started_at) * 1000)::bigint,
        usage_histogram((extract(epoch from ended_at - started_at) * 1000)::bigint)
            filter (where outcome = 'completed'),
        usage_histogram(first_token_ms)
    from inserted
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (starts_at, team_id, model, endpoint) do update set
        requests = kept.requests + excluded.requests,
        completed = kept.completed + excluded.completed,
        failed = kept.failed + excluded.failed,
        streaming = kept.streaming + excluded.streaming,
        input_tokens = kept.input_tokens + excluded.input_tokens,
        output_tokens = kept.output_tokens + excluded.output_tokens,
        cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens,
        cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
        cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
        web_searches = kept.web_searches + excluded.web_searches,
        cost_nanos = kept.cost_nanos + excluded.cost_nanos,
        cache_saved_nanos = kept.cache_saved_nanos + excluded.cache_saved_nanos,
        unpriced = kept.unpriced + excluded.unpriced,
        duration_ms = kept.duration_ms + excluded.duration_ms,
        latency = usage_counts_add(kept.latency, excluded.latency),
        first_token = usage_counts_add(kept.first_token, excluded.first_token);

    insert into usage_daily_people as kept
    select date_trunc('day', started_at, 'UTC'), coalesce(user_id, nobody), coalesce(team_id, nobody),
        coalesce(project, ''),
        count(*), count(*) filter (where outcome = 'completed'),
        count(*) filter (where outcome in ('failed', 'refused', 'crashed')),
        count(*) filter (where streaming), sum(input_tokens), sum(output_tokens),
        sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
        coalesce(sum(web_searches), 0), sum(cost_nanos), coalesce(sum(cache_saved_nanos), 0),
        count(*) filter (where not priced),
        sum(extract(epoch from ended_at - started_at) * 1000)::bigint
    from inserted
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (starts_at, user_id, team_id, project) do update set
        requests = kept.requests + excluded.requests,
        completed = kept.completed + excluded.completed,
        failed = kept.failed + excluded.failed,
        streaming = kept.streaming + excluded.streaming,
        input_tokens = kept.input_tokens + excluded.input_tokens,
        output_tokens = kept.output_tokens + excluded.output_tokens,
        cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens,
        cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
        cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
        web_searches = kept.web_searches + excluded.web_searches,
        cost_nanos = kept.cost_nanos + excluded.cost_nanos,
        cache_saved_nanos = kept.cache_saved_nanos + excluded.cache_saved_nanos,
        unpriced = kept.unpriced + excluded.unpriced,
        duration_ms = kept.duration_ms + excluded.duration_ms;
    return null;
end
$$;

create trigger usage_roll_up_coarse after insert on usage
referencing new table as inserted
for each statement execute function usage_roll_up_coarse();
