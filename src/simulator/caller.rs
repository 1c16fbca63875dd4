//! Who calls: a bearer token or an AWS signature must be there, well formed and scoped to Bedrock.
//!
//! The simulator knows no secrets, so it takes any token and any signature of the right form.

use actix_web::http::header::HeaderMap;

use super::reply::{Exception, Refusal};

/// The region of callers whose credential names none.
const HOME: &str = "us-east-1";

/// The region that the caller's signature is scoped to; bearer tokens count as us-east-1.
///
/// # Errors
/// 403 for a missing or malformed credential.
pub(super) fn region(headers: &HeaderMap) -> Result<String, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = text("authorization") else {
        let message = "Missing Authentication Token";
        return Err(Refusal::new(Exception::MissingAuthenticationToken, message));
    };
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        return if token.trim().is_empty() {
            let message = "Authentication failed: Please make sure your API Key is valid.";
            Err(Refusal::new(Exception::MissingAuthenticationToken, message))
        } else {
            Ok(HOME.to_owned())
        };
    }
    let refused = |message: &str| Refusal::new(Exception::InvalidSignature, message);
    let Some(fields) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(refused("Unsupported authorization scheme."));
    };
    let field = |name: &str| {
        fields.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let signed = field("SignedHeaders").unwrap_or_default();
    let covers = |name: &str| signed.split(';').any(|header| header == name);
    let signature = field("Signature").unwrap_or_default();
    let hex = signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || !covers("host") || !covers("x-amz-date") || text("x-amz-date").is_none() {
        return Err(refused("The request signature does not conform to AWS standards."));
    }
    let scope = field("Credential").unwrap_or_default();
    let mut scope = scope.rsplit('/');
    match (scope.next(), scope.next(), scope.next()) {
        (Some("aws4_request"), Some("bedrock"), Some(region)) => Ok(region.to_owned()),
        _ => Err(refused("Credential should be scoped to correct service: 'bedrock'.")),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};

    use super::*;

    fn tried(authorization: Option<&str>) -> Result<String, Exception> {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("x-amz-date"),
            HeaderValue::from_static("20261122T000000Z"),
        );
        if let Some(text) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(text).unwrap());
        }
        region(&headers).map_err(|refusal| refusal.exception)
    }

    #[test]
    fn only_a_token_or_a_signature_for_bedrock_gets_in() {
        let signed = |service: &str, headers: &str| {
            let signature = "ab".repeat(32);
            tried(Some(&format!(
                "AWS4-HMAC-SHA256 Credential=AKIA/20261122/eu-west-1/{service}/aws4_request, SignedHeaders={headers}, Signature={signature}"
            )))
        };
        assert_eq!(tried(None), Err(Exception::MissingAuthenticationToken));
        assert_eq!(tried(Some("Bearer ")), Err(Exception::MissingAuthenticationToken));
        assert_eq!(tried(Some("Basic eDp5")), Err(Exception::InvalidSignature));
        assert_eq!(tried(Some("Bearer x")).as_deref(), Ok("us-east-1"));
        assert_eq!(signed("bedrock", "host;x-amz-date").as_deref(), Ok("eu-west-1"));
        assert_eq!(signed("bedrock", "host"), Err(Exception::InvalidSignature));
        assert_eq!(signed("bedrock-mantle", "host;x-amz-date"), Err(Exception::InvalidSignature));
    }
}
