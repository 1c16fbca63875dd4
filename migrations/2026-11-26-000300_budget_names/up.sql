-- The name of whom a budget is for, kept beside it, so that the list of budgets is searched and
-- sorted by an index and not by a join of three tables.
alter table budgets add column subject_name text not null default '';

create function budget_subject_name(target text, id uuid) returns text
language sql stable as $$
    select coalesce(case target
        when 'default' then 'All users'
        when 'user' then (select name from users where users.id = $2)
        when 'key' then (select name from api_keys where api_keys.id = $2)
        else (select name from teams where teams.id = $2)
    end, '')
$$;
update budgets set subject_name = budget_subject_name(target, subject_id);
create index budgets_subject_name on budgets (subject_name, id);

-- Whichever version writes a budget or changes a name.
create function budgets_named() returns trigger
language plpgsql as $$
begin
    new.subject_name := budget_subject_name(new.target, new.subject_id);
    return new;
end
$$;
create trigger budgets_named before insert on budgets
    for each row execute function budgets_named();

create function budgets_renamed() returns trigger
language plpgsql as $$
begin
    update budgets set subject_name = new.name where subject_id = new.id;
    return null;
end
$$;
create trigger users_budgets_renamed after update of name on users
    for each row when (old.name is distinct from new.name) execute function budgets_renamed();
create trigger teams_budgets_renamed after update of name on teams
    for each row when (old.name is distinct from new.name) execute function budgets_renamed();
create trigger api_keys_budgets_renamed after update of name on api_keys
    for each row when (old.name is distinct from new.name) execute function budgets_renamed();

-- Which budgets were told to be used up lately, for the overview.
create index notifications_budget_blocked on notifications (created_at)
    where type = 'budget_blocked';
