//! The table `api_keys`: its rows, and which of them open the gateway.

mod live;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use live::{MAX_KEYS, find, kept, live, people};

use super::database::{Connection, Database};
use super::error::StorageError;
use super::order::{Order, ordered};
use super::schema::{api_keys, teams, users};
use crate::domain::key::KeyHash;

/// A key as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = api_keys, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct KeyRow {
    pub id: Uuid,
    pub name: String,
    pub key_hash: Vec<u8>,
    pub user_id: Uuid,
    pub team_id: Option<Uuid>,
    pub requests_per_minute: Option<i32>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub prefix: Option<String>,
    pub models: Option<Vec<String>>,
    pub tokens_per_minute: Option<i32>,
    pub concurrent_streams: Option<i32>,
    pub replaces: Option<Uuid>,
}

/// A key with the names of its owner and of its own team.
pub type Named = (KeyRow, String, Option<String>);

/// Which keys a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this user.
    pub user_id: Option<Uuid>,
    /// Those with this team of their own.
    pub team_id: Option<Uuid>,
    /// Those that are (or are not) neither revoked nor expired.
    pub live: Option<bool>,
    /// Those whose name has this text in it, in any case.
    pub search: Option<String>,
    /// In which order, and from where on.
    pub order: Order,
}

/// At most `limit` keys.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Named>, StorageError> {
    let mut query = named().limit(limit).into_boxed();
    if let Some(user) = filter.user_id {
        query = query.filter(api_keys::user_id.eq(user));
    }
    if let Some(team) = filter.team_id {
        query = query.filter(api_keys::team_id.eq(team));
    }
    if let Some(live) = filter.live {
        let unexpired =
            api_keys::expires_at.is_null().or(api_keys::expires_at.gt(diesel::dsl::now));
        let is_live = api_keys::revoked_at.is_null().and(unexpired.assume_not_null());
        query = if live { query.filter(is_live) } else { query.filter(diesel::dsl::not(is_live)) };
    }
    if let Some(search) = &filter.search {
        query = query.filter(api_keys::name.ilike(super::containing(search)));
    }
    let query = ordered!(query, &filter.order, api_keys::id, api_keys::name);
    Ok(query.load(connection).await?)
}

/// One key.
///
/// # Errors
/// [`StorageError`]
pub async fn get(connection: &mut Connection, id: Uuid) -> Result<Option<Named>, StorageError> {
    Ok(named().filter(api_keys::id.eq(id)).first(connection).await.optional()?)
}

/// Keeps a key as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let row = api_keys::table.filter(api_keys::id.eq(id)).select(api_keys::id).for_update();
    row.load::<Uuid>(connection).await?;
    Ok(())
}

#[diesel::dsl::auto_type]
fn named() -> _ {
    let key: AsSelect<KeyRow, Pg> = KeyRow::as_select();
    api_keys::table.inner_join(users::table).left_join(teams::table).select((
        key,
        users::name,
        teams::name.nullable(),
    ))
}

/// Writes a new key.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(connection: &mut Connection, key: &KeyRow) -> Result<(), StorageError> {
    diesel::insert_into(api_keys::table).values(key).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a key that exists.
///
/// # Errors
/// [`StorageError`]
pub async fn update(connection: &mut Connection, key: &KeyRow) -> Result<(), StorageError> {
    let target = api_keys::table.filter(api_keys::id.eq(key.id));
    diesel::update(target).set(key).execute(connection).await?;
    Ok(())
}

/// Takes a key away; its usage stays.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(api_keys::table.filter(api_keys::id.eq(id))).execute(connection).await?;
    Ok(())
}

/// How many keys of a user are not revoked.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection, user_id: Uuid) -> Result<i64, StorageError> {
    let of_user = api_keys::user_id.eq(user_id).and(api_keys::revoked_at.is_null());
    Ok(api_keys::table.filter(of_user).count().get_result(connection).await?)
}

/// Makes sure that a key with this hash exists and belongs to the user `owner`; an existing one,
/// revoked or not, is left as it is.
///
/// # Errors
/// [`StorageError`]
pub async fn ensure(
    database: &Database,
    name: &'static str,
    hash: KeyHash,
    owner: Uuid,
) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            diesel::insert_into(api_keys::table)
                .values((
                    api_keys::id.eq(Uuid::now_v7()),
                    api_keys::name.eq(name),
                    api_keys::key_hash.eq(hash.as_bytes().to_vec()),
                    api_keys::user_id.eq(owner),
                ))
                .on_conflict(api_keys::key_hash)
                .do_nothing()
                .execute(&mut connection)
                .await?;
            Ok(())
        })
        .await
}
