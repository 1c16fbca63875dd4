//! The tables `prices`, `price_terms` and `price_refreshes`.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use super::listen;
use crate::domain::price::{LongPrompt, Price, Rates, Reach, Source, Terms};

/// The only source of refreshes.
const PRICE_LIST: &str = "price_list";

/// One price as it is stored.
#[derive(QueryableByName)]
struct StoredPrice {
    /// The row.
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
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

/// Ends the price of this model, reach and source that counts, and puts another in its place; to be
/// called in a transaction. False where it is the same.
///
/// # Errors
/// [`StorageError`]
async fn put(connection: &mut AsyncPgConnection, price: &Price) -> Result<bool, StorageError> {
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
         long_cache_write_5m, long_cache_write_1h) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
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
    .execute(connection)
    .await?;
    Ok(true)
}

/// Ends the price of this model, reach and source that counts; false where there is none.
///
/// # Errors
/// [`StorageError`]
async fn end(
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
    listen::announce(connection, "prices").await?;
    Ok(ended > 0)
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
            connection
                .transaction(async move |connection| {
                    let mut changed = 0;
                    for price in &prices {
                        changed += usize::from(put(connection, price).await?);
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
