-- Columns that version N-1 does not write stay null.
alter table usage
    add column model_id text,
    add column project text,
    add column reason text,
    add column web_searches integer,
    add column cache_saved_nanos bigint,
    add column price_id uuid;
create index usage_team_id on usage (team_id, started_at);
create index usage_key_id on usage (key_id, started_at);

-- Latencies are counted in 16 buckets; domain/histogram has the same bounds.
create function usage_bucket(milliseconds bigint) returns integer
language sql immutable parallel safe
return width_bucket(milliseconds, array[100, 200, 400, 700, 1000, 1500, 2500, 4000, 6000, 10000,
    15000, 30000, 60000, 120000, 300000]::bigint[]) + 1;

create function usage_histogram_add(counts bigint[], milliseconds bigint) returns bigint[]
language plpgsql immutable parallel safe as $$
begin
    if milliseconds is not null then
        counts[usage_bucket(milliseconds)] := counts[usage_bucket(milliseconds)] + 1;
    end if;
    return counts;
end
$$;

create aggregate usage_histogram(bigint) (
    sfunc = usage_histogram_add,
    stype = bigint[],
    initcond = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'
);

create function usage_counts_add(a bigint[], b bigint[]) returns bigint[]
language sql immutable parallel safe
return array(select x + y from unnest(a, b) with ordinality as pair (x, y, n) order by n);

-- Sums by hour. The nil id and the empty text stand for "none", so that they can be part of the key.
create table usage_hourly (
    starts_at timestamptz not null,
    user_id uuid not null,
    team_id uuid not null,
    key_id uuid not null,
    model text not null,
    endpoint text not null,
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
    latency bigint[] not null,
    first_token bigint[] not null,
    primary key (starts_at, user_id, team_id, key_id, model, endpoint, project)
);
create index usage_hourly_user_id on usage_hourly (user_id, starts_at);
create index usage_hourly_team_id on usage_hourly (team_id, starts_at);
create index usage_hourly_key_id on usage_hourly (key_id, starts_at);

-- The same sums by day (UTC).
create table usage_daily (like usage_hourly including indexes);

-- Requests in which a model called a tool, by day.
create table usage_tools (
    starts_at timestamptz not null,
    user_id uuid not null,
    team_id uuid not null,
    tool text not null,
    requests bigint not null,
    primary key (starts_at, user_id, team_id, tool)
);

-- One row per session of Claude Code and user.
create table usage_sessions (
    user_id uuid not null,
    session_id text not null,
    team_id uuid not null,
    project text not null,
    client_version text,
    started_at timestamptz not null,
    last_at timestamptz not null,
    requests bigint not null,
    failed bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_nanos bigint not null,
    primary key (user_id, session_id)
);
create index usage_sessions_last_at on usage_sessions (last_at, session_id);
create index usage_sessions_user_id on usage_sessions (user_id, last_at);
create index usage_sessions_team_id on usage_sessions (team_id, last_at);

-- One row per agent of a session; the main conversation is the agent with the empty id.
create table usage_agents (
    user_id uuid not null,
    session_id text not null,
    agent_id text not null,
    parent_agent_id text,
    models text[] not null,
    started_at timestamptz not null,
    last_at timestamptz not null,
    requests bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_nanos bigint not null,
    primary key (user_id, session_id, agent_id)
);

-- Keeps the sums in the transaction of the insert, whichever version inserts. Rows are taken in
-- the order of their key, so that two writers do not wait for each other.
create function usage_roll_up() returns trigger
language plpgsql as $$
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    grain text[];
begin
    foreach grain slice 1 in array array[['usage_hourly', 'hour'], ['usage_daily', 'day']] loop
        execute format($sql$
            insert into %I as kept
            select date_trunc(%L, started_at, 'UTC'), coalesce(user_id, $1), coalesce(team_id, $1),
                coalesce(key_id, $1),
                coalesce(model_id, case when profile is not null then model end, ''),
                coalesce(endpoint, ''), coalesce(project, ''),
                count(*), count(*) filter (where outcome = 'completed'),
                count(*) filter (where outcome in ('failed', 'refused', 'crashed')),
                count(*) filter (where streaming),
                sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
                sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
                coalesce(sum(web_searches), 0), sum(cost_nanos),
                coalesce(sum(cache_saved_nanos), 0), count(*) filter (where not priced),
                sum(extract(epoch from ended_at - started_at) * 1000)::bigint,
                usage_histogram((extract(epoch from ended_at - started_at) * 1000)::bigint)
                    filter (where outcome = 'completed'),
                usage_histogram(first_token_ms)
            from inserted
            group by 1, 2, 3, 4, 5, 6, 7
            order by 1, 2, 3, 4, 5, 6, 7
            on conflict (starts_at, user_id, team_id, key_id, model, endpoint, project) do update set
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
                first_token = usage_counts_add(kept.first_token, excluded.first_token)
            $sql$, grain[1], grain[2]) using nobody;
    end loop;

    insert into usage_tools as kept
    select date_trunc('day', started_at, 'UTC'), coalesce(user_id, nobody),
        coalesce(team_id, nobody), tool, count(*)
    from inserted, unnest(tools) as tool
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (starts_at, user_id, team_id, tool) do update set
        requests = kept.requests + excluded.requests;

    insert into usage_sessions as kept
    select coalesce(user_id, nobody), session_id, (array_agg(coalesce(team_id, nobody)))[1],
        coalesce(max(project), ''), max(client_version), min(started_at), max(ended_at),
        count(*), count(*) filter (where outcome in ('failed', 'refused', 'crashed')),
        sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
        sum(cache_write_5m_tokens + cache_write_1h_tokens), sum(cost_nanos)
    from inserted
    where session_id is not null
    group by 1, 2
    order by 1, 2
    on conflict (user_id, session_id) do update set
        team_id = excluded.team_id,
        project = case when excluded.project = '' then kept.project else excluded.project end,
        client_version = coalesce(excluded.client_version, kept.client_version),
        started_at = least(kept.started_at, excluded.started_at),
        last_at = greatest(kept.last_at, excluded.last_at),
        requests = kept.requests + excluded.requests,
        failed = kept.failed + excluded.failed,
        input_tokens = kept.input_tokens + excluded.input_tokens,
        output_tokens = kept.output_tokens + excluded.output_tokens,
        cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens,
        cache_write_tokens = kept.cache_write_tokens + excluded.cache_write_tokens,
        cost_nanos = kept.cost_nanos + excluded.cost_nanos;

    insert into usage_agents as kept
    select coalesce(user_id, nobody), session_id, coalesce(agent_id, ''), max(parent_agent_id),
        coalesce(array_agg(distinct model_id) filter (where model_id is not null), '{}'),
        min(started_at), max(ended_at), count(*),
        sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
        sum(cache_write_5m_tokens + cache_write_1h_tokens), sum(cost_nanos)
    from inserted
    where session_id is not null
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (user_id, session_id, agent_id) do update set
        parent_agent_id = coalesce(excluded.parent_agent_id, kept.parent_agent_id),
        models = array(select distinct unnest(kept.models || excluded.models) order by 1),
        started_at = least(kept.started_at, excluded.started_at),
        last_at = greatest(kept.last_at, excluded.last_at),
        requests = kept.requests + excluded.requests,
        input_tokens = kept.input_tokens + excluded.input_tokens,
        output_tokens = kept.output_tokens + excluded.output_tokens,
        cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens,
        cache_write_tokens = kept.cache_write_tokens + excluded.cache_write_tokens,
        cost_nanos = kept.cost_nanos + excluded.cost_nanos;
    return null;
end
$$;

create trigger usage_roll_up after insert on usage
referencing new table as inserted
for each statement execute function usage_roll_up();
