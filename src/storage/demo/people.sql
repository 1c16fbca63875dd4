-- The demo's teams, people and keys, and its `admin`'s; they are made once.
with team (name) as (
    values ('Payments'), ('Platform'), ('Mobile'), ('Data'), ('Web'), ('Security')
)
insert into teams (id, name, created_at)
select md5('demo team ' || name)::uuid, name, now() - interval '90 days' from team
on conflict do nothing;

with person (name, team) as (
    values ('Ada Okafor', 'Payments'), ('Bruno Keller', 'Payments'), ('Chiara Rossi', 'Payments'),
        ('Dmitri Volkov', 'Payments'), ('Elif Yıldız', 'Platform'), ('Fatima Haddad', 'Platform'),
        ('Grace Lindqvist', 'Platform'), ('Hiro Tanaka', 'Platform'), ('Ingrid Sørensen', 'Platform'),
        ('João Pereira', 'Mobile'), ('Kavya Iyer', 'Mobile'), ('Liam Byrne', 'Mobile'),
        ('Maya Cohen', 'Data'), ('Noor de Vries', 'Data'), ('Olga Petrenko', 'Data'),
        ('Priya Nair', 'Data'), ('Quentin Dubois', 'Web'), ('Rosa Méndez', 'Web'),
        ('Sam Whitfield', 'Web'), ('Tomás Herrera', 'Web'), ('Uma Krishnan', 'Security'),
        ('Viktor Novák', 'Security'), ('Wen Zhang', 'Security'), ('Yara Mansour', null)
)
insert into users (id, name, team_id, email, created_at)
select md5('demo person ' || person.name)::uuid, person.name, teams.id,
    'person-' || substr(md5(person.name), 1, 6) || '@demo.example', now() - interval '90 days'
from person left join teams on teams.name = person.team
on conflict do nothing;

insert into api_keys (id, name, key_hash, user_id, prefix, created_at, expires_at, revoked_at)
select md5('demo key ' || users.id || kind)::uuid, kind,
    sha256(convert_to(gen_random_uuid()::text, 'UTF8')), users.id,
    'sk-ccag-' || substr(md5(kind || users.id), 1, 8), now() - interval '60 days',
    case when kind = 'CI runner' then now() + interval '30 days' end,
    case when kind = 'Old laptop' then now() - interval '20 days' end
from users, (values ('Laptop', 1), ('CI runner', 3), ('Old laptop', 4)) as kinds (kind, every)
where users.email like 'person-%@demo.example' and ascii(md5(users.name)) % every = 0
on conflict do nothing;

-- Budgets at every stage, and a destination with what was told there.
with budget (target, name, period, dollars, policy) as (
    values ('default', null, 'monthly', 300, '"soft"'),
        ('team', 'Payments', 'monthly', 110, '"soft"'),
        ('team', 'Mobile', 'weekly', 16, '"shaped"'),
        ('team_default', 'Data', 'monthly', 60, '"standard"'),
        ('user', 'Ada Okafor', 'monthly', 40, '[{"at_percent": 50, "action": "notify"}, {"at_percent": 90, "action": "shape", "requests_per_minute": 10}, {"at_percent": 120, "action": "block"}]'),
        ('user', 'Ada Okafor', 'daily', 10, '"standard"'),
        ('user', 'Bruno Keller', 'weekly', 3, '"standard"'),
        ('user', 'Wen Zhang', 'monthly', null, '"standard"'),
        ('key', 'CI runner', 'daily', 5, '"standard"')
)
insert into budgets (id, target, subject_id, period, amount_nanos, policy, created_at, updated_at)
select md5('demo budget ' || target || coalesce(name, '') || period)::uuid, target,
    case target
        when 'default' then '00000000-0000-0000-0000-000000000000'
        when 'user' then (select id from users where users.name = budget.name)
        when 'key' then (select id from api_keys where api_keys.name = budget.name
            and prefix is not null order by id limit 1)
        else (select id from teams where teams.name = budget.name)
    end,
    period, dollars::bigint * 1000000000, policy::jsonb, now() - interval '40 days', now() - interval '9 days'
from budget
on conflict do nothing;

insert into notification_destinations (id, name, kind, target, categories, created_at, updated_at)
values (md5('demo destination')::uuid, 'On-call', 'sns', 'arn:aws:sns:us-east-1:111122223333:on-call',
    array['budget', 'health'], now() - interval '40 days', now() - interval '2 days')
on conflict do nothing;

with told (category, type, severity, hours, state, attempts, receipt, error) as (
    values ('budget', 'budget_warning', 'warning', 3, 'delivered', 1, '0f2b7c1e-6a51-5d0e', null),
        ('health', 'endpoint_throttled', 'warning', 21, 'delivered', 1, '8d6f3b90-14c2-5e77', null),
        ('health', 'endpoint_recovered', 'info', 30, 'delivered', 2, '77a0e5d4-90ab-5c33', null),
        ('health', 'endpoint_unhealthy', 'high', 31, 'parked', 12, null, 'the topic answers 403: not authorized to perform sns:Publish'),
        ('budget', 'budget_blocked', 'critical', 55, 'delivered', 1, '3c9158ba-7f1d-5b02', null),
        ('budget', 'budget_shaped', 'high', 80, 'delivered', 3, 'be40c276-2d3f-5a9c', null)
), event as (
    insert into notifications (id, key, category, type, severity, payload, state, created_at)
    select md5('demo event ' || hours)::uuid, 'demo:' || hours, category, type, severity, '{}', 'queued',
        now() - hours * interval '1 hour'
    from told
    on conflict do nothing
    returning id
)
insert into notification_deliveries (id, notification_id, destination_id, destination, kind, state,
    attempts, receipt, error, duration_ms, created_at, ended_at)
select md5('demo delivery ' || hours)::uuid, md5('demo event ' || hours)::uuid,
    md5('demo destination')::uuid, 'On-call', 'sns', state, attempts, receipt, error, 40 + hours * 3,
    now() - hours * interval '1 hour', now() - hours * interval '1 hour'
from told
on conflict do nothing;

-- A directory that provisions the people of two teams, and what its groups make of them.
insert into identity_providers (id, name, kind, provisioning, created_at, updated_at)
select md5('demo provider')::uuid, 'Company directory', 'scim', jsonb_build_object(
        'admin_groups', array['Gateway admins'], 'default_role', 'member',
        'team_groups', (select jsonb_object_agg('eng-' || lower(name), id) from teams
            where name in ('Payments', 'Platform'))),
    now() - interval '80 days', now() - interval '11 days'
on conflict do nothing;

insert into scim_tokens (id, provider_id, name, token_hash, prefix, created_at, last_used_at)
values (md5('demo token')::uuid, md5('demo provider')::uuid, 'Nightly sync',
    sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'scim-ccag-7d1f', now() - interval '80 days',
    now() - interval '2 hours')
on conflict do nothing;

insert into scim_users (user_id, provider_id, user_name, external_id, attributes)
select users.id, md5('demo provider')::uuid, users.email, 'ext-' || substr(md5(users.email), 1, 8), '{"active": true}'
from users join teams on teams.id = users.team_id
where users.email like 'person-%@demo.example' and teams.name in ('Payments', 'Platform')
on conflict do nothing;

insert into scim_groups (id, provider_id, display_name)
select md5('demo group ' || name)::uuid, md5('demo provider')::uuid, 'eng-' || lower(name)
from teams where name in ('Payments', 'Platform')
on conflict do nothing;

insert into scim_members (group_id, user_id)
select md5('demo group ' || teams.name)::uuid, users.id
from users join scim_users on scim_users.user_id = users.id join teams on teams.id = users.team_id
where provider_id = md5('demo provider')::uuid and teams.name in ('Payments', 'Platform')
on conflict do nothing;
