//! SigV4: what every signature begins with, and requests to the service `bedrock`. The path is signed as it
//! is sent, encoded once more.

use std::time::SystemTime;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::credentials::Credential;
use crate::domain::hex;

/// The request cannot be authorised with this credential.
#[derive(Debug, Error)]
#[error("the request to AWS cannot be signed: {0}")]
pub struct SignError(String);

impl SignError {
    pub(super) fn new(error: &dyn std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Adds what authorises a `POST` of `body` as `application/json` to `url` in `region` at `now`.
///
/// # Errors
/// [`SignError`] where the credential holds characters that no header takes.
pub fn authorize(
    headers: &mut HeaderMap,
    credential: &Credential,
    region: &str,
    url: &str,
    body: &[u8],
    now: SystemTime,
) -> Result<(), SignError> {
    match credential {
        Credential::Bearer(key) => bear(headers, key),
        Credential::SigV4(identity) => {
            let scope = Scope { identity, region, service: "bedrock" };
            scope.sign_post(headers, (url, &[("content-type", "application/json")]), body, now)
        }
    }
}

/// Adds what authorises a `GET` of `url` in `region` at `now`.
///
/// # Errors
/// As [`authorize`].
pub(super) fn authorize_get(
    headers: &mut HeaderMap,
    credential: &Credential,
    region: &str,
    url: &str,
    now: SystemTime,
) -> Result<(), SignError> {
    match credential {
        Credential::Bearer(key) => bear(headers, key),
        Credential::SigV4(identity) => {
            let scope = Scope { identity, region, service: "bedrock" };
            scope.add(headers, ("GET", url, &[]), b"", now)
        }
    }
}

fn bear(headers: &mut HeaderMap, key: &SecretString) -> Result<(), SignError> {
    insert(headers, AUTHORIZATION, &format!("Bearer {}", key.expose_secret()))
}

/// Who signs, and for what.
pub(super) struct Scope<'s> {
    pub(super) identity: &'s Identity,
    pub(super) region: &'s str,
    pub(super) service: &'s str,
}

impl Scope<'_> {
    /// Adds the signature of a `POST` of `body` to a URL, which covers these further headers.
    pub(super) fn sign_post(
        &self,
        headers: &mut HeaderMap,
        (url, signed): (&str, &[(&str, &str)]),
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), SignError> {
        self.add(headers, ("POST", url, signed), body, now)
    }

    fn add(
        &self,
        headers: &mut HeaderMap,
        (method, url, signed): (&str, &str, &[(&str, &str)]),
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), SignError> {
        let hash = SignableBody::Precomputed(hex::encode(&Sha256::digest(body)));
        let request = SignableRequest::new(method, url, signed.iter().copied(), hash)
            .map_err(|error| SignError::new(&error))?;
        let instructions = self.sign(request, SigningSettings::default(), now)?;
        for (name, value) in instructions.headers() {
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|error| SignError::new(&error))?;
            insert(headers, name, value)?;
        }
        Ok(())
    }

    /// What the signature at `now` adds to `request`.
    pub(super) fn sign(
        &self,
        request: SignableRequest<'_>,
        settings: SigningSettings,
        now: SystemTime,
    ) -> Result<SigningInstructions, SignError> {
        let parameters = SigningParams::builder()
            .identity(self.identity)
            .region(self.region)
            .name(self.service)
            .time(now)
            .settings(settings)
            .build()
            .map_err(|error| SignError::new(&error))?
            .into();
        Ok(sign(request, &parameters).map_err(|error| SignError::new(&error))?.into_parts().0)
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), SignError> {
    let mut value = HeaderValue::from_str(value).map_err(|error| SignError::new(&error))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use std::time::Duration;

    use super::*;

    fn signature(path: &str, token: Option<&str>) -> String {
        let (id, secret) = ("AKIASTRICT0000000001", "strictSecretKeyOne/0123456789abcdefghijk");
        let credentials =
            Credentials::new(id, secret, token.map(str::to_owned), None, "test").into();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_600);
        let url = format!("https://bedrock-runtime.us-east-1.amazonaws.com{path}");
        let mut headers = HeaderMap::new();
        let credential = Credential::SigV4(credentials);
        authorize(&mut headers, &credential, "us-east-1", &url, b"{}", now).unwrap();
        let authorization = headers.get("authorization").unwrap().to_str().unwrap();
        authorization.rsplit('=').next().unwrap().to_owned()
    }

    // Vectors made with botocore's signer.
    #[test]
    fn the_path_is_encoded_once_more_and_the_token_is_signed() {
        let profile = "us.anthropic.claude-sonnet-4-5-20250929-v1";
        assert_eq!(
            signature(&format!("/model/{profile}%3A0/invoke"), None),
            "f570292979029fc5299fa519a738c69cb1bbe9ed07f3191ba2207348d35d90a8"
        );
        assert_eq!(
            signature(&format!("/model/{profile}:0/invoke"), None),
            "062922dcf4032e7c4028fcd50aa458aa9aee182c5bce896ccacffce4e9a60ce7"
        );
        let arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aapplication-inference-profile%2Fabc123def456";
        assert_eq!(
            signature(&format!("/model/{arn}/invoke"), Some("TOKEN")),
            "385e841a9f8fb87626592848d6f9ef05bfb1ae3e74fdd491e12e85ba4aae63e5"
        );
    }

    #[test]
    fn an_api_key_is_sent_as_a_bearer_token_and_not_printed() {
        let mut headers = HeaderMap::new();
        let credential = Credential::Bearer(std::sync::Arc::new("ABSK-secret".into()));
        let now = SystemTime::UNIX_EPOCH;
        authorize(&mut headers, &credential, "us-east-1", "https://x/", b"", now).unwrap();
        assert_eq!(headers.get("authorization").unwrap(), "Bearer ABSK-secret");
        assert!(!format!("{headers:?}").contains("secret"));
    }
}
