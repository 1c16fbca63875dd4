-- What was given up lately, for the overview and the log.
create index notification_deliveries_parked on notification_deliveries (created_at, id)
    where state = 'parked';
