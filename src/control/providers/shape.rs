//! Shapes of what a provider's row holds: words, domains, groups, and lists of them.

use crate::control::error::ControlError;

/// Entries of a list at the most.
const MAX_LIST: usize = 500;

pub(super) fn domains_of(
    field: &'static str,
    domains: &[String],
) -> Result<Vec<String>, ControlError> {
    let lower: Vec<String> = domains.iter().map(|domain| domain.trim().to_lowercase()).collect();
    let is_domain = |one: &str| {
        one.len() <= 253
            && one.contains('.')
            && !one.starts_with('.')
            && !one.contains('@')
            && one.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
    };
    list(field, &lower, is_domain)
}

pub(super) fn is_group(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.chars().any(char::is_control)
}

pub(super) fn fits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn word(field: &'static str, text: &str, most: usize) -> Result<String, ControlError> {
    let takes = format!("takes 1 to {most} printable characters without spaces");
    if fits(text, most) { Ok(text.to_owned()) } else { Err(ControlError::invalid(field, takes)) }
}

pub(super) fn list(
    field: &'static str,
    entries: &[String],
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<String>, ControlError> {
    if entries.len() > MAX_LIST {
        return Err(ControlError::invalid(field, format!("takes at most {MAX_LIST} entries")));
    }
    match entries.iter().find(|entry| !fits(entry)) {
        None => Ok(entries.to_vec()),
        Some(entry) => {
            let shown: String = entry.chars().filter(|c| !c.is_control()).take(100).collect();
            Err(ControlError::invalid(field, format!("{shown:?} does not fit here")))
        }
    }
}
