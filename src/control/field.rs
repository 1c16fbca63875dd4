//! Checks and shapes of the fields that several nouns have.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer};

use super::error::ControlError;
use crate::domain::model;
use crate::domain::principal::RateLimits;

/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Entries of an allow-list at the most.
const MAX_MODELS: usize = 100;
/// Longest id of a model, profile or ARN, in bytes.
const MAX_MODEL_ID: usize = 2048;
/// The furthest that something may expire, in days.
const MAX_LIFETIME: i64 = 3660;

/// Reads a field that may be absent (leave it), null (clear it) or there (set it).
///
/// # Errors
/// Those of `T`.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A name: trimmed, not empty, bounded, without control characters.
///
/// # Errors
/// Where it is none.
pub fn name(field: &'static str, text: &str) -> Result<String, ControlError> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= MAX_NAME
        && !text.chars().any(|c| c.is_control() || is_invisible(c));
    let takes = "takes 1 to 100 characters without control characters";
    if fits { Ok(text.to_owned()) } else { Err(ControlError::invalid(field, takes)) }
}

/// An e-mail address, by its form only.
///
/// # Errors
/// Where it is none.
pub fn email(field: &'static str, text: &str) -> Result<String, ControlError> {
    let text = text.trim();
    let parts = text.split_once('@');
    let fits = text.len() <= 254
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || is_invisible(c))
        && parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
        && text.matches('@').count() == 1;
    if fits {
        Ok(text.to_owned())
    } else {
        Err(ControlError::invalid(field, "takes an e-mail address"))
    }
}

/// The id or ARN of an inference profile, by its form only.
///
/// # Errors
/// Where it is none.
pub fn profile(field: &'static str, text: &str) -> Result<String, ControlError> {
    let text = text.trim();
    let fits = (1..=MAX_MODEL_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    let takes = "takes the id or the ARN of an inference profile";
    if fits { Ok(text.to_owned()) } else { Err(ControlError::invalid(field, takes)) }
}

/// Characters that turn text around or do not show, so that one name could pass for another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text that a list is searched for.
///
/// # Errors
/// Where it is too long or cannot be stored.
pub fn search(text: Option<String>) -> Result<Option<String>, ControlError> {
    match text {
        Some(text) if text.len() > 200 || text.contains('\0') => {
            Err(ControlError::invalid("search", "takes at most 200 bytes of text"))
        }
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

/// A time at which something ends: in the future, and not too far.
///
/// # Errors
/// Where it is not.
pub fn expiry(
    field: &'static str,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, ControlError> {
    if at > now && at <= now + TimeDelta::days(MAX_LIFETIME) {
        return Ok(at);
    }
    Err(ControlError::invalid(field, "takes a time in the future, at most ten years from now"))
}

/// An allow-list of models: names become the ids they stand for; Bedrock profile ids and ARNs stay.
///
/// # Errors
/// Where an entry stands for no model.
pub fn models(field: &'static str, names: &[String]) -> Result<Vec<String>, ControlError> {
    if names.len() > MAX_MODELS {
        return Err(ControlError::invalid(field, format!("takes at most {MAX_MODELS} models")));
    }
    let mut ids: Vec<String> =
        names.iter().map(|name| one_model(field, name)).collect::<Result<_, _>>()?;
    ids.sort();
    ids.dedup();
    Ok(ids)
}

fn one_model(field: &'static str, name: &str) -> Result<String, ControlError> {
    let is_profile = name.len() <= MAX_MODEL_ID
        && name.contains(['.', ':'])
        && name.bytes().all(|byte| byte.is_ascii_graphic());
    match model::find(name) {
        Some(model) => Ok(model.id.to_owned()),
        None if is_profile => Ok(name.to_owned()),
        None => {
            let shown: String = name.chars().take(100).collect();
            let takes = format!(
                "{shown:?} is no model; takes ids such as claude-sonnet-5-5, Bedrock profile ids and ARNs"
            );
            Err(ControlError::invalid(field, takes))
        }
    }
}

/// Limits, each at least 1 where it is there.
///
/// # Errors
/// Where one is out of bounds.
pub fn limits(limits: RateLimits) -> Result<[Option<i32>; 3], ControlError> {
    let column = |field: &'static str, limit: Option<u32>| {
        let column = limit.map(|limit| i32::try_from(limit).ok().filter(|&limit| limit > 0));
        match column {
            None => Ok(None),
            Some(Some(limit)) => Ok(Some(limit)),
            Some(None) => Err(ControlError::invalid(field, "takes a number from 1 to 2147483647")),
        }
    };
    Ok([
        column("limits.requests_per_minute", limits.requests_per_minute)?,
        column("limits.tokens_per_minute", limits.tokens_per_minute)?,
        column("limits.concurrent_streams", limits.concurrent_streams)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(name("name", "  Ann's laptop "), Ok("Ann's laptop".to_owned()));
        for bad in ["", "  ", "a\nb", "a\0b", "\u{202e}nimda", &"x".repeat(101)] {
            assert_eq!(name("name", bad).unwrap_err().field(), Some("name"), "{bad:?}");
        }
    }

    #[test]
    fn allow_lists_hold_canonical_ids() {
        let known = &model::all()[0];
        let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x";
        let given = [known.base, known.id, arn].map(str::to_owned);
        assert_eq!(models("models", &given).unwrap(), [arn, known.id]);
        assert!(models("models", &["claude".to_owned()]).is_err());
        assert!(models("models", &vec![arn.to_owned(); 101]).is_err());
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let zero = RateLimits { tokens_per_minute: Some(0), ..RateLimits::default() };
        assert_eq!(limits(zero).unwrap_err().field(), Some("limits.tokens_per_minute"));
        assert!(limits(RateLimits { requests_per_minute: Some(u32::MAX), ..zero }).is_err());
        assert_eq!(limits(RateLimits::default()), Ok([None; 3]));
    }
}
