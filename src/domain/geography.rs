//! Where Bedrock may run an inference profile.

use std::fmt;

/// The reach of an inference profile; the prefix of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Geography {
    /// United States.
    Us,
    /// Europe.
    Eu,
    /// Asia-Pacific.
    Apac,
    /// Australia: Sydney and Melbourne.
    Au,
    /// Japan: Tokyo and Osaka.
    Jp,
    /// AWS GovCloud, a partition of its own.
    UsGov,
    /// Any commercial region.
    Global,
}

impl Geography {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Us, Self::Eu, Self::Apac, Self::Au, Self::Jp, Self::UsGov, Self::Global];

    /// The geography of a prefix, without the dot.
    #[must_use]
    pub fn named(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|geography| geography.prefix() == prefix)
    }

    /// The narrowest geography that a region belongs to; `Global` where it has none of its own.
    #[must_use]
    pub fn of_region(region: &str) -> Self {
        match region {
            "ap-northeast-1" | "ap-northeast-3" => Self::Jp,
            "ap-southeast-2" | "ap-southeast-4" => Self::Au,
            _ if region.starts_with("us-gov-") => Self::UsGov,
            _ if region.starts_with("us-") => Self::Us,
            _ if region.starts_with("eu-") => Self::Eu,
            _ if region.starts_with("ap-") => Self::Apac,
            _ => Self::Global,
        }
    }

    /// The geography of a profile id or ARN; `None` for opaque ARNs and base ids.
    #[must_use]
    pub fn of_profile(profile: &str) -> Option<Self> {
        if profile.starts_with("arn:aws-us-gov:") {
            return Some(Self::UsGov);
        }
        let id = profile.rsplit('/').next().unwrap_or(profile);
        Self::split(id).map(|(geography, _)| geography)
    }

    /// Splits a profile id into its geography and the base id.
    pub(super) fn split(id: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|geography| {
            let base = id.strip_prefix(geography.prefix())?.strip_prefix('.')?;
            Some((geography, base))
        })
    }

    /// The prefix of profile ids, without the dot.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Apac => "apac",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::UsGov => "us-gov",
            Self::Global => "global",
        }
    }

    /// This one, and what may stand in for it, narrowest first. GovCloud reaches nothing else.
    #[must_use]
    pub fn wider(self) -> &'static [Self] {
        match self {
            Self::Us => &[Self::Us, Self::Global],
            Self::Eu => &[Self::Eu, Self::Global],
            Self::Apac => &[Self::Apac, Self::Global],
            Self::Au => &[Self::Au, Self::Apac, Self::Global],
            Self::Jp => &[Self::Jp, Self::Apac, Self::Global],
            Self::UsGov => &[Self::UsGov],
            Self::Global => &[Self::Global],
        }
    }
}

impl fmt::Display for Geography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}
