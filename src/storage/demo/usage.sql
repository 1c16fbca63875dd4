-- Made-up usage of the demo's people from $1 to $2: working days, sessions with subagents, tools,
-- cache and prices as a company of this size would have them. $3 holds the models with their rates.
insert into usage (request_id, started_at, ended_at, key_id, user_id, team_id, session_id, agent_id,
    parent_agent_id, client_version, project, model, model_id, profile, endpoint, streaming,
    input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    tokens_estimated, web_searches, cost_nanos, cache_saved_nanos, priced, outcome, status,
    error_type, stop_reason, tools, first_token_ms)
with person as (
    select id as user_id, team_id, name, ascii(md5(name)) as dice,
        -- How much somebody does, where they sit, and since when they are here.
        0.5 + ascii(substr(md5(name), 3)) / 60.0 as weight,
        (ascii(substr(md5(name), 5)) % 4) * 3 - 6 as zone,
        case when ascii(substr(md5(name), 7)) % 3 = 0
            then now() - interval '1 day' * (ascii(substr(md5(name), 9)) % 60) else '-infinity' end
            as here_since
    from users where email like 'person-%@demo.example' or id = $4
), session as materialized (
    select person.*, day, gen_random_uuid() as session,
        day + interval '1 hour' * (13 + zone
            + 2.6 * (random() + random() + random() + random() - 2)) as begins_at,
        6 + floor(power(random(), 2) * 44)::integer as turns, random() as taste
    from person,
        generate_series(date_trunc('day', $1, 'UTC'), $2, '1 day') as day,
        generate_series(1, floor(random() + weight * (0.3 + 0.9 * random())
            * case when extract(isodow from day) > 5 then 0.16 else 1 end
            * (1.25 - extract(epoch from now() - day) / 86400 / 150))::integer)
    where day >= here_since
), turn as materialized (
    select session.*, n, begins_at + interval '1 second' * (n * (35 + 45 * random())) as started_at,
        case when n > 3 and random() < 0.38 then 1 + floor(random() * 3)::integer end as agent,
        random() as a, random() as b, random() as c, random() as d, random() as e, random() as f
    from session, generate_series(1, turns) as n
), model as (
    select * from jsonb_to_recordset($3::jsonb) as model (id text, base text, place text,
        input bigint, output bigint, cache_read bigint, cache_write_5m bigint, cache_write_1h bigint)
), answer as (
    select turn.*, model.*,
        case when f < 0.008 then 'rejected' when f < 0.016 then 'refused' when f < 0.022 then 'failed'
            when f < 0.045 then 'client_aborted' else 'completed' end as outcome,
        (20 + 900 * power(a, 4))::bigint as fresh,
        (120 + 3400 * power(b, 2.4))::bigint as written,
        (18000 + 5200 * n * (0.5 + c))::bigint as cached,
        (900 + 16000 * power(d, 3))::bigint as stored
    from turn join model on model.place = case
        when agent is not null then case when e < 0.7 then 'small' else 'middle' end
        when taste < 0.30 + (dice % 4) * 0.08 then 'large'
        when taste < 0.93 then 'middle' else 'former' end
    where started_at > $1 and started_at < least($2, now() - interval '2 minutes')
), counted as (
    select answer.*,
        case when outcome in ('rejected', 'refused') then 0 else fresh end as input_tokens,
        case when outcome in ('rejected', 'refused') then 0 else written end as output_tokens,
        case when outcome in ('rejected', 'refused') then 0 else least(cached, 185000) end as cache_read_tokens,
        case when outcome in ('rejected', 'refused') or n % 5 = 0 then 0 else stored end as cache_write_5m_tokens,
        case when outcome in ('rejected', 'refused') or n % 5 > 0 then 0 else stored end as cache_write_1h_tokens,
        (350 + 1900 * power(e, 2) + cached / 90)::integer as first_token_ms
    from answer
)
select 'demo-' || gen_random_uuid(), started_at,
    started_at + interval '1 millisecond' * (first_token_ms + written * (8 + 10 * a)),
    md5('demo key ' || user_id || 'Laptop')::uuid, user_id, team_id, 'demo-' || session,
    'agent-' || substr(md5(session::text || agent), 1, 12),
    case when agent = 3 then 'agent-' || substr(md5(session::text || 1), 1, 12) end,
    '2.1.' || 180 + floor(extract(epoch from started_at - (now() - interval '90 days')) / 864000),
    (array['checkout', 'ledger', 'mobile-app', 'pipelines', 'website', 'gatekeeper', 'handbook'])
        [1 + (dice + floor(taste * 3)::integer) % 7],
    id, id, 'us.' || base, case when c < 0.72 then 'default' else 'frankfurt' end, b < 0.97,
    input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    outcome = 'client_aborted', case when a > 0.985 then 1 else 0 end,
    (input_tokens * input + output_tokens * output + cache_read_tokens * cache_read
        + cache_write_5m_tokens * cache_write_5m + cache_write_1h_tokens * cache_write_1h) / 1000,
    cache_read_tokens * (input - cache_read) / 1000, true, outcome,
    case outcome when 'rejected' then 429 when 'refused' then 529 else 200 end,
    case outcome when 'rejected' then 'rate_limit_error' when 'refused' then 'overloaded_error'
        when 'failed' then 'api_error' end,
    case when outcome = 'completed' then case when d < 0.8 then 'tool_use' else 'end_turn' end end,
    case when outcome = 'completed' and d < 0.8 then
        string_to_array((array['Read', 'Bash', 'Edit', 'Grep,Read', 'Bash', 'Read', 'Write', 'Glob',
            'Task', 'TodoWrite', 'mcp__github__get_pull_request', 'mcp__github__search_code',
            'mcp__jira__get_issue', 'mcp__postgres__query', 'WebFetch', 'mcp__playwright__click',
            'Edit', 'Read,Edit', 'Bash'])[1 + floor(e * 19)::integer], ',')
    end,
    case when outcome in ('completed', 'client_aborted') then first_token_ms end
from counted
