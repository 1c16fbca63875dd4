//! The keys and the people that open the gateway now, as the owners of snapshots read them: with their
//! users and teams.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bytea, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, QueryDsl as _, QueryableByName, sql_query,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::key::KeyHash;
use crate::domain::principal::{CredentialKind, Principal, Role, in_both};
use crate::storage::database::{Connection, Database};
use crate::storage::error::StorageError;
use crate::storage::rate_limits;
use crate::storage::schema::api_keys;

/// Keys that one snapshot holds at the most.
pub const MAX_KEYS: i64 = 200_000;

/// How long a request may wait to learn who is behind its key.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take to read all keys: one that was revoked is good until then.
const ALL: Duration = Duration::from_secs(10);

/// What is read of a key, its user and its team.
const COLUMNS: &str = "
    select k.key_hash, k.id as key_id, u.id as user_id, u.name as user_name, u.role,
        t.id as team_id, t.name as team_name, k.models, t.models as team_models, k.expires_at,
        k.requests_per_minute, k.tokens_per_minute, k.concurrent_streams,
        u.requests_per_minute as user_requests_per_minute,
        u.tokens_per_minute as user_tokens_per_minute,
        u.concurrent_streams as user_concurrent_streams,
        t.requests_per_minute as team_requests_per_minute,
        t.tokens_per_minute as team_tokens_per_minute,
        t.concurrent_streams as team_concurrent_streams";

/// The live keys; a condition may follow.
const LIVE: &str = "
    from api_keys k
    join users u on u.id = k.user_id
    left join teams t on t.id = coalesce(k.team_id, u.team_id)
    where k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) and u.active";

/// The active users, without a key.
const PEOPLE: &str = "
    from users u
    left join api_keys k on false
    left join teams t on t.id = u.team_id
    where u.active
    order by u.id
    limit 200000";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Bytea>)]
    key_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    key_id: Option<Uuid>,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    user_name: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    team_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    team_name: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    models: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    team_models: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    requests_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    tokens_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    concurrent_streams: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    user_requests_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    user_tokens_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    user_concurrent_streams: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    team_requests_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    team_tokens_per_minute: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    team_concurrent_streams: Option<i32>,
}

impl Row {
    fn of_key(mut self) -> Option<(KeyHash, Principal)> {
        let hash = self.key_hash.take()?.try_into().ok()?;
        Some((KeyHash::from_bytes(hash), self.principal(CredentialKind::ApiKey)))
    }

    fn principal(self, credential: CredentialKind) -> Principal {
        Principal {
            credential,
            key_id: self.key_id,
            client_session_id: None,
            user_id: self.user_id,
            user_name: self.user_name,
            role: Role::of(&self.role),
            team_id: self.team_id,
            team_name: self.team_name,
            models: in_both(self.models, self.team_models),
            key_limits: rate_limits([
                self.requests_per_minute,
                self.tokens_per_minute,
                self.concurrent_streams,
            ]),
            user_limits: rate_limits([
                self.user_requests_per_minute,
                self.user_tokens_per_minute,
                self.user_concurrent_streams,
            ]),
            team_limits: rate_limits([
                self.team_requests_per_minute,
                self.team_tokens_per_minute,
                self.team_concurrent_streams,
            ]),
            expires_at: self.expires_at,
        }
    }
}

/// The keys that are neither revoked nor expired and whose users are active, at most [`MAX_KEYS`],
/// newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn live(database: &Database) -> Result<Vec<(KeyHash, Principal)>, StorageError> {
    let rows = database.run_within(ALL, async |mut connection| {
        let query = format!("{COLUMNS} {LIVE} order by k.created_at desc limit {MAX_KEYS}");
        Ok(sql_query(query).load::<Row>(&mut connection).await?)
    });
    Ok(rows.await?.into_iter().filter_map(Row::of_key).collect())
}

/// The principal of one key, where it is among the live ones.
///
/// # Errors
/// [`StorageError`]
pub async fn find(database: &Database, hash: KeyHash) -> Result<Option<Principal>, StorageError> {
    let rows = database.run_within(PATIENCE, async move |mut connection| {
        let query = sql_query(format!("{COLUMNS} {LIVE} and k.key_hash = $1"));
        let query = query.bind::<Bytea, _>(hash.as_bytes().to_vec());
        Ok(query.load::<Row>(&mut connection).await?)
    });
    Ok(rows.await?.into_iter().find_map(Row::of_key).map(|(_, principal)| principal))
}

/// Those of `ids` that were not revoked and are still there, expired or not.
///
/// # Errors
/// [`StorageError`]
pub async fn kept(database: &Database, ids: Vec<Uuid>) -> Result<Vec<Uuid>, StorageError> {
    let rows = database.run_within(PATIENCE, async move |mut connection| {
        let kept = api_keys::table
            .filter(api_keys::id.eq_any(ids).and(api_keys::revoked_at.is_null()))
            .select(api_keys::id);
        Ok(kept.load(&mut connection).await?)
    });
    rows.await
}

/// The users that are active, as principals with a credential of this kind.
///
/// # Errors
/// [`StorageError`]
pub async fn people(
    connection: &mut Connection,
    credential: CredentialKind,
) -> Result<Vec<Principal>, StorageError> {
    let rows: Vec<Row> = sql_query(format!("{COLUMNS} {PEOPLE}")).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.principal(credential)).collect())
}
