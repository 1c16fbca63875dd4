//! Settings of the deployment that admins change while it runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The settings, each with its default where none is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Requests per minute of a key that has no limit of its own; null means no limit.
    #[schema(minimum = 1)]
    pub default_requests_per_minute: Option<u32>,
    /// Whether requests are served while Postgres, which shares limits and budgets among the
    /// instances, is away; each instance then goes on by what it knows, and all is counted later.
    pub limits_fail_open: bool,
    /// How long a portal session lasts without being used, in seconds.
    #[schema(minimum = 300, maximum = 2592000)]
    pub session_idle_seconds: u32,
    /// How long a portal session lasts at the most, in seconds.
    #[schema(minimum = 300, maximum = 2592000)]
    pub session_absolute_seconds: u32,
    /// How long an access token of a client is good, in seconds.
    #[schema(minimum = 300, maximum = 2592000)]
    pub access_token_seconds: u32,
    /// How long a client stays signed in at the most, in seconds.
    #[schema(minimum = 300, maximum = 2592000)]
    pub client_session_seconds: u32,
    /// Whether people sign in with a password. `ADMIN_PASSWORD_ENABLE` overrules it.
    pub password_sign_in: bool,
    /// How many days single requests are kept; a month goes as a whole.
    #[schema(minimum = 35, maximum = 3660)]
    pub retention_requests_days: u32,
    /// How many days sums by hour, sessions and agents are kept.
    #[schema(minimum = 35, maximum = 3660)]
    pub retention_hourly_days: u32,
    /// How many days sums by day are kept.
    #[schema(minimum = 35, maximum = 3660)]
    pub retention_daily_days: u32,
    /// How many days notifications and their deliveries are kept.
    #[schema(minimum = 35, maximum = 3660)]
    pub retention_notifications_days: u32,
}

const SECONDS: std::ops::RangeInclusive<u32> = 300..=30 * 24 * 60 * 60;
/// More than the longest period of a budget.
const DAYS: std::ops::RangeInclusive<u32> = 35..=3660;

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_requests_per_minute: None,
            limits_fail_open: true,
            session_idle_seconds: 8 * 60 * 60,
            session_absolute_seconds: 7 * 24 * 60 * 60,
            access_token_seconds: 60 * 60,
            client_session_seconds: 30 * 24 * 60 * 60,
            password_sign_in: true,
            retention_requests_days: 400,
            retention_hourly_days: 400,
            retention_daily_days: 1830,
            retention_notifications_days: 90,
        }
    }
}

impl Settings {
    /// What the setting of this name takes, in words; `None` where there is none.
    #[must_use]
    pub fn takes(name: &str) -> Option<&'static str> {
        match name {
            "default_requests_per_minute" => Some("takes a number from 1 to 4294967295, or null"),
            "session_idle_seconds"
            | "session_absolute_seconds"
            | "access_token_seconds"
            | "client_session_seconds" => Some("takes a number of seconds from 300 to 2592000"),
            "password_sign_in" | "limits_fail_open" => Some("takes true or false"),
            "retention_requests_days"
            | "retention_hourly_days"
            | "retention_daily_days"
            | "retention_notifications_days" => Some("takes a number of days from 35 to 3660"),
            _ => None,
        }
    }

    /// These settings with one of them changed; `None` where there is none of this name, or the value
    /// does not fit.
    #[must_use]
    pub fn with(&self, name: &str, value: &Value) -> Option<Self> {
        let mut members = serde_json::to_value(self).ok()?;
        *members.get_mut(name)? = value.clone();
        serde_json::from_value::<Self>(members).ok().filter(Self::fits)
    }

    fn fits(&self) -> bool {
        self.default_requests_per_minute != Some(0)
            && SECONDS.contains(&self.session_idle_seconds)
            && SECONDS.contains(&self.session_absolute_seconds)
            && DAYS.contains(&self.retention_requests_days)
            && DAYS.contains(&self.retention_hourly_days)
            && DAYS.contains(&self.retention_daily_days)
            && DAYS.contains(&self.retention_notifications_days)
            && SECONDS.contains(&self.access_token_seconds)
            && SECONDS.contains(&self.client_session_seconds)
    }

    /// Reads stored (name, value) pairs; unknown names and unfit values are reported by name and
    /// leave the default.
    #[must_use]
    pub fn read(stored: &[(String, Value)]) -> (Self, Vec<String>) {
        let mut settings = Self::default();
        let mut unfit = Vec::new();
        for (name, value) in stored {
            match settings.with(name, value) {
                Some(changed) => settings = changed,
                None => unfit.push(name.clone()),
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

    #[test]
    fn each_setting_says_what_it_takes() {
        let Value::Object(all) = serde_json::to_value(Settings::default()).unwrap() else {
            panic!()
        };
        for name in all.keys() {
            assert!(Settings::takes(name).is_some(), "{name}");
            assert_eq!(Settings::default().with(name, &json!([])), None, "{name}");
        }
    }
}
