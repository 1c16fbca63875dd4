//! The tables `prices`, `price_terms` and `price_refreshes`.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _,
};
use serde::Serialize;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use crate::domain::price::{LongPrompt, Price, Rates, Reach, Source, Terms};

const NOTIFY: &str = r#"select pg_notify('ccag_changes', '{"table":"prices"}')"#;
/// The only source of refreshes.
const PRICE_LIST: &str = "price_list";

/// One price as it is stored, with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName)]
pub struct StoredPrice {
    /// The row.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Bedrock's id of the foundation model.
    #[diesel(sql_type = Text)]
    pub model: String,
    /// `global`, `geo` or `us-gov`.
    #[diesel(sql_type = Text)]
    pub reach: String,
    /// `price_list` or `override`.
    #[diesel(sql_type = Text)]
    pub source: String,
    /// Pico-dollars per token, as all rates.
    #[diesel(sql_type = BigInt)]
    pub input: i64,
    /// Generated tokens.
    #[diesel(sql_type = BigInt)]
    pub output: i64,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_read: i64,
    /// Tokens written for 5 minutes.
    #[diesel(sql_type = BigInt)]
    pub cache_write_5m: i64,
    /// Tokens written for 1 hour.
    #[diesel(sql_type = BigInt)]
    pub cache_write_1h: i64,
    /// Prompts of more tokens than this are charged the long rates.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_above: Option<i64>,
    /// The long rates; all are there where `long_above` is.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_input: Option<i64>,
    /// Generated tokens.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_output: Option<i64>,
    /// Tokens read from the cache.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_cache_read: Option<i64>,
    /// Tokens written for 5 minutes.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_cache_write_5m: Option<i64>,
    /// Tokens written for 1 hour.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub long_cache_write_1h: Option<i64>,
    /// Why an admin set it.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// Who set it.
    #[diesel(sql_type = Nullable<Text>)]
    pub changed_by: Option<String>,
    /// From when on it counts.
    #[diesel(sql_type = Timestamptz)]
    pub valid_from: DateTime<Utc>,
    /// Until when it counted; none while it does.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub valid_until: Option<DateTime<Utc>>,
}

impl StoredPrice {
    /// The price that the row stands for; `None` where a value is out of range.
    fn price(&self) -> Option<Price> {
        let rate = |value: i64| u64::try_from(value).ok();
        let long = match self.long_above {
            None => None,
            Some(above) => Some(LongPrompt {
                above: rate(above)?,
                rates: Rates {
                    input: rate(self.long_input?)?,
                    output: rate(self.long_output?)?,
                    cache_read: rate(self.long_cache_read?)?,
                    cache_write_5m: rate(self.long_cache_write_5m?)?,
                    cache_write_1h: rate(self.long_cache_write_1h?)?,
                },
            }),
        };
        Some(Price {
            id: Some(self.id),
            model: self.model.clone(),
            reach: Reach::named(&self.reach)?,
            source: Source::named(&self.source)?,
            rates: Rates {
                input: rate(self.input)?,
                output: rate(self.output)?,
                cache_read: rate(self.cache_read)?,
                cache_write_5m: rate(self.cache_write_5m)?,
                cache_write_1h: rate(self.cache_write_1h)?,
            },
            long,
        })
    }
}

#[derive(QueryableByName)]
struct TermsRow {
    #[diesel(sql_type = BigInt)]
    multiplier_ppm: i64,
    #[diesel(sql_type = BigInt)]
    web_search_nanos: i64,
}

/// The stored prices that count now, and the terms.
///
/// # Errors
/// [`StorageError`]
pub async fn current(database: &Database) -> Result<(Vec<Price>, Terms), StorageError> {
    database
        .run(async move |mut connection| {
            let rows: Vec<StoredPrice> =
                diesel::sql_query("select * from prices where valid_until is null limit 10000")
                    .load(&mut connection)
                    .await?;
            let terms: Vec<TermsRow> = diesel::sql_query(
                "select multiplier_ppm, web_search_nanos from price_terms \
                 order by valid_from desc, id desc limit 1",
            )
            .load(&mut connection)
            .await?;
            let terms = terms.into_iter().next().map_or_else(Terms::default, |row| Terms {
                multiplier_ppm: row.multiplier_ppm.unsigned_abs(),
                web_search_nanos: row.web_search_nanos.unsigned_abs(),
            });
            Ok((rows.iter().filter_map(StoredPrice::price).collect(), terms))
        })
        .await
}

/// The history, latest first, at most `limit`: of one model where given, from before `before` on.
///
/// # Errors
/// [`StorageError`]
pub async fn history(
    database: &Database,
    model: Option<String>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<StoredPrice>, StorageError> {
    let (at, id) = before.unzip();
    database
        .run(async move |mut connection| {
            let query = diesel::sql_query(format!(
                "select * from prices where ($1 is null or model = $1) \
                 and ($2 is null or (valid_from, id) < ($2, $3)) \
                 order by valid_from desc, id desc limit {}",
                limit.min(1000)
            ))
            .bind::<Nullable<Text>, _>(model)
            .bind::<Nullable<Timestamptz>, _>(at)
            .bind::<Nullable<SqlUuid>, _>(id);
            Ok(query.load(&mut connection).await?)
        })
        .await
}

/// Who sets a price, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The admin; none for the price list.
    pub changed_by: Option<String>,
    /// The reason; none for the price list.
    pub reason: Option<String>,
}

/// Ends the price of this model, reach and source that counts, and puts another in its place; to be
/// called in a transaction. False where it is the same.
///
/// # Errors
/// [`StorageError`]
pub async fn put(
    connection: &mut AsyncPgConnection,
    price: &Price,
    author: &Author,
) -> Result<bool, StorageError> {
    let current: Vec<StoredPrice> = diesel::sql_query(
        "select * from prices where model = $1 and reach = $2 and source = $3 \
         and valid_until is null for update",
    )
    .bind::<Text, _>(price.model.clone())
    .bind::<Text, _>(price.reach.name())
    .bind::<Text, _>(price.source.name())
    .load(connection)
    .await?;
    let known = current.into_iter().next().and_then(|row| row.price());
    if known.is_some_and(|known| known.rates == price.rates && known.long == price.long) {
        return Ok(false);
    }
    end(connection, &price.model, price.reach, price.source).await?;
    let (rates, long) = (price.rates, price.long.map(|long| long.rates));
    let rate = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let long_rate = |read: fn(&Rates) -> u64| long.as_ref().map(|rates| rate(read(rates)));
    diesel::sql_query(
        "insert into prices (id, model, reach, source, input, output, cache_read, cache_write_5m, \
         cache_write_1h, long_above, long_input, long_output, long_cache_read, \
         long_cache_write_5m, long_cache_write_1h, reason, changed_by) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<Text, _>(price.model.clone())
    .bind::<Text, _>(price.reach.name())
    .bind::<Text, _>(price.source.name())
    .bind::<BigInt, _>(rate(rates.input))
    .bind::<BigInt, _>(rate(rates.output))
    .bind::<BigInt, _>(rate(rates.cache_read))
    .bind::<BigInt, _>(rate(rates.cache_write_5m))
    .bind::<BigInt, _>(rate(rates.cache_write_1h))
    .bind::<Nullable<BigInt>, _>(price.long.map(|long| rate(long.above)))
    .bind::<Nullable<BigInt>, _>(long_rate(|rates| rates.input))
    .bind::<Nullable<BigInt>, _>(long_rate(|rates| rates.output))
    .bind::<Nullable<BigInt>, _>(long_rate(|rates| rates.cache_read))
    .bind::<Nullable<BigInt>, _>(long_rate(|rates| rates.cache_write_5m))
    .bind::<Nullable<BigInt>, _>(long_rate(|rates| rates.cache_write_1h))
    .bind::<Nullable<Text>, _>(author.reason.clone())
    .bind::<Nullable<Text>, _>(author.changed_by.clone())
    .execute(connection)
    .await?;
    Ok(true)
}

/// Ends the price of this model, reach and source that counts; false where there is none.
///
/// # Errors
/// [`StorageError`]
pub async fn end(
    connection: &mut AsyncPgConnection,
    model: &str,
    reach: Reach,
    source: Source,
) -> Result<bool, StorageError> {
    let ended = diesel::sql_query(
        "update prices set valid_until = now() where model = $1 and reach = $2 and source = $3 \
         and valid_until is null",
    )
    .bind::<Text, _>(model.to_owned())
    .bind::<Text, _>(reach.name())
    .bind::<Text, _>(source.name())
    .execute(connection)
    .await?;
    connection.batch_execute(NOTIFY).await?;
    Ok(ended > 0)
}

/// Sets the terms; to be called in a transaction.
///
/// # Errors
/// [`StorageError`]
pub async fn set_terms(
    connection: &mut AsyncPgConnection,
    terms: Terms,
    reason: String,
    changed_by: Option<String>,
) -> Result<(), StorageError> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    diesel::sql_query(
        "insert into price_terms (id, multiplier_ppm, web_search_nanos, reason, changed_by) \
         values ($1, $2, $3, $4, $5)",
    )
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<BigInt, _>(number(terms.multiplier_ppm))
    .bind::<BigInt, _>(number(terms.web_search_nanos))
    .bind::<Text, _>(reason)
    .bind::<Nullable<Text>, _>(changed_by)
    .execute(connection)
    .await?;
    connection.batch_execute(NOTIFY).await?;
    Ok(())
}

/// Claims the refresh that is due once in `seconds`; true for one instance only. A claim whose
/// refresh never ended is free again after ten minutes.
///
/// # Errors
/// [`StorageError`]
pub async fn claim_refresh(database: &Database, seconds: i64) -> Result<bool, StorageError> {
    database
        .run(async move |mut connection| {
            let claimed = diesel::sql_query(
                "insert into price_refreshes as last (source, started_at) values ($1, now()) \
                 on conflict (source) do update set started_at = now(), ended_at = null, \
                 changed = null, error = null \
                 where last.started_at < now() - $2 * interval '1 second' \
                 or (last.ended_at is null and last.started_at < now() - interval '10 minutes')",
            )
            .bind::<Text, _>(PRICE_LIST)
            .bind::<BigInt, _>(seconds)
            .execute(&mut connection)
            .await?;
            Ok(claimed > 0)
        })
        .await
}

/// Stores the prices of the list, in one transaction, and notes how the refresh ended. Returns how
/// many have changed.
///
/// # Errors
/// [`StorageError`]
pub async fn end_refresh(
    database: &Database,
    refreshed: Result<Vec<Price>, String>,
) -> Result<usize, StorageError> {
    database
        .run(async move |mut connection| {
            let (prices, error) = match refreshed {
                Ok(prices) => (prices, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            let author = Author { changed_by: None, reason: None };
            connection
                .transaction(async move |connection| {
                    let mut changed = 0;
                    for price in &prices {
                        changed += usize::from(put(connection, price, &author).await?);
                    }
                    diesel::sql_query(
                        "update price_refreshes set ended_at = now(), changed = $2, error = $3 \
                         where source = $1",
                    )
                    .bind::<Text, _>(PRICE_LIST)
                    .bind::<Integer, _>(i32::try_from(changed).unwrap_or(i32::MAX))
                    .bind::<Nullable<Text>, _>(error)
                    .execute(connection)
                    .await?;
                    Ok(changed)
                })
                .await
        })
        .await
}
