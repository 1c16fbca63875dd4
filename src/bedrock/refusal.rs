//! Bedrock's refusals in Anthropic's words: by the type of the exception; by its text only where one type
//! means several things.

use serde::Deserialize;

use crate::domain::breaker::Finding;
use crate::domain::error::{ApiError, ErrorKind};

/// Seconds that a throttled client is told to wait, since Bedrock says none.
const THROTTLE_RETRY: u32 = 5;
/// Seconds that a client is told to wait where Bedrock is overloaded.
const OVERLOAD_RETRY: u32 = 3;
/// Bytes of Bedrock's message that are passed on.
const MAX_MESSAGE: usize = 4096;
/// What Bedrock says of an API key of its own that it does not take.
const API_KEY_REFUSALS: [&str; 3] = [
    "Authentication failed: Please make sure your API Key is valid",
    "Bearer Token has expired",
    "Missing required parameters in the API Key",
];
/// What IAM says; the text around it names accounts and roles.
const IAM_REFUSAL: &str = "is not authorized to perform";
/// Bedrock's words for a conversation that does not fit the model.
const TOO_LONG: &str = "Input is too long for requested model.";
/// The words for it on which Claude Code compacts the conversation.
const TOO_LONG_FOR_CLIENTS: &str = "capability_rejected: prompt_too_long";
/// Bedrock's words for a quota of the day that is used up.
const PER_DAY: &str = "per day";
/// Bedrock's words for thinking without its signature; the block's path stands before them.
const UNSIGNED: &str = ".thinking.signature: Field required";
/// Anthropic's words for it, on which clients leave the thinking of earlier turns out.
const INVALID_SIGNATURE: &str = ": Invalid `signature` in `thinking` block";
/// What Bedrock says of a model or profile that it does not serve in this region or account.
const NO_SUCH_MODEL: [&str; 2] =
    ["The provided model identifier is invalid", "on-demand throughput isn"];

/// The three shapes of an error body.
#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: Option<String>,
    error: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    message: Option<String>,
}

/// Translates an HTTP answer that is no success. `exception` is the header `x-amzn-ErrorType`.
#[must_use]
pub fn of_status(status: u16, exception: Option<&str>, body: &[u8]) -> ApiError {
    let exception = exception.map(|text| text.split(':').next().unwrap_or(text));
    let kind = exception.and_then(kind_of).unwrap_or_else(|| kind_of_status(status));
    refusal(kind, exception.unwrap_or("an error without a type"), &message_of(body))
}

/// Translates an exception or error frame inside a stream.
#[must_use]
pub fn of_frame(exception: &str, payload: &[u8], fallback: &str) -> ApiError {
    let message = message_of(payload);
    let message = if message.is_empty() { fallback.to_owned() } else { message };
    refusal(kind_of(exception).unwrap_or(ErrorKind::Api), exception, &message)
}

/// What an error of an exchange tells of the place where it was made; `None` where it is about the
/// request itself, which would be refused everywhere.
#[must_use]
pub fn finding(error: &ApiError) -> Option<Finding> {
    match error.kind {
        ErrorKind::RateLimit if error.message.contains(PER_DAY) => Some(Finding::DailyQuota),
        ErrorKind::RateLimit => Some(Finding::Throttled),
        ErrorKind::Api if error.should_retry() == Some(false) => Some(Finding::Access),
        ErrorKind::Permission | ErrorKind::NotFound => Some(Finding::Access),
        ErrorKind::Api | ErrorKind::Overloaded | ErrorKind::Timeout | ErrorKind::Unavailable => {
            Some(Finding::Fault)
        }
        _ => None,
    }
}

fn refusal(kind: ErrorKind, exception: &str, message: &str) -> ApiError {
    let api_key = || API_KEY_REFUSALS.iter().any(|text| message.contains(text));
    let refused_credential = match kind {
        ErrorKind::Api => is_credential(exception),
        ErrorKind::Permission => api_key(),
        _ => false,
    };
    let no_model = || NO_SUCH_MODEL.iter().any(|text| message.contains(text));
    let kind = match kind {
        _ if refused_credential => ErrorKind::Api,
        ErrorKind::InvalidRequest if no_model() => ErrorKind::NotFound,
        kind => kind,
    };
    let error = ApiError::new(kind, in_words(kind, exception, message, refused_credential));
    match kind {
        // Nothing that the client could wait for: an administrator has to act.
        ErrorKind::Api if refused_credential => error.not_worth_retrying(),
        // No pause of a client lasts until the next day.
        ErrorKind::RateLimit if message.contains(PER_DAY) => error.not_worth_retrying(),
        ErrorKind::RateLimit => error.retry_after(THROTTLE_RETRY),
        ErrorKind::Overloaded => error.retry_after(OVERLOAD_RETRY),
        _ => error,
    }
}

/// The message as the client is to read it.
fn in_words(kind: ErrorKind, exception: &str, message: &str, refused_credential: bool) -> String {
    match kind {
        _ if refused_credential => format!(
            "Bedrock refused the gateway's own AWS credentials ({exception}). Tell its administrator."
        ),
        ErrorKind::Permission if message.contains(IAM_REFUSAL) => {
            "The gateway's AWS role may not call this model. Its administrator can allow \
             bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on it."
                .to_owned()
        }
        ErrorKind::InvalidRequest if message == TOO_LONG => TOO_LONG_FOR_CLIENTS.to_owned(),
        ErrorKind::InvalidRequest if message.contains(UNSIGNED) => {
            message.replacen(UNSIGNED, INVALID_SIGNATURE, 1)
        }
        ErrorKind::NotFound if NO_SUCH_MODEL.iter().any(|text| message.contains(text)) => {
            format!(
                "model: not available from Amazon Bedrock in this region and account. {message}"
            )
        }
        _ if message.is_empty() => format!("Bedrock answered with {exception} and no message."),
        _ => message.to_owned(),
    }
}

/// The kind of an exception; stream frames write the first letter small.
fn kind_of(exception: &str) -> Option<ErrorKind> {
    let name = exception.strip_suffix("Exception").unwrap_or(exception);
    let kind = match uncapitalised(name).as_str() {
        "validation" => ErrorKind::InvalidRequest,
        "serviceQuotaExceeded" | "throttling" => ErrorKind::RateLimit,
        "accessDenied" => ErrorKind::Permission,
        "resourceNotFound" => ErrorKind::NotFound,
        "modelTimeout" => ErrorKind::Timeout,
        "modelError" | "modelStreamError" | "internalServer" | "unknownOperation" => ErrorKind::Api,
        "modelNotReady" | "serviceUnavailable" => ErrorKind::Overloaded,
        _ if is_credential(exception) => ErrorKind::Api,
        _ => return None,
    };
    Some(kind)
}

fn is_credential(exception: &str) -> bool {
    matches!(
        exception,
        "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignatureException"
    )
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        400 | 422 => ErrorKind::InvalidRequest,
        401 | 403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        413 => ErrorKind::RequestTooLarge,
        429 => ErrorKind::RateLimit,
        502 | 503 | 529 => ErrorKind::Overloaded,
        _ => ErrorKind::Api,
    }
}

fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

pub(super) fn message_of(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Body>(body) else { return String::new() };
    let message = body.error.and_then(|inner| inner.message).or(body.message).unwrap_or_default();
    let message = unwrapped(&message).unwrap_or(message);
    message.chars().take(MAX_MESSAGE).collect()
}

/// The message inside `The model returned the following errors: {"type":"error",…}`.
fn unwrapped(message: &str) -> Option<String> {
    let (_, inner) = message.split_once("The model returned the following errors: ")?;
    let body: Option<Body> = serde_json::from_str(inner).ok();
    body.and_then(|body| body.error).and_then(|inner| inner.message).or(Some(inner.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exception_has_its_kind() {
        let coral = ":http://internal.amazon.com/coral/com.amazon.bedrock/";
        for (exception, status, kind) in [
            ("ValidationException", 400, ErrorKind::InvalidRequest),
            ("ServiceQuotaExceededException", 400, ErrorKind::RateLimit),
            ("AccessDeniedException", 403, ErrorKind::Permission),
            ("ResourceNotFoundException", 404, ErrorKind::NotFound),
            ("ModelTimeoutException", 408, ErrorKind::Timeout),
            ("ModelErrorException", 424, ErrorKind::Api),
            ("ThrottlingException", 429, ErrorKind::RateLimit),
            ("ModelNotReadyException", 429, ErrorKind::Overloaded),
            ("InternalServerException", 500, ErrorKind::Api),
            ("ServiceUnavailableException", 503, ErrorKind::Overloaded),
            ("ExpiredTokenException", 403, ErrorKind::Api),
        ] {
            let typed = of_status(status, Some(&format!("{exception}{coral}")), b"{}");
            assert_eq!(typed.kind, kind, "{exception}");
        }
        assert_eq!(of_frame("throttlingException", b"", "").kind, ErrorKind::RateLimit);
        assert_eq!(of_status(503, None, b"<html>").kind, ErrorKind::Overloaded);
    }

    #[test]
    fn the_message_is_found_in_all_shapes() {
        for body in [
            r#"{"message":"m"}"#,
            r#"{"type":"error","request_id":"r","error":{"type":"invalid_request_error","message":"m"}}"#,
            r#"{"message":"The model returned the following errors: m"}"#,
            r#"{"message":"The model returned the following errors: {\"type\":\"error\",\"error\":{\"message\":\"m\"}}"}"#,
        ] {
            let error = of_status(400, Some("ValidationException"), body.as_bytes());
            assert_eq!(error.message, "m", "{body}");
        }
    }

    #[test]
    fn a_refused_credential_of_the_gateway_is_not_blamed_on_the_client() {
        let body = br#"{"message":"The security token included in the request is expired"}"#;
        let error = of_status(403, Some("ExpiredTokenException"), body);
        assert_eq!((error.kind.status(), error.should_retry()), (500, Some(false)));
        assert!(error.message.contains("gateway's own AWS credentials"));
    }

    #[test]
    fn a_refused_api_key_of_the_gateway_is_not_blamed_on_the_client() {
        for text in API_KEY_REFUSALS {
            let body = format!(r#"{{"message":"{text}."}}"#);
            let error = of_status(403, Some("AccessDeniedException"), body.as_bytes());
            assert_eq!(error.kind.status(), 500, "{text}");
            assert!(error.message.contains("gateway's own AWS credentials"), "{text}");
        }
    }

    #[test]
    fn what_iam_refuses_tells_nothing_of_accounts_and_roles() {
        let body = br#"{"message":"User: arn:aws:sts::111122223333:assumed-role/gateway/i is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1:111122223333:inference-profile/p because no identity-based policy allows the action"}"#;
        let error = of_status(403, Some("AccessDeniedException"), body);
        assert_eq!(error.kind, ErrorKind::Permission);
        assert!(!error.message.contains("arn:") && !error.message.contains("111122223333"));
        let other =
            br#"{"message":"You don't have access to the model with the specified model ID."}"#;
        let error = of_status(403, Some("AccessDeniedException"), other);
        assert!(error.message.starts_with("You don't have access"));
    }

    #[test]
    fn thinking_without_a_signature_is_told_in_anthropics_words() {
        let body = br#"{"message":"messages.3.content.0.thinking.signature: Field required"}"#;
        let error = of_status(400, Some("ValidationException"), body);
        assert_eq!(error.message, "messages.3.content.0: Invalid `signature` in `thinking` block");
    }

    #[test]
    fn a_model_that_is_not_served_is_not_found() {
        for text in [
            "The provided model identifier is invalid.",
            "Invocation of model ID anthropic.claude-x with on-demand throughput isn\u{2019}t supported.",
        ] {
            let body = serde_json::json!({ "message": text }).to_string();
            let error = of_status(400, Some("ValidationException"), body.as_bytes());
            assert_eq!((error.kind, error.kind.status()), (ErrorKind::NotFound, 404), "{text}");
            assert!(error.message.contains(text), "{}", error.message);
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_is_named_as_the_client_knows_it() {
        let told = |text: &str| {
            let body = serde_json::json!({ "message": text }).to_string();
            of_status(400, Some("ValidationException"), body.as_bytes()).message
        };
        assert_eq!(told(TOO_LONG), TOO_LONG_FOR_CLIENTS);
        for known in ["Input is too long.", "prompt is too long: 210000 tokens > 200000 maximum"] {
            assert_eq!(told(known), known);
        }
    }

    #[test]
    fn what_a_refusal_tells_of_its_place_goes_by_its_kind() {
        let told = |exception: &str, text: &str| {
            let body = serde_json::json!({ "message": text }).to_string();
            finding(&of_status(400, Some(exception), body.as_bytes()))
        };
        assert_eq!(told("ValidationException", "messages: too many"), None);
        assert_eq!(
            told("ThrottlingException", "Too many tokens per day, please wait"),
            Some(Finding::DailyQuota)
        );
        for (exception, finding) in [
            ("ThrottlingException", Finding::Throttled),
            ("ServiceQuotaExceededException", Finding::Throttled),
            ("InternalServerException", Finding::Fault),
            ("ServiceUnavailableException", Finding::Fault),
            ("ModelNotReadyException", Finding::Fault),
            ("ModelTimeoutException", Finding::Fault),
            ("ExpiredTokenException", Finding::Access),
            ("AccessDeniedException", Finding::Access),
            ("ResourceNotFoundException", Finding::Access),
        ] {
            assert_eq!(told(exception, "m"), Some(finding), "{exception}");
        }
        let elsewhere = "The provided model identifier is invalid.";
        assert_eq!(told("ValidationException", elsewhere), Some(Finding::Access));
        let daily = br#"{"message":"Too many tokens per day"}"#;
        let error = of_status(429, Some("ThrottlingException"), daily);
        assert_eq!((error.retry_after, error.should_retry()), (None, Some(false)));
    }
}
