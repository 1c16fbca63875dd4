-- Nothing is written between the sums of what is there and the trigger for what comes.
lock table usage in share row exclusive mode;

-- Sums by week from Monday on (UTC): a long span of time is read as its whole weeks, and days at its ends.
-- `last_at` is the last day of the week in which there was usage.
create table usage_weekly (like usage_daily including indexes);
alter table usage_weekly add column last_at timestamptz not null;
create table usage_weekly_people (like usage_daily_people including indexes);
alter table usage_weekly_people add column last_at timestamptz not null;
create table usage_weekly_tools (like usage_tools including indexes);
alter table usage_weekly_tools add column last_at timestamptz not null;

-- Sums by hour without users: of teams, models and endpoints, and of teams and projects.
create table usage_hourly_models (like usage_daily_models including indexes);
alter table usage_hourly_models drop column latency, drop column first_token;
create table usage_hourly_projects (like usage_daily_people);
alter table usage_hourly_projects drop column user_id, add primary key (starts_at, team_id, project);

-- Sums by day without users, of teams, models, endpoints and projects.
create table usage_daily_projects (like usage_daily_models);
alter table usage_daily_projects
    add column project text not null,
    add primary key (starts_at, team_id, model, endpoint, project);

-- One project's hours and days are few among all.
create index usage_hourly_projects_project on usage_hourly_projects (project, starts_at);
create index usage_daily_projects_project on usage_daily_projects (project, starts_at);

-- The statement that adds to a table of sums what `source` tells: rows with the columns of `usage_hourly`.
create function usage_sums_statement(
    sums text, unit text, keys text[], has_latencies boolean, has_last_at boolean, source text
) returns text
language sql immutable as $$
    with counts (name, sum) as (
        select name, format('sum(%I)::bigint', name)
        from unnest(array['requests', 'completed', 'failed', 'streaming', 'input_tokens', 'output_tokens',
            'cache_read_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens', 'web_searches',
            'cost_nanos', 'cache_saved_nanos', 'unpriced', 'duration_ms']) as name
    ),
    latencies (name, sum) as (
        select name, format('array[%s]', string_agg(format('sum(%I[%s])::bigint', name, bucket), ', '))
        from unnest(array['latency', 'first_token']) as name, generate_series(1, 16) as bucket
        where has_latencies
        group by name
    ),
    columns (name, sum, added) as (
        select name, sum, format('%1$I = kept.%1$I + excluded.%1$I', name) from counts
        union all
        select name, sum, format('%1$I = usage_counts_add(kept.%1$I, excluded.%1$I)', name) from latencies
        union all
        select 'last_at', 'max(date_trunc(''day'', starts_at, ''UTC''))',
            'last_at = greatest(kept.last_at, excluded.last_at)'
        where has_last_at
    )
    select format(
        'insert into %1$I as kept (starts_at, %2$s, %3$s) '
        'select date_trunc(%4$L, starts_at, ''UTC'') as starts_at, %2$s, %5$s from %6$s as source '
        'group by 1, %2$s order by 1, %2$s on conflict (starts_at, %2$s) do update set %7$s',
        sums, array_to_string(keys, ', '), string_agg(name, ', '), unit, string_agg(sum, ', '), source,
        string_agg(added, ', '))
    from columns
$$;

-- The statements of all tables that are kept here; `by_hour` and `by_day` are what they add.
create function usage_sums_statements(by_hour text, by_day text) returns setof text
language sql immutable as $$
    values
        (usage_sums_statement('usage_hourly_models', 'hour', array['team_id', 'model', 'endpoint'],
            false, false, by_hour)),
        (usage_sums_statement('usage_hourly_projects', 'hour', array['team_id', 'project'],
            false, false, by_hour)),
        (usage_sums_statement('usage_daily_projects', 'day',
            array['team_id', 'model', 'endpoint', 'project'], true, false, by_day)),
        (usage_sums_statement('usage_weekly', 'week',
            array['user_id', 'team_id', 'key_id', 'model', 'endpoint', 'project'], true, true, by_day)),
        (usage_sums_statement('usage_weekly_people', 'week', array['user_id', 'team_id', 'project'],
            false, true, by_day))
$$;

do $$
declare
    statement text;
begin
    for statement in select usage_sums_statements('usage_hourly', 'usage_daily') loop
        execute statement;
    end loop;
end
$$;
insert into usage_weekly_tools
select date_trunc('week', starts_at, 'UTC'), user_id, team_id, tool, sum(requests), max(starts_at)
from usage_tools group by 1, 2, 3, 4;

-- The requests of an insert as rows of `usage_hourly`.
create function usage_sums_of_inserted() returns text
language sql immutable
return $sql$(
    select date_trunc('hour', started_at, 'UTC') as starts_at,
        coalesce(user_id, '00000000-0000-0000-0000-000000000000') as user_id,
        coalesce(team_id, '00000000-0000-0000-0000-000000000000') as team_id,
        coalesce(key_id, '00000000-0000-0000-0000-000000000000') as key_id,
        coalesce(model_id, case when profile is not null then model end, '') as model,
        coalesce(endpoint, '') as endpoint, coalesce(project, '') as project,
        count(*) as requests, count(*) filter (where outcome = 'completed') as completed,
        count(*) filter (where outcome in ('failed', 'refused', 'crashed')) as failed,
        count(*) filter (where streaming) as streaming,
        sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_5m_tokens) as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) as cache_write_1h_tokens,
        coalesce(sum(web_searches), 0) as web_searches, sum(cost_nanos) as cost_nanos,
        coalesce(sum(cache_saved_nanos), 0) as cache_saved_nanos,
        count(*) filter (where not priced) as unpriced,
        sum(extract(epoch from ended_at - started_at) * 1000)::bigint as duration_ms,
        usage_histogram((extract(epoch from ended_at - started_at) * 1000)::bigint)
            filter (where outcome = 'completed') as latency,
        usage_histogram(first_token_ms) as first_token
    from inserted
    group by 1, 2, 3, 4, 5, 6, 7
)$sql$;

-- Its statements are written out here, and not by each insert, so that their plans are kept.
do $$
begin
    execute (
        select format($sql$
            create function usage_roll_up_weeks() returns trigger
            language plpgsql as $body$
            begin
                %s;
                insert into usage_weekly_tools as kept
                select date_trunc('week', started_at, 'UTC'),
                    coalesce(user_id, '00000000-0000-0000-0000-000000000000'),
                    coalesce(team_id, '00000000-0000-0000-0000-000000000000'), tool, count(*),
                    max(date_trunc('day', started_at, 'UTC'))
                from inserted, unnest(tools) as tool
                group by 1, 2, 3, 4
                order by 1, 2, 3, 4
                on conflict (starts_at, user_id, team_id, tool) do update set
                    requests = kept.requests + excluded.requests,
                    last_at = greatest(kept.last_at, excluded.last_at);
                return null;
            end
            $body$
            $sql$, string_agg(statement, E';\n'))
        from usage_sums_statements(usage_sums_of_inserted(), usage_sums_of_inserted()) as statement);
end
$$;

create trigger usage_roll_up_weeks after insert on usage
referencing new table as inserted
for each statement execute function usage_roll_up_weeks();

-- They were needed to write the trigger, and nothing calls them.
drop function usage_sums_of_inserted();
drop function usage_sums_statements(text, text);
drop function usage_sums_statement(text, text, text[], boolean, boolean, text);
