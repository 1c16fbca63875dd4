drop index notifications_budget_blocked;
drop trigger api_keys_budgets_renamed on api_keys;
drop trigger teams_budgets_renamed on teams;
drop trigger users_budgets_renamed on users;
drop function budgets_renamed;
drop trigger budgets_named on budgets;
drop function budgets_named;
alter table budgets drop column subject_name;
drop function budget_subject_name;
