-- Requests by hour, user and team alone: what is asked about hours reads no more than it needs.
create table usage_activity (
    starts_at timestamptz not null,
    user_id uuid not null,
    team_id uuid not null,
    requests bigint not null,
    cost_nanos bigint not null,
    primary key (starts_at, user_id, team_id)
);
create index usage_activity_user_id on usage_activity (user_id, starts_at);

insert into usage_activity
select starts_at, user_id, team_id, sum(requests), sum(cost_nanos) from usage_hourly group by 1, 2, 3;

create function usage_roll_up_activity() returns trigger
language plpgsql as $$
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    insert into usage_activity as kept
    select date_trunc('hour', started_at, 'UTC'), coalesce(user_id, nobody),
        coalesce(team_id, nobody), count(*), sum(cost_nanos)
    from inserted
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (starts_at, user_id, team_id) do update set
        requests = kept.requests + excluded.requests,
        cost_nanos = kept.cost_nanos + excluded.cost_nanos;
    return null;
end
$$;

create trigger usage_roll_up_activity after insert on usage
referencing new table as inserted
for each statement execute function usage_roll_up_activity();
