//! Which accounts a request counts against, and what it claims of each.

use std::sync::Arc;

use chrono::Utc;
use uuid::Uuid;

use super::Limits;
use crate::domain::budget::Applied;
use crate::domain::limit::{
    Account, Claim, Ledger, Measure, Moment, Purse, Rate, Scope, Standing, WhenAway, Window,
};
use crate::domain::principal::{Principal, RateLimits};

/// What a request takes at the most.
#[derive(Debug, Clone, Copy, Default)]
pub struct Demand {
    /// Tokens that count.
    pub tokens: i64,
    /// Nano-dollars.
    pub cost: i64,
}

/// A request's question whether it may be served.
#[derive(Debug)]
pub struct Asked {
    /// Who asks.
    pub principal: Arc<Principal>,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// The budgets among that.
    pub budgets: Vec<Applied>,
    /// What to do where Postgres is away.
    pub when_away: WhenAway,
}

impl Limits {
    /// What a request of `principal` must ask for; `None` where nothing limits it. `default` is the
    /// limit of keys that have none of their own.
    pub fn asked(
        &self,
        principal: &Arc<Principal>,
        default: Option<u32>,
        when_away: WhenAway,
        demand: impl FnOnce() -> Demand,
    ) -> Option<Arc<Asked>> {
        let now = Utc::now();
        let Principal { user_id, team_id, key_id, .. } = **principal;
        let budgets = self.book.load().applied(Some(user_id), team_id, key_id, now);
        let key_limits = RateLimits {
            requests_per_minute: principal.key_limits.requests_per_minute.or(default),
            ..principal.key_limits
        };
        let limits = [
            (Scope::Key, Some(key_id.unwrap_or(user_id)), key_limits),
            (Scope::User, Some(user_id), principal.user_limits),
            (Scope::Team, team_id, principal.team_limits),
        ];
        let has_limits = limits.iter().any(|(_, id, limits)| id.is_some() && *limits != NONE);
        if budgets.is_empty() && !has_limits {
            return None;
        }
        let is_estimated = |limits: &RateLimits| limits.tokens_per_minute.is_some();
        let demand = if budgets.is_empty() && !limits.iter().any(|(.., l)| is_estimated(l)) {
            Demand::default()
        } else {
            demand()
        };
        let mut claims: Vec<Claim> = budgets.iter().map(|b| b.claim(demand.cost)).collect();
        for (scope, id, limits) in limits {
            if let Some(id) = id {
                claims.extend(of_limits(scope, id, limits, demand, now.into()));
            }
        }
        let principal = Arc::clone(principal);
        Some(Arc::new(Asked { principal, claims, budgets, when_away }))
    }
}

const NONE: RateLimits =
    RateLimits { requests_per_minute: None, tokens_per_minute: None, concurrent_streams: None };

fn of_limits(
    scope: Scope,
    id: Uuid,
    limits: RateLimits,
    demand: Demand,
    now: Moment,
) -> impl Iterator<Item = Claim> {
    let minute = Window::minute(now);
    let claim = move |measure, window, limit: Option<u32>, most| {
        let account = Account { scope, id, measure };
        limit.map(|limit| Claim { account, window, cap: i64::from(limit), most, shape: None })
    };
    [
        claim(Measure::Requests, minute, limits.requests_per_minute, 1),
        claim(Measure::Tokens, minute, limits.tokens_per_minute, demand.tokens),
        claim(Measure::Streams, Window::ALWAYS, limits.concurrent_streams, 1),
    ]
    .into_iter()
    .flatten()
}

impl Asked {
    /// Where the owner stands by what the ledger knows.
    pub(super) fn standing(&self, ledger: &Ledger) -> Standing {
        let rate = |measure| {
            let claims = self.claims.iter().filter(|claim| claim.account.measure == measure);
            let rates = claims.map(|claim| {
                let taken = ledger.level(claim.account, claim.window).taken;
                let remaining = claim.cap.saturating_sub(taken).max(0);
                Rate { limit: claim.cap, remaining, window: claim.window }
            });
            rates.min_by_key(|rate| rate.remaining)
        };
        let purse = |applied: &Applied| Purse {
            applied: applied.clone(),
            spent: ledger.level(applied.account, applied.window).spent,
        };
        Standing {
            requests: rate(Measure::Requests),
            tokens: rate(Measure::Tokens),
            purses: self.budgets.iter().map(purse).collect(),
        }
    }
}
