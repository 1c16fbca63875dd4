alter table notifications
    add column attempts integer not null default 0,
    add column due_at timestamptz not null default now(),
    add column ended_at timestamptz;
drop index notifications_pending;
create index notifications_due_at on notifications (due_at) where state = 'pending';
alter table notifications drop constraint notifications_state_check;
update notifications set state = 'delivered' where state = 'queued';
alter table notifications add constraint notifications_state_check
    check (state in ('pending', 'delivered', 'skipped', 'parked'));
drop table notification_deliveries;
drop table notification_destinations;
