//! The table `users`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use super::schema::users;

/// Makes sure that a user of this name with the role `admin` exists, and returns its id.
///
/// # Errors
/// [`StorageError`]
pub async fn ensure_admin(database: &Database, name: String) -> Result<Uuid, StorageError> {
    database
        .run(async move |mut connection| {
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(Uuid::now_v7()),
                    users::name.eq(&name),
                    users::role.eq("admin"),
                ))
                .on_conflict(users::name)
                .do_nothing()
                .execute(&mut connection)
                .await?;
            let named = users::table.filter(users::name.eq(&name));
            Ok(named.select(users::id).first(&mut connection).await?)
        })
        .await
}
