//! Who calls: a bearer token, or a signature by the simulator's one key pair that is right and scoped to
//! Bedrock.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use super::reply::{Exception, Refusal};
use super::sigv4::Signed;
use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

/// The region of callers whose credential names none.
const HOME: &str = "us-east-1";

/// The region that the caller's signature is scoped to; bearer tokens count as us-east-1.
///
/// # Errors
/// 403 for a missing, malformed or wrong credential.
pub(super) fn region(request: &HttpRequest, body: &[u8]) -> Result<String, Refusal> {
    of(&signed(request, body))
}

/// The same of another service, which takes signatures only.
///
/// # Errors
/// As [`region`].
pub(super) fn of_service(
    request: &HttpRequest,
    body: &[u8],
    service: &str,
) -> Result<String, Refusal> {
    let request = signed(request, body);
    let Some(authorization) = text(request.headers, "authorization") else {
        return Err(missing());
    };
    scoped(&request, authorization, service)
}

fn signed<'r>(request: &'r HttpRequest, body: &'r [u8]) -> Signed<'r> {
    Signed {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        headers: request.headers(),
        body,
    }
}

fn of(request: &Signed<'_>) -> Result<String, Refusal> {
    let Some(authorization) = text(request.headers, "authorization") else {
        return Err(missing());
    };
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        return if token.trim().is_empty() {
            let message = "Authentication failed: Please make sure your API Key is valid.";
            Err(Refusal::new(Exception::MissingAuthenticationToken, message))
        } else {
            Ok(HOME.to_owned())
        };
    }
    scoped(request, authorization, "bedrock")
}

/// The region of a signature that is right and scoped to `service`.
fn scoped(request: &Signed<'_>, authorization: &str, service: &str) -> Result<String, Refusal> {
    let Some(fields) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(refused("Unsupported authorization scheme."));
    };
    let field = |name: &str| {
        fields.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let headers = field("SignedHeaders").unwrap_or_default();
    let covers = |name: &str| headers.split(';').any(|header| header == name);
    if !covers("host") || !covers("x-amz-date") || text(request.headers, "x-amz-date").is_none() {
        return Err(refused("The request signature does not conform to AWS standards."));
    }
    let (id, scope) = field("Credential").and_then(|it| it.split_once('/')).unwrap_or_default();
    let mut parts = scope.rsplit('/');
    let (Some("aws4_request"), Some(of), Some(region)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(refused("The credential's scope does not conform to AWS standards."));
    };
    if of != service {
        let message = format!("Credential should be scoped to correct service: '{service}'.");
        return Err(refused(&message));
    }
    if id != ACCESS_KEY_ID {
        let message = "The security token included in the request is invalid.";
        return Err(Refusal::new(Exception::UnrecognizedClient, message));
    }
    let wanted = request.signature(SECRET_ACCESS_KEY, scope, headers);
    if field("Signature") != Some(wanted.as_str()) {
        return Err(refused(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ));
    }
    Ok(region.to_owned())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn missing() -> Refusal {
    Refusal::new(Exception::MissingAuthenticationToken, "Missing Authentication Token")
}

fn refused(message: &str) -> Refusal {
    Refusal::new(Exception::InvalidSignature, message)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};

    use super::*;

    fn headers(authorization: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "localhost"), ("x-amz-date", "20261122T000000Z")] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(text) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(text).unwrap());
        }
        headers
    }

    fn request<'r>(headers: &'r HeaderMap, body: &'r [u8]) -> Signed<'r> {
        Signed { method: "POST", path: "/model/us.x%3A0/invoke", query: "", headers, body }
    }

    fn tried(authorization: Option<&str>, body: &[u8]) -> Result<String, Exception> {
        of(&request(&headers(authorization), body)).map_err(|refusal| refusal.exception)
    }

    /// The authorization of a request with the body `x`.
    fn signed(id: &str, service: &str, names: &str) -> String {
        let scope = format!("20261122/eu-west-1/{service}/aws4_request");
        let signature = request(&headers(None), b"x").signature(SECRET_ACCESS_KEY, &scope, names);
        format!(
            "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }

    #[test]
    fn only_a_token_or_a_right_signature_for_bedrock_gets_in() {
        assert_eq!(tried(None, b""), Err(Exception::MissingAuthenticationToken));
        assert_eq!(tried(Some("Bearer "), b""), Err(Exception::MissingAuthenticationToken));
        assert_eq!(tried(Some("Basic eDp5"), b""), Err(Exception::InvalidSignature));
        assert_eq!(tried(Some("Bearer x"), b"").as_deref(), Ok("us-east-1"));
        let names = "host;x-amz-date";
        let right = signed(ACCESS_KEY_ID, "bedrock", names);
        assert_eq!(tried(Some(&right), b"x").as_deref(), Ok("eu-west-1"));
        assert_eq!(tried(Some(&right), b"y"), Err(Exception::InvalidSignature), "another body");
        let unsigned = signed(ACCESS_KEY_ID, "bedrock", "host");
        assert_eq!(tried(Some(&unsigned), b"x"), Err(Exception::InvalidSignature));
        let mantle = signed(ACCESS_KEY_ID, "bedrock-mantle", names);
        assert_eq!(tried(Some(&mantle), b"x"), Err(Exception::InvalidSignature));
        let stranger = signed("AKIAOTHER", "bedrock", names);
        assert_eq!(tried(Some(&stranger), b"x"), Err(Exception::UnrecognizedClient));
    }
}
