//! The table `identities`: who people are to their providers; and all that tokens are checked against.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::client_sessions::{self, LiveSession};
use super::database::{Connection, Database};
use super::error::StorageError;
use super::oidc::{self, OidcRow};
use super::providers::ProviderRow;
use super::schema::{identities, identity_providers, users};
use super::users::UserRow;
use crate::domain::principal::{CredentialKind, Principal};

/// Identities that one snapshot holds at the most.
const MAX_IDENTITIES: i64 = 200_000;

/// An identity as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct IdentityRow {
    pub provider_id: Uuid,
    pub subject: String,
    pub user_id: Uuid,
    pub email: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_sign_in_at: DateTime<Utc>,
}

/// All that tokens are checked against.
pub struct Directory {
    /// The providers that sign people in.
    pub providers: Vec<(ProviderRow, OidcRow)>,
    /// The active users, as principals by ID token.
    pub people: Vec<Principal>,
    /// (provider, subject, user)
    pub identities: Vec<(Uuid, String, Uuid)>,
    /// The clients that are signed in.
    pub sessions: Vec<LiveSession>,
}

/// Reads the directory. People are read last, so that whoever is in the rest is among them.
///
/// # Errors
/// [`StorageError`]
pub async fn directory(database: &Database) -> Result<Directory, StorageError> {
    let read = database.run(async |mut connection| {
        let providers = oidc::enabled(&mut connection).await?;
        let identities = identities::table
            .inner_join(identity_providers::table)
            .filter(identity_providers::enabled)
            .select((identities::provider_id, identities::subject, identities::user_id))
            .order(identities::last_sign_in_at.desc())
            .limit(MAX_IDENTITIES)
            .load(&mut connection)
            .await?;
        let sessions = client_sessions::live(&mut connection).await?;
        let people = super::keys::people(&mut connection, CredentialKind::IdToken).await?;
        Ok(Directory { providers, people, identities, sessions })
    });
    read.await
}

/// The user whom a provider calls by this subject.
///
/// # Errors
/// [`StorageError`]
pub async fn user(
    connection: &mut Connection,
    provider_id: Uuid,
    subject: &str,
) -> Result<Option<UserRow>, StorageError> {
    let found = identities::table
        .inner_join(users::table)
        .filter(identities::provider_id.eq(provider_id).and(identities::subject.eq(subject)))
        .select(UserRow::as_select())
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// A user, unless the provider calls it by some subject already.
///
/// # Errors
/// [`StorageError`]
pub async fn unlinked(
    connection: &mut Connection,
    provider_id: Uuid,
    user_id: Uuid,
) -> Result<Option<UserRow>, StorageError> {
    let known = identities::table
        .filter(identities::provider_id.eq(provider_id))
        .select(identities::user_id);
    let found = users::table.find(user_id).filter(users::id.ne_all(known));
    Ok(found.select(UserRow::as_select()).first(connection).await.optional()?)
}

/// The one user with this e-mail address, in any case; `None` where there is none, several, or one whom
/// the provider calls by another subject already.
///
/// # Errors
/// [`StorageError`]
pub async fn unlinked_user(
    connection: &mut Connection,
    provider_id: Uuid,
    email: &str,
) -> Result<Option<UserRow>, StorageError> {
    let known = identities::table
        .filter(identities::provider_id.eq(provider_id))
        .select(identities::user_id);
    let found: Vec<UserRow> = users::table
        .filter(users::email.ilike(super::exactly(email)))
        .filter(users::id.ne_all(known))
        .select(UserRow::as_select())
        .limit(2)
        .load(connection)
        .await?;
    Ok(<[UserRow; 1]>::try_from(found).ok().map(|[user]| user))
}

/// The users whom a provider calls by one of these subjects, or of whom it has verified one of these addresses.
///
/// # Errors
/// [`StorageError`]
pub async fn of_provider(
    connection: &mut Connection,
    provider_id: Uuid,
    named: &[String],
) -> Result<Vec<Uuid>, StorageError> {
    let lower: Vec<String> = named.iter().map(|name| name.to_lowercase()).collect();
    let by_email = super::scim::lower(identities::email.assume_not_null()).eq_any(lower);
    let query = identities::table
        .filter(identities::provider_id.eq(provider_id))
        .filter(identities::subject.eq_any(named).or(by_email))
        .select(identities::user_id);
    Ok(query.load(connection).await?)
}

/// Notes that somebody has signed in; links the subject to the user where it is new.
///
/// # Errors
/// [`StorageError`]
pub async fn note(connection: &mut Connection, identity: &IdentityRow) -> Result<(), StorageError> {
    diesel::insert_into(identities::table)
        .values(identity)
        .on_conflict((identities::provider_id, identities::subject))
        .do_update()
        .set((
            identities::email.eq(&identity.email),
            identities::last_sign_in_at.eq(identity.last_sign_in_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets nobody else admit the same person until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(
    connection: &mut Connection,
    provider_id: Uuid,
    subject: &str,
) -> Result<(), StorageError> {
    diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<diesel::sql_types::Text, _>(format!("identity {provider_id} {subject}"))
        .execute(connection)
        .await?;
    Ok(())
}
