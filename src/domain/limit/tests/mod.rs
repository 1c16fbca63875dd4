mod interleavings;
mod rules;

use std::collections::HashMap;

use uuid::Uuid;

use super::*;
use crate::domain::budget::Period;

const NOW: i64 = 1_764_000_000_000;

/// What `take_grant` does, in memory: who holds how much of each account, and what is recorded.
#[derive(Default)]
struct Store {
    held: HashMap<(Account, Window), HashMap<usize, i64>>,
    spent: HashMap<Account, i64>,
}

impl Store {
    fn take(&mut self, instance: usize, ask: &Ask) -> Granted {
        let held = self.held.entry((ask.account, ask.window)).or_default();
        let elsewhere = held.iter().filter(|(at, _)| **at != instance).map(|(_, held)| held).sum();
        let spent = self.spent.get(&ask.account).copied().unwrap_or(0);
        let available = ask.cap.saturating_sub(spent).saturating_sub(elsewhere);
        let ahead = ask.ahead.min((available - ask.used).max(0) / ask.part);
        let wanted = ask.needed.max(ask.used.saturating_add(ahead));
        let grant = ask.used.max(available.min(wanted));
        held.insert(instance, grant);
        Granted { held: grant, elsewhere, spent }
    }
}

fn account(measure: Measure) -> Account {
    Account { scope: Scope::User, id: Uuid::nil(), measure }
}

fn claim(measure: Measure, cap: i64, most: i64) -> Claim {
    let window = match measure {
        Measure::Streams => Window::ALWAYS,
        Measure::Money(_) => Window { starts: NOW / 1000 - 1_000, ends: NOW / 1000 + 1_000_000 },
        _ => Window::minute(Moment(NOW)),
    };
    Claim { account: account(measure), window, cap, most, shape: None }
}

/// Has an instance ask for all that is due and get its answer.
fn sync(store: &mut Store, ledgers: &mut [Ledger], instance: usize, now: Moment) {
    for ask in ledgers[instance].due(now) {
        let granted = store.take(instance, &ask);
        ledgers[instance].granted(&ask, granted, now);
    }
}

/// Reserves with as many rounds to Postgres as a request waits for.
fn reserve(
    store: &mut Store,
    ledgers: &mut [Ledger],
    instance: usize,
    claim: Claim,
    now: Moment,
) -> Result<Vec<Entry>, Short> {
    for _ in 0..3 {
        match ledgers[instance].reserve(&[claim], now, WhenAway::Closed) {
            Err(Short::Ask) => sync(store, ledgers, instance, now),
            decided => return decided,
        }
    }
    Err(Short::Ask)
}

const MONEY: Measure = Measure::Money(Period::Daily);
