//! Where notifications can go: a webhook, an SNS topic, an EventBridge bus.

use core::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Longest address, in bytes.
const MAX_TARGET: usize = 2048;

/// What kind of destination it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A signed `POST`.
    Webhook,
    /// An SNS topic.
    Sns,
    /// An EventBridge bus.
    Eventbridge,
}

impl Kind {
    /// The word that the API and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Sns => "sns",
            Self::Eventbridge => "eventbridge",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Webhook, Self::Sns, Self::Eventbridge].into_iter().find(|kind| kind.name() == name)
    }

    /// What an address of this kind looks like.
    #[must_use]
    pub fn takes(self) -> &'static str {
        match self {
            Self::Webhook => "takes an https:// address without a user name or a fragment",
            Self::Sns => "takes the ARN of an SNS topic",
            Self::Eventbridge => "takes the ARN of an EventBridge bus",
        }
    }
}

/// An AWS resource by its ARN.
#[derive(Clone, PartialEq, Eq)]
pub struct Arn {
    text: String,
    /// The region that it lies in.
    pub region: String,
    /// The domain of its partition.
    pub domain: &'static str,
    /// The last part.
    pub resource: String,
}

impl Arn {
    fn parse(text: &str, service: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (Some("arn"), Some(partition)) = (parts.next(), parts.next()) else { return None };
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        if parts.next() != Some(service) {
            return None;
        }
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = |text: &str, also: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        let fits = plain(region, "-")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && plain(resource, "-_./");
        fits.then(|| Self {
            text: text.to_owned(),
            region: region.to_owned(),
            domain,
            resource: resource.to_owned(),
        })
    }

    /// The whole ARN.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Where notifications go.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// The address of a webhook; its path may be a secret.
    Webhook(Url),
    /// An SNS topic.
    Sns(Arn),
    /// An EventBridge bus.
    Eventbridge(Arn),
}

impl Target {
    /// The target of this kind that a text names.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_TARGET {
            return None;
        }
        match kind {
            Kind::Webhook => webhook(text).map(Self::Webhook),
            Kind::Sns => Arn::parse(text, "sns").map(Self::Sns),
            Kind::Eventbridge => {
                let bus = Arn::parse(text, "events")?;
                bus.resource.starts_with("event-bus/").then_some(Self::Eventbridge(bus))
            }
        }
    }

    /// The target that a text names, of whichever kind.
    #[must_use]
    pub fn of_any_kind(text: &str) -> Option<Self> {
        [Kind::Webhook, Kind::Sns, Kind::Eventbridge]
            .into_iter()
            .find_map(|kind| Self::parse(kind, text))
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Webhook(_) => Kind::Webhook,
            Self::Sns(_) => Kind::Sns,
            Self::Eventbridge(_) => Kind::Eventbridge,
        }
    }
}

/// The target as it may be shown: of a webhook only where it leads.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(url) => write!(f, "{}/…", url.origin().ascii_serialization()),
            Self::Sns(arn) | Self::Eventbridge(arn) => f.write_str(&arn.text),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Clear text is for receivers on this machine only, where tests have theirs.
fn webhook(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let fits = (url.scheme() == "https" || (url.scheme() == "http" && is_here))
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    fits.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_own() {
        let topic = "arn:aws:sns:eu-west-1:111122223333:ccag-events.fifo";
        let bus = "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/ops/ccag";
        for (text, kind, shown) in [
            (
                "https://hooks.example.com/T0/secret?x=1",
                Kind::Webhook,
                "https://hooks.example.com/…",
            ),
            ("https://hooks.example.com:8443/", Kind::Webhook, "https://hooks.example.com:8443/…"),
            ("http://127.0.0.1:9/x", Kind::Webhook, "http://127.0.0.1:9/…"),
            ("http://[::1]:9/x", Kind::Webhook, "http://[::1]:9/…"),
            (topic, Kind::Sns, topic),
            (bus, Kind::Eventbridge, bus),
        ] {
            let target = Target::of_any_kind(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((target.kind(), target.to_string()), (kind, shown.to_owned()));
            assert!(!format!("{target:?}").contains("secret"), "{target:?}");
        }
        let Some(Target::Sns(arn)) = Target::of_any_kind(topic) else { panic!() };
        assert_eq!((arn.region.as_str(), arn.domain), ("eu-west-1", "amazonaws.com"));
    }

    #[test]
    fn nothing_else_is_taken() {
        for text in [
            "",
            "hooks.example.com",
            "http://hooks.example.com/",
            "http://10.0.0.1/",
            "ftp://hooks.example.com/",
            "https://user:pass@hooks.example.com/",
            "https://hooks.example.com/#x",
            "file:///etc/passwd",
            "arn:aws:sns:eu-west-1:1111:topic",
            "arn:aws:sns:eu-west-1:111122223333:",
            "arn:aws:sns:evil.example.com/:111122223333:topic",
            "arn:aws:events:eu-west-1:111122223333:rule/x",
            "arn:aws:sqs:eu-west-1:111122223333:queue",
            "arn:aws-iso:sns:us-iso-east-1:111122223333:topic",
        ] {
            assert_eq!(Target::of_any_kind(text), None, "{text}");
        }
        let long = format!("https://hooks.example.com/{}", "x".repeat(MAX_TARGET));
        assert_eq!(Target::of_any_kind(&long), None);
    }
}
