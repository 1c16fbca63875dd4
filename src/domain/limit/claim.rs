//! What a request claims of the accounts that it counts against.

use uuid::Uuid;

use super::window::Window;
use crate::domain::budget::Period;

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A user's, over all keys of the user.
    User,
    /// A team's, over all its users and keys.
    Team,
    /// A key's.
    Key,
}

impl Scope {
    /// The word that rows, JSON and messages use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Team => "team",
            Self::Key => "key",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::User, Self::Team, Self::Key].into_iter().find(|scope| scope.name() == name)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Requests within a minute.
    Requests,
    /// Tokens within a minute: input, cache writes and output; what the cache is read for is free.
    Tokens,
    /// Requests that are served at the same time.
    Streams,
    /// Requests within a minute while a budget of this period throttles.
    Shaped(Period),
    /// Nano-dollars within a budget's period.
    Money(Period),
}

impl Measure {
    /// The word that rows use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Streams => "streams",
            Self::Shaped(Period::Daily) => "shaped_daily",
            Self::Shaped(Period::Weekly) => "shaped_weekly",
            Self::Shaped(Period::Monthly) => "shaped_monthly",
            Self::Money(Period::Daily) => "money_daily",
            Self::Money(Period::Weekly) => "money_weekly",
            Self::Money(Period::Monthly) => "money_monthly",
        }
    }

    /// Whether it is money.
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(self, Self::Money(_))
    }

    /// Whether a share is held for as long as what it stands for lasts, and not used up with its
    /// window: running streams, and money that is not yet in the usage table.
    #[must_use]
    pub fn lasts(self) -> bool {
        matches!(self, Self::Streams | Self::Money(_))
    }

    /// Whether requests claim an estimate of it, and are settled by what they really took.
    #[must_use]
    pub fn is_estimated(self) -> bool {
        matches!(self, Self::Tokens | Self::Money(_))
    }
}

/// Something that is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Whose it is.
    pub scope: Scope,
    /// The id of the user, team or key.
    pub id: Uuid,
    /// What is counted.
    pub measure: Measure,
}

/// From where on a budget throttles, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Nano-dollars of spending.
    pub at: i64,
    /// Requests per minute from there on.
    pub requests_per_minute: u32,
}

/// What one request may take of one account at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The account.
    pub account: Account,
    /// The window that it counts in.
    pub window: Window,
    /// All that may be used in the window; [`i64::MAX`] where nothing is refused.
    pub cap: i64,
    /// What the request takes at the most.
    pub most: i64,
    /// Whether the account throttles before it is used up.
    pub shape: Option<Shape>,
}

/// What one request has taken of one account, until it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// The window that it counts in.
    pub window: Window,
    /// What was taken.
    pub amount: i64,
    /// What the request could take at the most.
    pub most: i64,
}
