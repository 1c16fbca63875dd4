//! Where somebody stands after a request was let through or refused: what headers tell.

use super::window::Window;
use crate::domain::budget::{Applied, Status};

/// A limit of requests or tokens within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What is allowed in the window.
    pub limit: i64,
    /// What is left of it.
    pub remaining: i64,
    /// The window.
    pub window: Window,
}

/// A budget, and what is spent of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    /// The budget.
    pub applied: Applied,
    /// What is spent, in nano-dollars.
    pub spent: i64,
}

impl Purse {
    /// How far it is spent.
    #[must_use]
    pub fn status(&self) -> Status {
        self.applied.budget.status(self.spent)
    }

    /// What is left until the amount is spent, in nano-dollars.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        self.applied.budget.amount.unwrap_or(i64::MAX).saturating_sub(self.spent).max(0)
    }
}

/// All limits that a request counted against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The tightest limit of requests.
    pub requests: Option<Rate>,
    /// The tightest limit of tokens.
    pub tokens: Option<Rate>,
    /// The budgets.
    pub purses: Vec<Purse>,
}

impl Standing {
    /// The budget that is told: of those that block the one that resets last, else the fullest.
    #[must_use]
    pub fn purse(&self) -> Option<&Purse> {
        self.purses.iter().max_by_key(|purse| {
            let blocks = purse.status() == Status::Blocked;
            let ends = if blocks { purse.applied.window.ends } else { 0 };
            (blocks, ends, purse.applied.budget.percent(purse.spent))
        })
    }
}
