//! SCIM tokens: what an identity provider shows to provision.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::control::caller::{Caller, Who};
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::page::{Page, Paging};
use crate::control::{Control, field, random};
use crate::domain::hex;
use crate::domain::key::KeyHash;
use crate::storage::scim::tokens::{self, TokenRow};
use crate::storage::{Connection, providers};

const PREFIX: &str = "scim-ccag-";
/// Characters of a token that are stored and shown, to recognise it by.
const SHOWN: usize = PREFIX.len() + 4;
/// Tokens of one provider at the most.
const MAX_TOKENS: i64 = 20;

/// A SCIM token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScimToken {
    /// The id.
    pub id: Uuid,
    /// The provider that it is of.
    pub provider_id: Uuid,
    /// What it is for.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops being valid; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, within a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that was just made: the only time that it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewScimToken {
    /// The token.
    #[serde(flatten)]
    pub token: ScimToken,
    /// What the provider sends as its bearer token.
    #[serde(serialize_with = "shown_once")]
    #[schema(value_type = String)]
    pub secret: SecretString,
}

fn shown_once<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// The order to make a token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateScimToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// When it stops being valid; never where it is not given.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<TokenRow> for ScimToken {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            provider_id: row.provider_id,
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Who shows this credential, where it is a SCIM token; `None` where it is something else.
///
/// # Errors
/// [`ControlError`]; `Unauthenticated` where it is a token that is not valid.
pub async fn who(control: &Control, sent: &[u8]) -> Result<Option<Who>, ControlError> {
    if !sent.starts_with(PREFIX.as_bytes()) {
        return Ok(None);
    }
    let unknown = || {
        let message = "This SCIM token is unknown or expired, or its provider is switched off.";
        ControlError::Unauthenticated(message.into())
    };
    let hash = KeyHash::of(sent).filter(|_| sent.len() == PREFIX.len() + 64).ok_or_else(unknown)?;
    let found =
        control.read(async move |c: &mut Connection| tokens::find(c, hash.as_bytes()).await);
    let (provider_id, provider) = found.await?.ok_or_else(unknown)?;
    Ok(Some(Who::Scim { provider_id, provider }))
}

/// A page of a provider's tokens, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    provider_id: Uuid,
    paging: Paging,
) -> Result<Page<ScimToken>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| {
        if providers::find(c, provider_id).await?.is_none() {
            return Ok(None);
        }
        tokens::list(c, provider_id, before, rows).await.map(Some)
    });
    let found = found.await?.ok_or(ControlError::NotFound("identity provider"))?;
    let found = found.into_iter().map(ScimToken::from).collect();
    Ok(Page::of(found, size, |token| token.id.to_string()))
}

/// Makes a token for a provider; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    provider_id: Uuid,
    order: CreateScimToken,
) -> Result<NewScimToken, ControlError> {
    caller.admin()?;
    let secret = SecretString::from(format!("{PREFIX}{}", hex::encode(&random()?)));
    let hash = KeyHash::of(secret.expose_secret().as_bytes()).ok_or(ControlError::Fault)?;
    let now = Utc::now();
    let row = TokenRow {
        id: Uuid::now_v7(),
        provider_id,
        name: field::name("name", &order.name)?,
        token_hash: hash.as_bytes().to_vec(),
        prefix: secret.expose_secret().chars().take(SHOWN).collect(),
        created_at: now,
        expires_at: order.expires_at.map(|at| field::expiry("expires_at", at, now)).transpose()?,
        last_used_at: None,
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        let provider = providers::find(c, provider_id).await?;
        provider.ok_or(ControlError::NotFound("identity provider"))?;
        if tokens::count(c, provider_id).await? >= MAX_TOKENS {
            let message = format!("A provider has at most {MAX_TOKENS} tokens: delete one first.");
            return Err(ControlError::conflict("too_many_tokens", message));
        }
        tokens::insert(c, &row).await?;
        let token = ScimToken::from(row);
        let change = Change::new("scim_token.create", &[]).of(token.id, &token.name);
        Ok((token.clone(), change.after(&token)))
    });
    Ok(NewScimToken { token: written.await?, secret })
}

/// Takes a provider's token away: it is refused from then on; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(
    control: &Control,
    caller: &Caller,
    provider_id: Uuid,
    id: Uuid,
) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let gone = tokens::delete(c, provider_id, id).await?;
        let gone = ScimToken::from(gone.ok_or(ControlError::NotFound("SCIM token"))?);
        Ok(((), Change::new("scim_token.delete", &[]).of(id, &gone.name).before(&gone)))
    });
    written.await
}
