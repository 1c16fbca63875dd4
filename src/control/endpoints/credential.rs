//! What an endpoint's requests are authorised with, as it is ordered and as it is shown.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::control::error::ControlError;
use crate::storage::endpoints::EndpointRow;

/// What requests are to be authorised with.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialOrder {
    /// The gateway's own AWS credentials.
    #[default]
    Chain,
    /// A role that the gateway's own credentials assume.
    Role {
        /// The role's ARN.
        #[schema(max_length = 2048)]
        role_arn: String,
        /// The external id that the role's trust policy asks for.
        #[schema(min_length = 2, max_length = 1224)]
        external_id: Option<String>,
        /// Whether sessions are tagged with the caller's team and user, for cost allocation; the
        /// trust policy must allow `sts:TagSession`.
        #[serde(default)]
        session_tags: bool,
    },
    /// A Bedrock API key.
    ApiKey {
        /// The key; never shown again.
        #[schema(value_type = String, min_length = 1, max_length = 8192)]
        api_key: SecretString,
    },
}

/// What requests are authorised with; secrets are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CredentialView {
    /// The gateway's own AWS credentials.
    Chain,
    /// A role that the gateway's own credentials assume.
    Role {
        /// The role's ARN.
        role_arn: String,
        /// The external id.
        external_id: Option<String>,
        /// Whether sessions are tagged with the caller's team and user.
        session_tags: bool,
    },
    /// A Bedrock API key.
    ApiKey,
}

impl CredentialView {
    pub(super) fn of(row: &EndpointRow) -> Self {
        match (row.credential.as_str(), &row.role_arn) {
            ("role", Some(role_arn)) => Self::Role {
                role_arn: role_arn.clone(),
                external_id: row.external_id.clone(),
                session_tags: row.session_tags,
            },
            ("api_key", _) => Self::ApiKey,
            _ => Self::Chain,
        }
    }
}

/// Puts the ordered credential into a row, in the place of the one it has.
pub(super) fn apply(
    row: &mut EndpointRow,
    order: CredentialOrder,
    seal: impl FnOnce(&SecretString) -> Result<Vec<u8>, ControlError>,
) -> Result<(), ControlError> {
    (row.role_arn, row.external_id, row.session_tags, row.api_key) = (None, None, false, None);
    match order {
        CredentialOrder::Chain => "chain".clone_into(&mut row.credential),
        CredentialOrder::Role { role_arn, external_id, session_tags } => {
            "role".clone_into(&mut row.credential);
            row.role_arn = Some(role(&role_arn)?);
            row.external_id = external_id.map(external).transpose()?;
            row.session_tags = session_tags;
        }
        CredentialOrder::ApiKey { api_key } => {
            "api_key".clone_into(&mut row.credential);
            row.api_key = Some(seal(&key(api_key)?)?);
        }
    }
    Ok(())
}

fn role(text: &str) -> Result<String, ControlError> {
    let text = text.trim();
    let mut parts = text.splitn(6, ':');
    let is_role = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts.next().is_some_and(|account| account.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.next().is_some_and(|name| name.starts_with("role/"));
    let fits = is_role && text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let takes = "takes the ARN of an IAM role, such as arn:aws:iam::111122223333:role/bedrock";
    if fits { Ok(text.to_owned()) } else { Err(ControlError::invalid("role_arn", takes)) }
}

fn external(text: String) -> Result<String, ControlError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    let fits = (2..=1224).contains(&text.len()) && text.bytes().all(plain);
    let takes = "takes 2 to 1224 letters, digits and _+=,.@:/-";
    if fits { Ok(text) } else { Err(ControlError::invalid("external_id", takes)) }
}

fn key(key: SecretString) -> Result<SecretString, ControlError> {
    use secrecy::ExposeSecret as _;

    let text = key.expose_secret();
    let fits = (1..=8192).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let takes = "takes 1 to 8192 printable characters without spaces";
    if fits { Ok(key) } else { Err(ControlError::invalid("api_key", takes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_are_roles() {
        assert!(role("arn:aws:iam::111122223333:role/path/bedrock").is_ok());
        assert!(role("arn:aws-us-gov:iam::111122223333:role/x").is_ok());
        for bad in [
            "",
            "bedrock",
            "arn:aws:iam::1:user/x",
            "arn:aws:sts::1:role/x",
            "arn:aws:iam::a:role/x",
        ] {
            assert_eq!(role(bad).unwrap_err().field(), Some("role_arn"), "{bad}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let order: CredentialOrder =
            serde_json::from_str(r#"{"kind":"api_key","api_key":"ABSK-hunter2"}"#).unwrap();
        assert!(!format!("{order:?}").contains("hunter2"));
        assert!(key("with space".into()).is_err());
    }
}
