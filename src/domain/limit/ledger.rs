//! All shares of one instance: reserves for requests, settles them, and knows what to ask for.

use std::collections::HashMap;

use super::ask::{Ask, Granted, Level};
use super::claim::{Account, Claim, Entry, Measure};
use super::habit::Habit;
use super::share::Share;
use super::short::{Short, WhenAway, rest, shelf_life};
use super::window::{Moment, Window};

/// How long before its end the next minute is asked for, in milliseconds.
const NEXT_MINUTE: i64 = 1_000;
/// How long after a period's end its rows may come into the usage table, in milliseconds.
const LOST: i64 = 6 * 60 * 60 * 1_000;
/// Asks that are sent at once.
const MAX_ASKS: usize = 500;
/// Requests that wait to be in the usage table; of more than these it is no longer known.
const MAX_UNRECORDED: usize = 100_000;
/// Habits that are remembered.
const MAX_HABITS: usize = 50_000;

/// What a request really took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actual {
    /// Tokens that count.
    pub tokens: i64,
    /// Nano-dollars.
    pub cost: i64,
}

/// The shares of one instance.
#[derive(Debug, Default)]
pub struct Ledger {
    shares: HashMap<(Account, Window), Share>,
    habits: HashMap<Account, Habit>,
    unrecorded: HashMap<String, Vec<(Account, Window, i64)>>,
    /// The shares of which requests that wait want more.
    wanting: Vec<(Account, Window)>,
    is_away: bool,
}

impl Ledger {
    /// Takes all that a request claims, or nothing.
    ///
    /// # Errors
    /// [`Short`]; after [`Short::Ask`] and [`Short::Busy`] the claims are part of what is asked for.
    pub fn reserve(
        &mut self,
        claims: &[Claim],
        now: Moment,
        away: WhenAway,
    ) -> Result<Vec<Entry>, Short> {
        let mut entries = Vec::with_capacity(claims.len());
        let mut worst = None;
        for claim in claims {
            match self.check(claim, now, away) {
                Ok(entry) => entries.push(entry),
                Err(short) => worst = worst.max(Some(short)),
            }
            if let Some(shaped) = self.shaped(claim, now) {
                match self.check(&shaped, now, away) {
                    Ok(entry) => entries.push(entry),
                    Err(short) => worst = worst.max(Some(short)),
                }
            }
        }
        if let Some(short) = worst {
            if matches!(short, Short::Ask | Short::Busy(_)) {
                self.want(claims, now);
            }
            return Err(short);
        }
        for entry in &entries {
            if let Some(share) = self.shares.get_mut(&(entry.account, entry.window)) {
                share.take(entry.amount);
            }
        }
        Ok(entries)
    }

    /// The claim of a budget's throttle, where it throttles now.
    fn shaped(&self, claim: &Claim, now: Moment) -> Option<Claim> {
        let (Measure::Money(period), Some(shape)) = (claim.account.measure, claim.shape) else {
            return None;
        };
        let share = self.shares.get(&(claim.account, claim.window))?;
        (share.known_spent() >= shape.at).then_some(Claim {
            account: Account { measure: Measure::Shaped(period), ..claim.account },
            window: Window::minute(now),
            cap: i64::from(shape.requests_per_minute),
            most: 1,
            shape: None,
        })
    }

    fn want(&mut self, claims: &[Claim], now: Moment) {
        let shaped: Vec<Claim> = claims.iter().filter_map(|c| self.shaped(c, now)).collect();
        for claim in claims.iter().chain(&shaped) {
            let amount = self.amount(claim);
            if let Some(share) = self.shares.get_mut(&(claim.account, claim.window))
                && (share.free() < amount || !share.is_known())
            {
                share.want(amount);
                self.wanting.push((claim.account, claim.window));
            }
        }
    }

    /// Forgets what requests that wait want: they are about to ask anew.
    pub fn forget_wants(&mut self) {
        for key in self.wanting.drain(..) {
            if let Some(share) = self.shares.get_mut(&key) {
                share.want_nothing();
            }
        }
    }

    /// What is reserved for a claim.
    fn amount(&self, claim: &Claim) -> i64 {
        if !claim.account.measure.is_estimated() {
            return claim.most;
        }
        self.habits.get(&claim.account).copied().unwrap_or_default().expected(claim.most)
    }

    fn check(&mut self, claim: &Claim, now: Moment, away: WhenAway) -> Result<Entry, Short> {
        let amount = self.amount(claim);
        let (account, window) = (claim.account, claim.window);
        let rate = match self.shares.contains_key(&(account, window)) {
            true => 0,
            false => self.shares.get(&(account, window.previous())).map_or(0, Share::rate),
        };
        let share = self.shares.entry((account, window));
        let share = share.or_insert_with(|| Share::new(claim.cap, now, rate));
        share.touch(claim.cap, now);
        let entry = |amount| Entry { account, window, amount, most: claim.most };
        if claim.cap == i64::MAX && (share.is_known() || claim.shape.is_none() || self.is_away) {
            return Ok(entry(amount));
        }
        if share.free() >= amount || share.credit(account.measure) >= amount {
            return Ok(entry(amount));
        }
        if self.is_away {
            return match away {
                WhenAway::Closed => Err(Short::Away(account)),
                WhenAway::Open if share.within_reach() >= amount => Ok(entry(amount)),
                WhenAway::Open => rest(
                    share,
                    &entry,
                    (account, window),
                    share.within_reach(),
                    share.known_spent(),
                ),
            };
        }
        if !share.is_known() || share.unclaimed() > 0 || share.age(now) > shelf_life(share, account)
        {
            return Err(Short::Ask);
        }
        rest(share, &entry, (account, window), share.free(), share.spent())
    }

    /// Ends a request: gives back what it did not take, counts what it took beyond.
    /// `None` means that it never came so far as to take anything.
    pub fn settle(&mut self, entries: &[Entry], request_id: &str, actual: Option<Actual>) {
        let mut unrecorded = Vec::new();
        for Entry { account, window, amount, most } in entries.iter().copied() {
            let took = match (account.measure, actual) {
                (Measure::Streams, _) | (_, None) => 0,
                (Measure::Requests | Measure::Shaped(_), Some(_)) => amount,
                (Measure::Tokens, Some(actual)) => actual.tokens,
                (Measure::Money(_), Some(actual)) => actual.cost,
            };
            if account.measure.is_estimated() {
                self.learn(account, most, took);
            }
            let Some(share) = self.shares.get_mut(&(account, window)) else { continue };
            share.settle(amount, took);
            if account.measure.is_money() && took > 0 {
                share.await_record(took);
                unrecorded.push((account, window, took));
            }
        }
        if unrecorded.is_empty() {
            return;
        }
        if self.unrecorded.len() < MAX_UNRECORDED {
            self.unrecorded.insert(request_id.to_owned(), unrecorded);
        } else {
            self.forget(unrecorded);
        }
    }

    fn learn(&mut self, account: Account, most: i64, took: i64) {
        if self.habits.len() >= MAX_HABITS && !self.habits.contains_key(&account) {
            self.habits.clear();
        }
        self.habits.entry(account).or_default().learn(most, took);
    }

    /// Notes that the usage table has the row of a request.
    pub fn recorded(&mut self, request_id: &str) {
        let costs = self.unrecorded.remove(request_id);
        self.forget(costs.unwrap_or_default());
    }

    fn forget(&mut self, costs: Vec<(Account, Window, i64)>) {
        for (account, window, cost) in costs {
            if let Some(share) = self.shares.get_mut(&(account, window)) {
                share.recorded(cost);
            }
        }
    }

    /// What to ask Postgres for now, in the one order in which instances take locks.
    pub fn due(&mut self, now: Moment) -> Vec<Ask> {
        let shares = self.shares.iter_mut();
        let asks = shares.filter_map(|((account, window), share)| {
            // Of a minute that is over only a request that came in it may still want something.
            (!window.is_over(now) || account.measure.is_money() || share.is_wanted())
                .then(|| share.ask(*account, *window, now))
                .flatten()
        });
        let mut asks: Vec<Ask> = asks.take(MAX_ASKS).collect();
        asks.sort_by_key(|ask| (ask.account, ask.window));
        asks
    }

    /// Takes note of an answer.
    pub fn granted(&mut self, ask: &Ask, granted: Granted, now: Moment) {
        if let Some(share) = self.shares.get_mut(&(ask.account, ask.window)) {
            share.answered(Some(granted), now);
        }
    }

    /// Takes note that Postgres answers.
    pub fn back(&mut self) {
        self.is_away = false;
    }

    /// Takes note that no answer came.
    pub fn unanswered(&mut self, asks: &[Ask], now: Moment) {
        self.is_away = true;
        for ask in asks {
            if let Some(share) = self.shares.get_mut(&(ask.account, ask.window)) {
                share.answered(None, now);
            }
        }
    }

    /// Takes note that whoever asked is gone, and with it what waited for an answer.
    pub fn resume(&mut self) {
        self.wanting.clear();
        self.shares.values_mut().for_each(Share::resume);
    }

    /// True where Postgres did not answer the last time.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    /// To be called each tenth of a second: learns the demand, prepares the next minute, and forgets
    /// what is over.
    pub fn tick(&mut self, now: Moment) {
        let mut following = Vec::new();
        self.shares.retain(|(account, window), share| {
            share.tick();
            if account.measure.lasts() {
                return !share.is_idle(now) && !window.is_over(Moment(now.0 - LOST));
            }
            let ends_soon = window.ends.saturating_mul(1000).saturating_sub(now.0) <= NEXT_MINUTE;
            if ends_soon && share.rate() > 1 {
                following.push((*account, window.next(), share.cap, share.rate()));
            }
            !window.is_over(now)
        });
        for (account, window, cap, rate) in following {
            self.shares.entry((account, window)).or_insert_with(|| Share::new(cap, now, rate));
        }
    }

    /// How far an account is used.
    #[must_use]
    pub fn level(&self, account: Account, window: Window) -> Level {
        self.shares.get(&(account, window)).map(Share::level).unwrap_or_default()
    }

    /// How many shares there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shares.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }
}
