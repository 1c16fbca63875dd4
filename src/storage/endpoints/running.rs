//! The table `endpoint_running`: what still runs at endpoints that are drained, over all instances.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::storage::database::{Connection, Database};
use crate::storage::error::StorageError;

/// Notes how many requests this instance has at each drained endpoint where it has any, and that it has
/// none elsewhere.
///
/// # Errors
/// [`StorageError`]
pub async fn note(
    database: &Database,
    instance: Uuid,
    running: Vec<(Uuid, i32)>,
) -> Result<(), StorageError> {
    let (endpoints, counts): (Vec<Uuid>, Vec<i32>) = running.into_iter().unzip();
    database
        .run(async move |mut connection| {
            diesel::sql_query(
                "with gone as (
                     delete from endpoint_running where seen_at < now() - interval '1 minute'
                         or (instance = $1 and endpoint_id <> all($2))
                 )
                 insert into endpoint_running (endpoint_id, instance, running)
                 select endpoint_id, $1, running from unnest($2, $3) as it (endpoint_id, running)
                 on conflict (endpoint_id, instance) do update
                 set running = excluded.running, seen_at = now()",
            )
            .bind::<SqlUuid, _>(instance)
            .bind::<Array<SqlUuid>, _>(endpoints)
            .bind::<Array<Integer>, _>(counts)
            .execute(&mut connection)
            .await?;
            Ok(())
        })
        .await
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    running: i64,
}

/// How many requests run at a drained endpoint, as the instances have counted within the last seconds.
///
/// # Errors
/// [`StorageError`]
pub async fn sum(connection: &mut Connection, endpoint: Uuid) -> Result<i64, StorageError> {
    let query = diesel::sql_query(
        "select coalesce(sum(running), 0)::bigint as running from endpoint_running
         where endpoint_id = $1 and seen_at > now() - interval '15 seconds'",
    );
    let sum: Sum = query.bind::<SqlUuid, _>(endpoint).get_result(connection).await?;
    Ok(sum.running)
}
