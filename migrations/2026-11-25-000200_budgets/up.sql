-- What may be spent. `subject_id` is the user, team or key, and nil for the default of all;
-- `amount_nanos` null means that no default applies and nothing is limited.
create table budgets (
    id uuid primary key,
    target text not null check (target in ('default', 'team_default', 'user', 'team', 'key')),
    subject_id uuid not null,
    period text not null check (period in ('daily', 'weekly', 'monthly')),
    amount_nanos bigint check (amount_nanos >= 0),
    policy jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (subject_id, target, period),
    check ((target = 'default') = (subject_id = '00000000-0000-0000-0000-000000000000'))
);

-- A budget goes with whom it is for.
create function budgets_of_the_gone() returns trigger
language plpgsql as $$
begin
    delete from budgets where subject_id = old.id;
    return null;
end
$$;
create trigger users_budgets after delete on users
    for each row execute function budgets_of_the_gone();
create trigger teams_budgets after delete on teams
    for each row execute function budgets_of_the_gone();
create trigger api_keys_budgets after delete on api_keys
    for each row execute function budgets_of_the_gone();

-- What was spent by day (UTC), as the rows of `usage` say.
create table spend (
    scope text not null check (scope in ('user', 'team', 'key')),
    subject_id uuid not null,
    day date not null,
    nanos bigint not null,
    primary key (subject_id, scope, day)
);

insert into spend (scope, subject_id, day, nanos)
select owner.scope, owner.id, (starts_at at time zone 'UTC')::date, sum(cost_nanos)
from usage_daily
cross join lateral (values ('user', user_id), ('team', team_id), ('key', key_id)) as owner (scope, id)
where owner.id <> '00000000-0000-0000-0000-000000000000' and cost_nanos <> 0
group by 1, 2, 3;

-- Keeps the sums in the transaction of the insert, so that a row that is there twice counts once.
-- Rows are taken in the order of their key, so that two writers do not wait for each other.
create function usage_spend() returns trigger
language plpgsql as $$
begin
    insert into spend as kept (scope, subject_id, day, nanos)
    select owner.scope, owner.id, (started_at at time zone 'UTC')::date, sum(cost_nanos)
    from inserted
    cross join lateral (values ('user', user_id), ('team', team_id), ('key', key_id))
        as owner (scope, id)
    where owner.id is not null and cost_nanos <> 0
    group by 1, 2, 3
    order by 2, 1, 3
    on conflict (subject_id, scope, day) do update set nanos = kept.nanos + excluded.nanos;
    return null;
end
$$;
create trigger usage_spend after insert on usage
referencing new table as inserted
for each statement execute function usage_spend();

-- Instances that live. What one holds that was not seen for a while is free again.
create table instances (
    id uuid primary key,
    seen_at timestamptz not null
);

-- What each instance holds of each account. Unlogged: all is told anew with each ask, so that what a
-- crash of the server takes away is back within moments.
create unlogged table grants (
    scope text not null,
    subject_id uuid not null,
    measure text not null,
    starts_at timestamptz not null,
    instance_id uuid not null,
    held bigint not null,
    primary key (subject_id, scope, measure, starts_at, instance_id)
);
create index grants_starts_at on grants (starts_at);

-- Hands out a share of an account: what `needed` is, as far as it is there, and up to `ahead` beyond
-- what is used, at most the `part`th part of what is left. The statements that follow the lock see what
-- was committed before it, so that all shares together never exceed the cap, but by what is used already.
create function take_grant(
    in_scope text, in_subject_id uuid, in_measure text, starts bigint, ends bigint, in_instance_id uuid,
    used bigint, needed bigint, ahead bigint, part bigint, cap bigint,
    out held bigint, out elsewhere bigint, out spent bigint
) language plpgsql as $$
declare
    window_start constant timestamptz := to_timestamp(starts);
    is_money constant boolean := in_measure like 'money%';
    lasts constant boolean := is_money or in_measure = 'streams';
    available numeric;
begin
    perform pg_advisory_xact_lock(hashtextextended(in_scope || in_subject_id || in_measure, starts));
    select coalesce(sum(g.held), 0) into elsewhere
    from grants g
    where g.subject_id = in_subject_id and g.scope = in_scope and g.measure = in_measure
        and g.starts_at = window_start and g.instance_id <> in_instance_id
        and (not lasts or exists (
            select from instances i
            where i.id = g.instance_id and i.seen_at > now() - interval '15 seconds'));
    spent := 0;
    if is_money then
        select coalesce(sum(s.nanos), 0) into spent
        from spend s
        where s.subject_id = in_subject_id and s.scope = in_scope
            and s.day >= (window_start at time zone 'UTC')::date
            and s.day < (to_timestamp(ends) at time zone 'UTC')::date;
    end if;
    available := cap::numeric - spent - elsewhere;
    held := greatest(used, least(available, greatest(
        needed, used + least(ahead, div(greatest(available - used, 0), part)))));
    if held = 0 then
        delete from grants g
        where g.subject_id = in_subject_id and g.scope = in_scope and g.measure = in_measure
            and g.starts_at = window_start and g.instance_id = in_instance_id;
    else
        insert into grants as g (scope, subject_id, measure, starts_at, instance_id, held)
        values (in_scope, in_subject_id, in_measure, window_start, in_instance_id, take_grant.held)
        on conflict (subject_id, scope, measure, starts_at, instance_id)
        do update set held = excluded.held;
    end if;
end
$$;
