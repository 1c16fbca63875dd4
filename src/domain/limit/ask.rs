//! What instances ask Postgres for, and what it answers.

use super::claim::Account;
use super::window::Window;

/// What an instance asks Postgres for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The account.
    pub account: Account,
    /// The window.
    pub window: Window,
    /// What is used already: this much is held in any case.
    pub used: i64,
    /// What is to be held, as far as it is there.
    pub needed: i64,
    /// What to hold beyond `used` ahead of need, at most the `part`th part of what is left.
    pub ahead: i64,
    /// See `ahead`.
    pub part: i64,
    /// All that may be used.
    pub cap: i64,
}

/// What Postgres answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// What this instance holds now.
    pub held: i64,
    /// What others hold.
    pub elsewhere: i64,
    /// What was spent and is in the usage table; money only.
    pub spent: i64,
}

/// How far an account is used, as far as this instance knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// What is used or reserved, here and elsewhere.
    pub taken: i64,
    /// What is spent for good; money only.
    pub spent: i64,
}
