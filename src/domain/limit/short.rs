//! Why a request cannot have what it claims, and what becomes of it then.

use super::claim::{Account, Entry, Measure};
use super::share::Share;
use super::window::Window;

/// How long a limit that is used up is taken for granted, in milliseconds.
const USED_UP: i64 = 250;
/// Slots of streams come back at any moment: the same for them.
const STREAMS_USED_UP: i64 = 50;
/// The same for a budget: its spending never falls, and its changes are announced.
const BLOCKED: i64 = 1_000;

/// What to do where Postgres must be asked and does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAway {
    /// Each instance goes on by what it knows, and counts.
    Open,
    /// What is not granted yet is refused.
    Closed,
}

/// Why a request cannot have what it claims; the later ones outrank the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Short {
    /// Postgres must be asked first.
    Ask,
    /// Requests that run hold what is left of a budget.
    Busy(Account),
    /// As many streams run as may.
    Streams(Account),
    /// The limit of this window is used up.
    UsedUp(Account, Window),
    /// Postgres is away, and what it has not granted is refused.
    Away(Account),
    /// The budget of this window is spent.
    Spent(Account, Window),
}

/// How long a shortage is taken for granted.
pub(super) fn shelf_life(share: &Share, account: Account) -> i64 {
    match account.measure {
        Measure::Streams => STREAMS_USED_UP,
        Measure::Money(_) if share.spent() >= share.cap => BLOCKED,
        _ => USED_UP,
    }
}

/// What becomes of a claim that is larger than what is `left`: an estimate may take the rest where no
/// other request runs, since the request may need less, and nothing would ever fit otherwise.
pub(super) fn rest(
    share: &Share,
    entry: &impl Fn(i64) -> Entry,
    (account, window): (Account, Window),
    left: i64,
    spent: i64,
) -> Result<Entry, Short> {
    if account.measure.is_estimated() && left > 0 && share.is_alone(account.measure) {
        return Ok(entry(left));
    }
    Err(match account.measure {
        Measure::Money(_) if spent >= share.cap => Short::Spent(account, window),
        Measure::Money(_) => Short::Busy(account),
        Measure::Streams => Short::Streams(account),
        _ => Short::UsedUp(account, window),
    })
}
