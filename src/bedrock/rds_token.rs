//! The token that stands in for a password at Amazon RDS: a signed URL without its scheme, valid for a
//! login within 15 minutes.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings};
use aws_smithy_runtime_api::client::identity::Identity;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

use super::sign::{Scope, SignError};

/// The longest that RDS takes.
const VALID: Duration = Duration::from_secs(15 * 60);
/// What SigV4 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The token with which `user` logs in to `host` at `now`.
///
/// # Errors
/// [`SignError`] where the host or the identity cannot be signed with.
pub fn rds_token(
    identity: &Identity,
    region: &str,
    (host, port): (&str, u16),
    user: &str,
    now: SystemTime,
) -> Result<SecretString, SignError> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(VALID);
    let user = utf8_percent_encode(user, RESERVED);
    let mut token = format!("{host}:{port}/?Action=connect&DBUser={user}");
    let url = format!("https://{token}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(b""))
        .map_err(|error| SignError::new(&error))?;
    let scope = Scope { identity, region, service: "rds-db" };
    for (name, value) in scope.sign(request, settings, now)?.params() {
        token.push_str(&format!("&{name}={}", utf8_percent_encode(value, RESERVED)));
    }
    Ok(token.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_credential_types::Credentials;
    use secrecy::ExposeSecret as _;

    use super::*;

    // Made with botocore's `generate_db_auth_token`.
    #[test]
    fn a_token_is_what_aws_makes() {
        let (id, secret) = ("AKIASTRICT0000000001", "strictSecretKeyOne/0123456789abcdefghijk");
        let session = Some("TO/KEN+=".to_owned());
        let identity = Credentials::new(id, secret, session, None, "test").into();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_600);
        let server = ("db.abc.eu-central-1.rds.amazonaws.com", 5432);
        let token = rds_token(&identity, "eu-central-1", server, "pro xy", now).unwrap();
        let parts = |text: &str| -> BTreeSet<String> {
            text.replace('+', "%20").split(['?', '&']).map(str::to_owned).collect()
        };
        assert_eq!(parts(token.expose_secret()), parts(VECTOR));
    }

    const VECTOR: &str = "db.abc.eu-central-1.rds.amazonaws.com:5432/?Action=connect&DBUser=pro%20xy&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIASTRICT0000000001%2F20261122%2Feu-central-1%2Frds-db%2Faws4_request&X-Amz-Date=20261122T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=TO%2FKEN%2B%3D&X-Amz-Signature=8157e20ded2339e162593e64acdf2b4cf61a7f64d6e0d133f2ea42b19373d476";
}
