//! The stories, by what they are about.

mod at_the_door;
mod broken_streams;
mod changes;
mod count_tokens;
mod crashes;
mod database_away;
mod draining;
mod keys;
mod kill;
mod learning;
mod leaving_clients;
mod limits;
mod messages;
mod models;
mod native;
mod people;
mod pings;
mod portal;
mod prices;
mod refusals;
mod rights;
mod sign_in;
mod slow_clients;
mod starting;
mod streams;
mod usage;
