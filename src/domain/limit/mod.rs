//! Limits: how much of something a user, a team or a key may use within a window of time.
//!
//! Each instance holds a share of every account it serves and spends it in memory; Postgres hands the
//! shares out, so that all shares together never exceed the account. The rules of one share stand in
//! `share`, those of all shares of an instance in `ledger`; what is handed out is decided by the
//! SQL function `take_grant`, and here only asked for.

mod ask;
mod claim;
mod habit;
mod ledger;
mod share;
mod short;
mod standing;
#[cfg(test)]
mod tests;
mod window;

pub use ask::{Ask, Granted, Level};
pub use claim::{Account, Claim, Entry, Measure, Scope, Shape};
pub use ledger::{Actual, Ledger};
pub use short::{Short, WhenAway};
pub use standing::{Purse, Rate, Standing};
pub use window::{Moment, Window};
