//! The tables `passwords` and `sign_in_attempts`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::{passwords, users};

/// A password as it is stored: argon2id hashes in PHC form.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = passwords, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct PasswordRow {
    pub user_id: Uuid,
    pub hash: String,
    pub configured_hash: Option<String>,
    pub is_default: bool,
    pub changed_at: DateTime<Utc>,
}

/// The password of a user, where there is one.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    user_id: Uuid,
) -> Result<Option<PasswordRow>, StorageError> {
    let row = passwords::table.find(user_id).select(PasswordRow::as_select());
    Ok(row.first(connection).await.optional()?)
}

/// Whether an active user still has a default password.
///
/// # Errors
/// [`StorageError`]
pub async fn any_default(connection: &mut Connection) -> Result<bool, StorageError> {
    let of_active = passwords::table.inner_join(users::table);
    let default = of_active.filter(passwords::is_default).filter(users::active);
    Ok(diesel::select(diesel::dsl::exists(default)).get_result(connection).await?)
}

/// Writes the password of a user.
///
/// # Errors
/// [`StorageError`]
pub async fn put(connection: &mut Connection, row: &PasswordRow) -> Result<(), StorageError> {
    diesel::insert_into(passwords::table)
        .values(row)
        .on_conflict(passwords::user_id)
        .do_update()
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    seconds: i32,
}

/// Counts an attempt in the window of `scope`; returns how many there were in it, this one included,
/// and the seconds until it ends.
///
/// # Errors
/// [`StorageError`]
pub async fn count_attempt(
    connection: &mut Connection,
    scope: &str,
    window_seconds: i32,
) -> Result<(i32, i32), StorageError> {
    diesel::sql_query(
        "delete from sign_in_attempts where began_at < now() - make_interval(secs => $1)",
    )
    .bind::<Integer, _>(window_seconds)
    .execute(connection)
    .await?;
    let counted: Counted = diesel::sql_query(
        "insert into sign_in_attempts as counted (scope, attempts) values ($1, 1)
         on conflict (scope) do update set attempts = least(counted.attempts, 1000000) + 1
         returning attempts,
             ceil(extract(epoch from began_at + make_interval(secs => $2) - now()))::integer as seconds",
    )
    .bind::<Text, _>(scope)
    .bind::<Integer, _>(window_seconds)
    .get_result(connection)
    .await?;
    Ok((counted.attempts, counted.seconds))
}

/// Forgets the attempts of `scope`.
///
/// # Errors
/// [`StorageError`]
pub async fn forget_attempts(connection: &mut Connection, scope: &str) -> Result<(), StorageError> {
    diesel::sql_query("delete from sign_in_attempts where scope = $1")
        .bind::<Text, _>(scope)
        .execute(connection)
        .await?;
    Ok(())
}
