//! The demo's made-up company: teams, people, keys and 90 days of their usage, written in bulk by the
//! database itself. Everything of it is told apart by `demo` in its ids.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde::Serialize;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use super::listen;
use super::schema::users;
use crate::domain::model;
use crate::domain::price::{PriceTable, Rates, Reach};

/// How far back usage goes, in days.
const DAYS: i64 = 90;
/// Days that one statement writes.
const STEP: i64 = 10;
/// The person who can sign in as a member.
pub const MEMBER: &str = "Ada Okafor";
/// The models of the demo by what they are used for.
const MODELS: [(&str, &str); 4] = [
    ("large", "opus"),
    ("middle", "sonnet"),
    ("small", "claude-haiku-4-5"),
    ("former", "claude-sonnet-4-5"),
];

/// One model as the statement reads it.
#[derive(Serialize)]
struct Used {
    place: &'static str,
    id: &'static str,
    base: &'static str,
    #[serde(flatten)]
    rates: Rates,
}

/// Makes the people once; returns the id of the one who is to sign in as a member.
///
/// # Errors
/// [`StorageError`]
pub async fn people(database: &Database) -> Result<Uuid, StorageError> {
    database
        .run(async |mut connection| {
            connection.batch_execute(include_str!("people.sql")).await?;
            for table in ["teams", "users", "api_keys", "budgets"] {
                listen::announce(&mut connection, table).await?;
            }
            let member = users::table.filter(users::name.eq(MEMBER)).select(users::id);
            Ok(member.first(&mut connection).await?)
        })
        .await
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
}

/// Writes usage up to now, latest days first: of 90 days, or since the last time this was done.
/// `admin` has some of it. Returns how many requests were made up.
///
/// # Errors
/// [`StorageError`]
pub async fn usage(database: &Database, admin: Uuid) -> Result<usize, StorageError> {
    let now = Utc::now();
    let last = database.run(async |mut connection| {
        let text = "select max(last_at) as at from usage_sessions where session_id like 'demo-%'";
        Ok(diesel::sql_query(text).get_result::<Last>(&mut connection).await?.at)
    });
    let begin = (now - TimeDelta::days(DAYS)).max(last.await?.unwrap_or(DateTime::<Utc>::MIN_UTC));
    let (mut to, mut written) = (now, 0);
    while to > begin {
        let from = (to - TimeDelta::days(STEP)).max(begin);
        written += span(database, admin, from, to).await?;
        to = from;
    }
    Ok(written)
}

async fn span(
    database: &Database,
    admin: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<usize, StorageError> {
    let months = vec![from.to_rfc3339(), to.to_rfc3339()];
    super::usage::ensure_partitions(database, months).await?;
    let models = models();
    database
        .run(async move |mut connection| {
            let query = diesel::sql_query(include_str!("usage.sql"))
                .bind::<Timestamptz, _>(from)
                .bind::<Timestamptz, _>(to)
                .bind::<Text, _>(models)
                .bind::<SqlUuid, _>(admin);
            Ok(query.execute(&mut connection).await?)
        })
        .await
}

/// The demo's models with their built-in rates, as a JSON array.
fn models() -> String {
    let prices = PriceTable::default();
    let used = MODELS.into_iter().filter_map(|(place, name)| {
        let model = model::find(name)?;
        let rates = prices.find(model.base, Reach::Geo)?.rates;
        Some(Used { place, id: model.id, base: model.base, rates })
    });
    serde_json::to_string(&used.collect::<Vec<_>>()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_of_the_demo_is_known_and_priced() {
        let models: serde_json::Value = serde_json::from_str(&models()).unwrap();
        assert_eq!(models.as_array().unwrap().len(), MODELS.len(), "{models}");
    }
}
