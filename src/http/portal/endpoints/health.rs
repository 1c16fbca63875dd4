//! How an endpoint does, in words: one word for lists, and a table of its models.

use crate::control::endpoints::{EndpointHealth, ModelHealth};
use crate::http::portal::figures::model_name;
use crate::http::portal::words::{self, Moment};

/// A word and the colour that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) colour: &'static str,
    pub(super) word: &'static str,
}

impl Tag {
    /// Of an endpoint that this instance is yet to hear of.
    pub(super) const UNKNOWN: Self = Self::new("plain", "not known yet");

    const fn new(colour: &'static str, word: &'static str) -> Self {
        Self { colour, word }
    }

    /// The worst that is true of an endpoint.
    pub(super) fn of(health: &EndpointHealth) -> Self {
        let answers = || health.models.iter().filter(|model| model.route == "messages");
        let any = |breakers: &[&str]| answers().any(|model| breakers.contains(&model.breaker));
        match () {
            () if !health.enabled => Self::new("plain", "drained"),
            () if !health.has_credential && health.credential_trouble.is_some() => {
                Self::new("bad", "no credential")
            }
            () if any(&["open", "half_open"]) => Self::new("bad", "failing"),
            () if any(&["parked"]) => Self::new("warn", "daily quota used up"),
            () if any(&["throttled"]) => Self::new("warn", "throttled"),
            () if !health.in_use => Self::new("plain", "not used"),
            () if answers().all(|model| model.served == 0) => {
                Self::new("plain", "not asked lately")
            }
            () => Self::new("good", "healthy"),
        }
    }

    fn of_breaker(breaker: &str) -> Self {
        match breaker {
            "closed" => Self::new("good", "closed"),
            "throttled" => Self::new("warn", "throttled"),
            "half_open" => Self::new("warn", "half open"),
            "parked" => Self::new("warn", "parked"),
            _ => Self::new("bad", "open"),
        }
    }
}

/// How one model does.
pub(super) struct Row {
    pub(super) model: String,
    pub(super) route: &'static str,
    pub(super) breaker: Tag,
    pub(super) until: Option<Moment>,
    pub(super) served: String,
    pub(super) throttled: String,
    pub(super) faults: String,
    pub(super) refused: String,
    pub(super) median: String,
    pub(super) slow: String,
}

impl Row {
    pub(super) fn of(health: ModelHealth) -> Self {
        Self {
            model: model_name(&health.model),
            route: if health.route == "messages" { "answers" } else { "token counts" },
            breaker: Tag::of_breaker(health.breaker),
            until: health.blocked_until.map(Moment::from),
            served: words::count(health.served),
            throttled: words::count(health.throttled),
            faults: words::count(health.faults),
            refused: words::count(health.refused),
            median: words::latency(health.p50_ms),
            slow: words::latency(health.p95_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(breaker: &'static str, served: u64) -> EndpointHealth {
        EndpointHealth {
            id: None,
            name: "e".to_owned(),
            region: "us-east-1".to_owned(),
            geography: "us".to_owned(),
            enabled: true,
            in_use: true,
            in_flight: 0,
            has_credential: true,
            credential_expires_at: None,
            credential_trouble: None,
            models: vec![ModelHealth {
                model: "m".to_owned(),
                route: "messages",
                breaker,
                blocked_until: None,
                served,
                throttled: 0,
                faults: 0,
                refused: 0,
                p50_ms: None,
                p95_ms: None,
            }],
        }
    }

    #[test]
    fn the_worst_is_told() {
        for (breaker, served, word) in [
            ("closed", 3, "healthy"),
            ("closed", 0, "not asked lately"),
            ("throttled", 3, "throttled"),
            ("parked", 3, "daily quota used up"),
            ("half_open", 3, "failing"),
        ] {
            assert_eq!(Tag::of(&health(breaker, served)).word, word);
        }
        let broken = EndpointHealth {
            has_credential: false,
            credential_trouble: Some("no".to_owned()),
            ..health("closed", 3)
        };
        assert_eq!(Tag::of(&broken).word, "no credential");
        assert_eq!(Tag::of(&EndpointHealth { enabled: false, ..broken }).word, "drained");
    }
}
