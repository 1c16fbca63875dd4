//! The table `users`.

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::order::{Order, ordered};
use super::schema::{teams, users};

/// A user as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct UserRow {
    pub id: Uuid,
    pub name: String,
    pub role: String,
    pub team_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub email: Option<String>,
    pub active: bool,
    pub requests_per_minute: Option<i32>,
    pub tokens_per_minute: Option<i32>,
    pub concurrent_streams: Option<i32>,
}

/// A user with the name of its team.
pub type Named = (UserRow, Option<String>);

/// Which users a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this team.
    pub team_id: Option<Uuid>,
    /// Those with this role.
    pub role: Option<&'static str>,
    /// Those that are (or are not) active.
    pub active: Option<bool>,
    /// Those whose name or e-mail address has this text in it, in any case.
    pub search: Option<String>,
    /// In which order, and from where on.
    pub order: Order,
}

/// At most `limit` users.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Named>, StorageError> {
    let mut query = named().limit(limit).into_boxed();
    if let Some(team) = filter.team_id {
        query = query.filter(users::team_id.eq(team));
    }
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(active) = filter.active {
        query = query.filter(users::active.eq(active));
    }
    if let Some(search) = &filter.search {
        let pattern = super::containing(search);
        let of_email = users::email.ilike(pattern.clone()).assume_not_null();
        query = query.filter(users::name.ilike(pattern).or(of_email));
    }
    let query = ordered!(query, &filter.order, users::id, users::name);
    Ok(query.load(connection).await?)
}

/// One user.
///
/// # Errors
/// [`StorageError`]
pub async fn get(connection: &mut Connection, id: Uuid) -> Result<Option<Named>, StorageError> {
    Ok(named().filter(users::id.eq(id)).first(connection).await.optional()?)
}

/// Those of these users that there are.
///
/// # Errors
/// [`StorageError`]
pub async fn all_of(connection: &mut Connection, ids: &[Uuid]) -> Result<Vec<Named>, StorageError> {
    Ok(named().filter(users::id.eq_any(ids)).order(users::id).load(connection).await?)
}

/// The user of a name.
///
/// # Errors
/// [`StorageError`]
pub async fn by_name(
    connection: &mut Connection,
    name: &str,
) -> Result<Option<UserRow>, StorageError> {
    let query = users::table.filter(users::name.eq(name)).select(UserRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

#[diesel::dsl::auto_type]
fn named() -> _ {
    let user: AsSelect<UserRow, Pg> = UserRow::as_select();
    users::table.left_join(teams::table).select((user, teams::name.nullable()))
}

/// Keeps the rows of all admins as they are until the transaction ends, and returns the ids of the
/// active ones.
///
/// # Errors
/// [`StorageError`]
pub async fn lock_admins(connection: &mut Connection) -> Result<Vec<Uuid>, StorageError> {
    let admins = users::table.filter(users::role.eq("admin")).order(users::id);
    let rows: Vec<(Uuid, bool)> =
        admins.select((users::id, users::active)).for_update().load(connection).await?;
    Ok(rows.into_iter().filter(|(_, active)| *active).map(|(id, _)| id).collect())
}

/// Writes a new user.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn insert(connection: &mut Connection, user: &UserRow) -> Result<(), StorageError> {
    diesel::insert_into(users::table).values(user).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a user that exists.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn update(connection: &mut Connection, user: &UserRow) -> Result<(), StorageError> {
    let target = users::table.filter(users::id.eq(user.id));
    diesel::update(target).set(user).execute(connection).await?;
    Ok(())
}

/// Takes a user away with all its keys and sessions; its usage stays.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(users::table.filter(users::id.eq(id))).execute(connection).await?;
    Ok(())
}

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
