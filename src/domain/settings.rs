//! Settings of the deployment that admins change while it runs.

use serde_json::Value;

/// The settings as the data plane reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Requests per minute of a key that has no limit of its own; `None` means no limit.
    pub default_requests_per_minute: Option<u32>,
}

impl Settings {
    /// Reads stored (name, value) pairs; unknown names and unfit values are reported by name and
    /// leave the default.
    #[must_use]
    pub fn read(stored: &[(String, Value)]) -> (Self, Vec<String>) {
        let mut settings = Self::default();
        let mut unfit = Vec::new();
        for (name, value) in stored {
            let fits = match (name.as_str(), value) {
                ("default_requests_per_minute", Value::Null) => true,
                ("default_requests_per_minute", value) => {
                    let limit = value.as_u64().and_then(|n| u32::try_from(n).ok());
                    settings.default_requests_per_minute = limit.filter(|&n| n > 0);
                    settings.default_requests_per_minute.is_some()
                }
                _ => false,
            };
            if !fits {
                unfit.push(name.clone());
            }
        }
        (settings, unfit)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fitting_values_are_taken_and_others_reported() {
        let stored = |value| vec![("default_requests_per_minute".to_owned(), value)];
        assert_eq!(Settings::read(&stored(json!(60))).0.default_requests_per_minute, Some(60));
        assert_eq!(Settings::read(&stored(json!(null))), (Settings::default(), vec![]));
        for bad in [json!(0), json!(-1), json!("60"), json!(1.5)] {
            let (settings, unfit) = Settings::read(&stored(bad));
            assert_eq!((settings, unfit.len()), (Settings::default(), 1));
        }
        assert_eq!(Settings::read(&[("colour".to_owned(), json!(1))]).1, ["colour"]);
    }
}
