//! One instance's share of one account in one window: what it was granted, what it has used of that,
//! and when it must ask Postgres again.

use super::ask::{Ask, Granted, Level};
use super::claim::{Account, Measure};
use super::window::{Moment, Window};

/// A shortage that is known is asked about again after this, in milliseconds.
const PACE: i64 = 100;
/// How long what is known of others' spending is good enough, in milliseconds.
const REFRESH: i64 = 1_000;
/// How long after its last request an account counts as used, in milliseconds.
const LIVELY: i64 = 10_000;
/// The part of what is left of a budget that an instance holds ahead of need.
const MONEY_AHEAD: i64 = 64;
/// The part of what is left of any other account that an instance may hold ahead of need.
const OTHER_AHEAD: i64 = 16;
/// The part of an account that an instance may use before Postgres has answered: with five instances
/// still within 1 %.
const CREDIT: i64 = 512;

/// The share.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub(super) cap: i64,
    /// Granted by Postgres.
    held: i64,
    /// Taken of it. Money stays taken until it is in the usage table.
    used: i64,
    /// The part of `used` that is settled and waits to be in the usage table.
    settled: i64,
    /// Requests that are not settled yet.
    running: u32,
    elsewhere: i64,
    spent: i64,
    /// When Postgres last answered.
    known_at: Option<Moment>,
    touched_at: Moment,
    /// What requests that wait need beyond what is free.
    wanted: i64,
    /// Taken since the last tick, and per second on average.
    taken: i64,
    rate: i64,
    /// Whether an ask is under way, and what left `used` since it was sent.
    asked: bool,
    left_since: i64,
}

impl Share {
    pub(super) fn new(cap: i64, now: Moment, rate: i64) -> Self {
        Self {
            cap,
            held: 0,
            used: 0,
            settled: 0,
            running: 0,
            elsewhere: 0,
            spent: 0,
            known_at: None,
            touched_at: now,
            wanted: 0,
            taken: 0,
            rate,
            asked: false,
            left_since: 0,
        }
    }

    /// What could be used in all, were everything that nobody else holds granted to this instance.
    fn reach(&self) -> i64 {
        self.cap.saturating_sub(self.spent).saturating_sub(self.elsewhere)
    }

    /// What can be taken without asking.
    pub(super) fn free(&self) -> i64 {
        self.held.min(self.reach()) - self.used
    }

    /// What nobody holds, as far as is known.
    pub(super) fn unclaimed(&self) -> i64 {
        self.reach().saturating_sub(self.held.max(self.used))
    }

    /// What could be taken if nobody else took anything.
    pub(super) fn within_reach(&self) -> i64 {
        self.reach().saturating_sub(self.used)
    }

    /// What may be taken before Postgres has answered; nothing of money.
    pub(super) fn credit(&self, measure: Measure) -> i64 {
        if measure.is_money() {
            return 0;
        }
        let unclaimed = if self.known_at.is_some() { self.unclaimed() } else { self.cap };
        (self.cap / CREDIT).min(unclaimed) + self.free().min(0)
    }

    pub(super) fn is_known(&self) -> bool {
        self.known_at.is_some()
    }

    /// Milliseconds since Postgres last answered.
    pub(super) fn age(&self, now: Moment) -> i64 {
        self.known_at.map_or(i64::MAX, |at| now.since(at))
    }

    /// What is spent for good: in the usage table, or on the way there.
    pub(super) fn known_spent(&self) -> i64 {
        self.spent.saturating_add(self.settled)
    }

    pub(super) fn spent(&self) -> i64 {
        self.spent
    }

    /// True where no other request is served on the account, as far as is known.
    pub(super) fn is_alone(&self, measure: Measure) -> bool {
        self.running == 0 && (!measure.is_money() || self.elsewhere == 0)
    }

    pub(super) fn rate(&self) -> i64 {
        self.rate
    }

    pub(super) fn level(&self) -> Level {
        let taken = self.elsewhere.saturating_add(self.spent).saturating_add(self.used);
        Level { taken, spent: self.known_spent() }
    }

    pub(super) fn touch(&mut self, cap: i64, now: Moment) {
        (self.cap, self.touched_at) = (cap, now);
    }

    pub(super) fn want(&mut self, amount: i64) {
        self.wanted = self.wanted.saturating_add(amount);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted > 0
    }

    pub(super) fn want_nothing(&mut self) {
        self.wanted = 0;
    }

    pub(super) fn take(&mut self, amount: i64) {
        self.used = self.used.saturating_add(amount);
        self.taken = self.taken.saturating_add(amount);
        self.running += 1;
    }

    /// Ends a request that took `amount` and leaves `rest` of it taken.
    pub(super) fn settle(&mut self, amount: i64, rest: i64) {
        self.used = self.used.saturating_sub(amount).saturating_add(rest);
        self.running = self.running.saturating_sub(1);
    }

    /// Notes that this much of what is taken waits to be in the usage table.
    pub(super) fn await_record(&mut self, cost: i64) {
        self.settled = self.settled.saturating_add(cost);
    }

    /// Notes that the usage table has it now, so that it no longer counts as held.
    pub(super) fn recorded(&mut self, cost: i64) {
        self.settled = self.settled.saturating_sub(cost);
        self.used = self.used.saturating_sub(cost);
        self.held = self.held.saturating_sub(cost);
        self.spent = self.spent.saturating_add(cost);
        self.left_since = self.left_since.saturating_add(cost);
    }

    /// Takes note of the demand of the last tenth of a second.
    pub(super) fn tick(&mut self) {
        let taken = std::mem::take(&mut self.taken).saturating_mul(10);
        self.rate = self.rate.saturating_mul(7).saturating_add(taken) / 8;
    }

    /// What to ask Postgres for, if that is due.
    pub(super) fn ask(&mut self, account: Account, window: Window, now: Moment) -> Option<Ask> {
        let (target, free, age) = (self.target(account.measure, now), self.free(), self.age(now));
        let may_grow = self.unclaimed() > 0 || age >= PACE;
        let has_debt = free < 0 && self.cap < i64::MAX;
        let is_short = (self.wanted > 0 || has_debt) && may_grow;
        let is_low = free < target / 2 && (self.unclaimed() > 0 || !self.is_known());
        let has_surplus = self.is_known() && free > 0 && free / 2 >= target;
        let is_stale = account.measure.is_money() && age >= REFRESH && self.is_lively(now);
        if self.asked || !(is_short || is_low || has_surplus || is_stale) {
            return None;
        }
        let kept = self.used.saturating_add(free.clamp(0, target));
        let ask = Ask {
            account,
            window,
            used: self.used,
            needed: kept.saturating_add(std::mem::take(&mut self.wanted)),
            ahead: target,
            part: part(account.measure),
            cap: self.cap,
        };
        // What is given back must not be taken while the ask is under way.
        self.held = self.held.min(kept);
        (self.asked, self.left_since) = (true, 0);
        Some(ask)
    }

    /// Takes note of an answer; `None` where there was none.
    pub(super) fn answered(&mut self, granted: Option<Granted>, now: Moment) {
        self.asked = false;
        let Some(granted) = granted else { return };
        self.held = granted.held.saturating_sub(self.left_since);
        (self.elsewhere, self.spent) = (granted.elsewhere, granted.spent);
        self.known_at = Some(now);
    }

    /// Forgets an ask that nobody waits for any more.
    pub(super) fn resume(&mut self) {
        (self.asked, self.wanted) = (false, 0);
    }

    /// What is good to hold ahead of need.
    fn target(&self, measure: Measure, now: Moment) -> i64 {
        if self.cap == i64::MAX {
            return 0;
        }
        let bound = self.within_reach().max(0) / part(measure);
        match measure {
            Measure::Money(_) if now.since(self.touched_at) < LIVELY => bound,
            Measure::Money(_) => 0,
            _ => bound.min(self.rate / 2),
        }
    }

    fn is_lively(&self, now: Moment) -> bool {
        self.running > 0 || self.settled > 0 || now.since(self.touched_at) < LIVELY
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&self, now: Moment) -> bool {
        let is_empty = self.used == 0 && self.held <= 0 && self.running == 0 && self.wanted == 0;
        is_empty && !self.asked && now.since(self.touched_at) >= LIVELY
    }
}

fn part(measure: Measure) -> i64 {
    if measure.is_money() { MONEY_AHEAD } else { OTHER_AHEAD }
}
