//! The tables `grants` and `instances`: who holds how much of which account. What may be held is
//! decided by the function `take_grant`, one account after another under its lock.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use crate::domain::limit::{Ask, Granted};

/// How long an ask may take, and a sign of life before it: requests wait for them.
pub const PATIENCE: Duration = Duration::from_secs(1);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    held: i64,
    #[diesel(sql_type = BigInt)]
    elsewhere: i64,
    #[diesel(sql_type = BigInt)]
    spent: i64,
}

/// Asks for shares in one statement, and gives the answers in the order of the asks, which must be
/// that of their accounts.
///
/// # Errors
/// [`StorageError`]
pub async fn take(
    database: &Database,
    instance: Uuid,
    asks: Vec<Ask>,
) -> Result<Vec<Granted>, StorageError> {
    let taking = database.run_within(PATIENCE, async move |mut connection| {
        let numbers = |of: fn(&Ask) -> i64| asks.iter().map(of).collect::<Vec<_>>();
        let scopes: Vec<_> = asks.iter().map(|ask| ask.account.scope.name()).collect();
        let measures: Vec<_> = asks.iter().map(|ask| ask.account.measure.name()).collect();
        let subjects: Vec<_> = asks.iter().map(|ask| ask.account.id).collect();
        // A window that never ends has no end that is looked at.
        let ends = |ask: &Ask| ask.window.ends.min(i64::from(u32::MAX));
        let rows: Vec<Row> = diesel::sql_query(
            "select g.held, g.elsewhere, g.spent \
             from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], \
                 $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[]) with ordinality \
                 as a (scope, subject, measure, starts, ends, used, needed, ahead, part, cap, n), \
             lateral take_grant(a.scope, a.subject, a.measure, a.starts, a.ends, $1, a.used, a.needed, \
                 a.ahead, a.part, a.cap) g \
             order by a.n",
        )
        .bind::<SqlUuid, _>(instance)
        .bind::<Array<Text>, _>(scopes)
        .bind::<Array<SqlUuid>, _>(subjects)
        .bind::<Array<Text>, _>(measures)
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.window.starts))
        .bind::<Array<BigInt>, _>(asks.iter().map(ends).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.used))
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.needed))
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.ahead))
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.part))
        .bind::<Array<BigInt>, _>(numbers(|ask| ask.cap))
        .load(&mut connection)
        .await?;
        Ok(rows)
    });
    Ok(taking
        .await?
        .into_iter()
        .map(|Row { held, elsewhere, spent }| Granted { held, elsewhere, spent })
        .collect())
}

/// Tells within `limit` that an instance lives, so that what it holds stays held.
///
/// # Errors
/// [`StorageError`]
pub async fn keep_alive(
    database: &Database,
    instance: Uuid,
    limit: Duration,
) -> Result<(), StorageError> {
    database
        .run_within(limit, async move |mut connection| {
            diesel::sql_query(
                "insert into instances (id, seen_at) values ($1, now()) \
                 on conflict (id) do update set seen_at = excluded.seen_at",
            )
            .bind::<SqlUuid, _>(instance)
            .execute(&mut connection)
            .await?;
            Ok(())
        })
        .await
}

/// Frees at once what an instance holds that ends.
///
/// # Errors
/// [`StorageError`]
pub async fn leave(database: &Database, instance: Uuid) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            diesel::sql_query("delete from instances where id = $1")
                .bind::<SqlUuid, _>(instance)
                .execute(&mut connection)
                .await?;
            Ok(())
        })
        .await
}

/// Removes what is over: minutes, periods, and instances that are gone.
///
/// # Errors
/// [`StorageError`]
pub async fn sweep(database: &Database) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            for statement in [
                "delete from grants where starts_at < now() - interval '5 minutes' \
                 and measure <> 'streams' and measure not like 'money%'",
                "delete from grants where starts_at < now() - interval '40 days' \
                 and measure like 'money%'",
                "delete from instances where seen_at < now() - interval '10 minutes'",
                "delete from grants where (measure = 'streams' or measure like 'money%') \
                 and not exists (select from instances where id = instance_id)",
            ] {
                diesel::sql_query(statement).execute(&mut connection).await?;
            }
            Ok(())
        })
        .await
}
