//! The table `notification_deliveries` as the log of what was delivered where.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::storage::{Connection, StorageError};

/// A delivery as the log has it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns")]
pub struct DeliveryRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub notification_id: Uuid,
    #[diesel(sql_type = Text)]
    pub category: String,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Text)]
    pub severity: String,
    #[diesel(sql_type = SqlUuid)]
    pub destination_id: Uuid,
    #[diesel(sql_type = Text)]
    pub destination: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub receipt: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub duration_ms: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which deliveries a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those in this state.
    pub state: Option<&'static str>,
    /// Those to this destination.
    pub destination_id: Option<Uuid>,
    /// Those of this notification.
    pub notification_id: Option<Uuid>,
}

const DELIVERIES: &str = "select d.id, notification_id, category, type as event_type, severity, destination_id, \
    destination, kind, d.state, attempts, due_at, receipt, error, duration_ms, d.created_at, ended_at \
    from notification_deliveries as d join notifications as n on n.id = notification_id";

/// At most `limit` deliveries, latest first, behind the one of an id.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StorageError> {
    Ok(diesel::sql_query(format!(
        "{DELIVERIES} where ($1 is null or d.state = $1) and ($2 is null or destination_id = $2) \
         and ($3 is null or notification_id = $3) and ($4 is null or (d.created_at, d.id) < \
         (select created_at, id from notification_deliveries where id = $4)) \
         order by d.created_at desc, d.id desc limit $5"
    ))
    .bind::<Nullable<Text>, _>(filter.state)
    .bind::<Nullable<SqlUuid>, _>(filter.destination_id)
    .bind::<Nullable<SqlUuid>, _>(filter.notification_id)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// The delivery of this id.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<DeliveryRow>, StorageError> {
    let found: Vec<DeliveryRow> = diesel::sql_query(format!("{DELIVERIES} where d.id = $1"))
        .bind::<SqlUuid, _>(id)
        .load(connection)
        .await?;
    Ok(found.into_iter().next())
}

/// Deliveries that go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Troubles {
    /// Those that were given up since a moment.
    #[diesel(sql_type = BigInt)]
    pub parked: i64,
    /// Those that have failed and are tried again.
    #[diesel(sql_type = BigInt)]
    pub failing: i64,
}

/// Counts the deliveries that go wrong.
///
/// # Errors
/// [`StorageError`]
pub async fn troubles(
    connection: &mut Connection,
    since: DateTime<Utc>,
) -> Result<Troubles, StorageError> {
    let counts = diesel::sql_query(
        "select (select count(*) from notification_deliveries \
         where state = 'parked' and created_at >= $1) as parked, \
         (select count(*) from notification_deliveries \
         where state = 'pending' and error is not null) as failing",
    );
    Ok(counts.bind::<Timestamptz, _>(since).get_result(connection).await?)
}
