//! The table `prices`, whose rows are ended and never changed; beside it the contract's terms, and
//! the refresh from the AWS Price List.

mod refresh;
mod terms;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use refresh::{LastRefresh, ask_refresh, claim_refresh, end_refresh, last_refresh};
pub use terms::{TermsRow, put_terms, terms, terms_history};

use super::database::{Connection, Database};
use super::error::StorageError;
use super::listen;
use crate::domain::price::{LongPrompt, Price, Rates, Reach, Source, Terms};

/// Who has set a price or terms, and why.
#[derive(Debug, Clone)]
pub struct Why {
    /// The reason.
    pub reason: String,
    /// The name of whoever set it.
    pub changed_by: String,
}

/// One price as it is stored.
#[derive(Debug, Clone, QueryableByName)]
pub struct StoredPrice {
    /// The row.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Bedrock's id of the foundation model.
    #[diesel(sql_type = Text)]
    model: String,
    /// `global`, `geo` or `us-gov`.
    #[diesel(sql_type = Text)]
    reach: String,
    /// `price_list` or `override`.
    #[diesel(sql_type = Text)]
    source: String,
    /// Pico-dollars per token, as all rates.
    #[diesel(sql_type = BigInt)]
    input: i64,
    /// Generated tokens.
    #[diesel(sql_type = BigInt)]
    output: i64,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    cache_read: i64,
    /// Tokens written for 5 minutes.
    #[diesel(sql_type = BigInt)]
    cache_write_5m: i64,
    /// Tokens written for 1 hour.
    #[diesel(sql_type = BigInt)]
    cache_write_1h: i64,
    /// Prompts of more tokens than this are charged the long rates.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_above: Option<i64>,
    /// The long rates; all are there where `long_above` is.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_input: Option<i64>,
    /// Generated tokens.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_output: Option<i64>,
    /// Tokens read from the cache.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_cache_read: Option<i64>,
    /// Tokens written for 5 minutes.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_cache_write_5m: Option<i64>,
    /// Tokens written for 1 hour.
    #[diesel(sql_type = Nullable<BigInt>)]
    long_cache_write_1h: Option<i64>,
    /// Why an admin set it.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// Who set it.
    #[diesel(sql_type = Nullable<Text>)]
    pub changed_by: Option<String>,
    /// When it began to count.
    #[diesel(sql_type = Timestamptz)]
    pub valid_from: DateTime<Utc>,
    /// When it ended; none while it counts.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub valid_until: Option<DateTime<Utc>>,
}

impl StoredPrice {
    /// The price that the row stands for; `None` where a value is out of range.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
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

/// The stored prices that count now, and the terms.
///
/// # Errors
/// [`StorageError`]
pub async fn current(database: &Database) -> Result<(Vec<Price>, Terms), StorageError> {
    database
        .run(async move |mut connection| {
            let rows = counting(&mut connection).await?;
            let terms =
                terms(&mut connection).await?.map_or_else(Terms::default, |row| row.terms());
            Ok((rows.iter().filter_map(StoredPrice::price).collect(), terms))
        })
        .await
}

/// The rows that count now.
///
/// # Errors
/// [`StorageError`]
pub async fn counting(connection: &mut Connection) -> Result<Vec<StoredPrice>, StorageError> {
    Ok(diesel::sql_query("select * from prices where valid_until is null limit 10000")
        .load(connection)
        .await?)
}

/// The row of this id.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<StoredPrice>, StorageError> {
    let found: Vec<StoredPrice> = diesel::sql_query("select * from prices where id = $1")
        .bind::<SqlUuid, _>(id)
        .load(connection)
        .await?;
    Ok(found.into_iter().next())
}

/// The row of this model, reach and source that counts; locked until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn find(
    connection: &mut Connection,
    model: &str,
    reach: Reach,
    source: Source,
) -> Result<Option<StoredPrice>, StorageError> {
    let found: Vec<StoredPrice> = diesel::sql_query(
        "select * from prices where model = $1 and reach = $2 and source = $3 \
         and valid_until is null for update",
    )
    .bind::<Text, _>(model.to_owned())
    .bind::<Text, _>(reach.name())
    .bind::<Text, _>(source.name())
    .load(connection)
    .await?;
    Ok(found.into_iter().next())
}

/// All rows there ever were, of one model where it is given: the latest first, at most `limit`
/// before the row of an id.
///
/// # Errors
/// [`StorageError`]
pub async fn history(
    connection: &mut Connection,
    model: Option<String>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<StoredPrice>, StorageError> {
    Ok(diesel::sql_query(
        "select * from prices where ($1 is null or model = $1) and ($2 is null \
         or (valid_from, id) < (select valid_from, id from prices where id = $2)) \
         order by valid_from desc, id desc limit $3",
    )
    .bind::<Nullable<Text>, _>(model)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// Ends the price of this model, reach and source that counts, and puts another in its place; to be
/// called in a transaction. False where it is the same.
///
/// # Errors
/// [`StorageError`]
pub async fn put(
    connection: &mut Connection,
    price: &Price,
    why: Option<&Why>,
) -> Result<bool, StorageError> {
    let current = find(connection, &price.model, price.reach, price.source).await?;
    let known = current.and_then(|row| row.price());
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
    .bind::<Nullable<Text>, _>(why.map(|why| why.reason.clone()))
    .bind::<Nullable<Text>, _>(why.map(|why| why.changed_by.clone()))
    .execute(connection)
    .await?;
    Ok(true)
}

/// Ends the price of this model, reach and source that counts; false where there is none.
///
/// # Errors
/// [`StorageError`]
pub async fn end(
    connection: &mut Connection,
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
    listen::announce(connection, "prices").await?;
    Ok(ended > 0)
}
