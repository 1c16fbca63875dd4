//! Setup tokens: a script exchanges one for an API key, once and within minutes. The key is made at
//! that moment, so it is stored nowhere; and by a `POST`, so that no preview of a link uses it up.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::secret::NewSecret;
use super::{NewKey, owner_may_have_one_more, read};
use crate::control::caller::{Caller, Reach};
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::{Control, field, random};
use crate::domain::hex;
use crate::domain::key::KeyHash;
use crate::storage::Connection;
use crate::storage::keys::{self, KeyRow};
use crate::storage::setup_tokens::{self, SetupTokenRow};

const PREFIX: &str = "st-ccag-";
/// How long a token can be used.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// Unused tokens of one user at the most.
const MAX_OPEN: i64 = 20;

/// The order to make a setup token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSetupToken {
    /// The name that the key will have.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Whose key it will be; the caller's where it is not given.
    pub user_id: Option<Uuid>,
}

/// A setup token that was just made: the only time that it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSetupToken {
    /// The id.
    pub id: Uuid,
    /// Whose key it will be.
    pub user_id: Uuid,
    /// What the setup script takes as `--token`.
    #[serde(serialize_with = "shown_once")]
    #[schema(value_type = String)]
    pub secret: SecretString,
    /// When it can no longer be used.
    pub expires_at: DateTime<Utc>,
}

fn shown_once<S: serde::Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose_secret())
}

/// What the audit log has of a token.
#[derive(Debug, Serialize)]
struct View<'t> {
    user_id: Uuid,
    key_name: &'t str,
    expires_at: DateTime<Utc>,
}

/// Makes a setup token; members make theirs.
///
/// # Errors
/// [`ControlError`]
pub async fn create_token(
    control: &Control,
    caller: &Caller,
    order: CreateSetupToken,
) -> Result<NewSetupToken, ControlError> {
    let user_id = match (caller.reach()?, order.user_id) {
        (Reach::All, user) => user.or(caller.user_id()).ok_or_else(|| {
            ControlError::invalid("user_id", "is needed, since the admin key is no user")
        })?,
        (Reach::Own(own), user) if user.is_none_or(|user| user == own) => own,
        (Reach::Own(_), _) => return Err(ControlError::ForbiddenField("user_id")),
    };
    let secret = SecretString::from(format!("{PREFIX}{}", hex::encode(&random()?)));
    let hash = KeyHash::of(secret.expose_secret().as_bytes()).ok_or(ControlError::Fault)?;
    let row = SetupTokenRow {
        id: Uuid::now_v7(),
        token_hash: hash.as_bytes().to_vec(),
        user_id,
        key_name: field::name("name", &order.name)?,
        expires_at: Utc::now() + LIFETIME,
    };
    let (id, expires_at) = (row.id, row.expires_at);
    let written = control.write(caller, async move |c: &mut Connection| {
        owner_may_have_one_more(c, user_id).await?;
        if setup_tokens::count(c, user_id).await? >= MAX_OPEN {
            let message = "There are many unused setup tokens: use one, or wait 15 minutes.";
            return Err(ControlError::conflict("too_many_tokens", message));
        }
        setup_tokens::insert(c, &row).await?;
        let view = View { user_id, key_name: &row.key_name, expires_at };
        let change = Change::new("setup_token.create", &[]).of(id, &row.key_name).after(&view);
        Ok(((), change))
    });
    written.await?;
    Ok(NewSetupToken { id, user_id, secret, expires_at })
}

/// Makes the key that a setup token is for.
///
/// # Errors
/// [`ControlError`]; `Unauthenticated` where the token is unknown, used or expired.
pub async fn redeem(
    control: &Control,
    caller: &Caller,
    token: &SecretString,
) -> Result<NewKey, ControlError> {
    let ended = || {
        let message = "This setup token was used, has expired or is none: make a new one.";
        ControlError::Unauthenticated(message.into())
    };
    let text = token.expose_secret();
    let is_formed = text.starts_with(PREFIX) && text.len() == PREFIX.len() + 64;
    let hash = KeyHash::of(text.as_bytes()).filter(|_| is_formed).ok_or_else(ended)?;
    let NewSecret { secret, hash: key_hash, prefix } = NewSecret::make()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let used = setup_tokens::redeem(c, hash.as_bytes()).await?;
        let (user_id, name) = used.ok_or_else(ended)?;
        owner_may_have_one_more(c, user_id).await?;
        let row = KeyRow {
            id: Uuid::now_v7(),
            name,
            key_hash: key_hash.as_bytes().to_vec(),
            user_id,
            team_id: None,
            requests_per_minute: None,
            expires_at: None,
            revoked_at: None,
            created_at: Utc::now(),
            prefix: Some(prefix),
            models: None,
            tokens_per_minute: None,
            concurrent_streams: None,
            replaces: None,
        };
        keys::insert(c, &row).await?;
        let key = read(c, row.id).await?;
        let change = Change::new("key.create", super::TABLES).of(key.id, &key.name).after(&key);
        Ok((key, change))
    });
    Ok(NewKey { key: written.await?, secret })
}
