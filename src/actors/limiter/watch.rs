//! Tells people, through the notifier, when a rule of a budget is reached and when a limit refuses.
//! That each fact is told once across all instances, and once per period or hour, lies in its key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::claims::Asked;
use crate::actors::notifier::Notifier;
use crate::domain::budget::{Action, Applied, Nanos, Rule};
use crate::domain::limit::{Account, Ask, Ledger, Moment, Scope, Short, Standing, Window};
use crate::domain::notification::{Event, EventType, Party, Severity};
use crate::domain::principal::Principal;

/// Budgets that are watched, and facts that are remembered as told.
const MAX_WATCHED: usize = 50_000;

/// What is watched.
pub(super) struct Watch {
    notifier: Notifier,
    budgets: HashMap<(Account, Window), Watched>,
    told: HashSet<String>,
}

struct Watched {
    applied: Applied,
    principal: Arc<Principal>,
    /// The highest threshold that was told, in percent.
    told: u32,
}

impl Watch {
    pub(super) fn new(notifier: Notifier) -> Self {
        Self { notifier, budgets: HashMap::new(), told: HashSet::new() }
    }

    /// Notes the budgets of a request, and tells what they have reached.
    pub(super) fn see(&mut self, asked: &Asked, standing: &Standing) {
        for purse in &standing.purses {
            let key = (purse.applied.account, purse.applied.window);
            if self.budgets.len() >= MAX_WATCHED && !self.budgets.contains_key(&key) {
                self.budgets.clear();
            }
            let watched = self.budgets.entry(key).or_insert_with(|| Watched {
                applied: purse.applied.clone(),
                principal: Arc::clone(&asked.principal),
                told: 0,
            });
            if watched.applied.budget != purse.applied.budget {
                // The budget was edited: its rules are reached anew.
                (watched.applied, watched.told) = (purse.applied.clone(), 0);
            }
            watched.tell(purse.spent, &self.notifier);
        }
    }

    /// Tells what budgets have reached by what the ledger has just learned of them.
    pub(super) fn look(&mut self, asks: &[Ask], ledger: &Ledger) {
        for Ask { account, window, .. } in asks {
            if let Some(watched) = self.budgets.get_mut(&(*account, *window)) {
                watched.tell(ledger.level(*account, *window).spent, &self.notifier);
            }
        }
    }

    /// Tells of a limit that refused, once per hour.
    pub(super) fn refused(&mut self, asked: &Asked, short: Short, now: Moment) {
        let account = match short {
            Short::UsedUp(account, _) | Short::Streams(account) => account,
            _ => return,
        };
        let limit = asked.claims.iter().find(|claim| claim.account == account);
        let hour = now.0.div_euclid(3_600_000);
        let measure = account.measure.name();
        let key = format!("rate_limit:{}:{}:{measure}:{hour}", account.scope.name(), account.id);
        if self.told.len() >= MAX_WATCHED {
            self.told.clear();
        }
        if !self.told.insert(key.clone()) {
            return;
        }
        let (user, team) = parties(account.scope, &asked.principal);
        self.notifier.emit(Event {
            key,
            event_type: EventType::RateLimitReached,
            severity: Severity::Warning,
            user,
            team,
            detail: json!({
                "scope": account.scope.name(),
                "key_id": (account.scope == Scope::Key).then_some(account.id),
                "measure": measure,
                "limit": limit.map(|claim| claim.cap),
            }),
            timestamp: moment(now),
        });
    }
}

impl Watched {
    fn tell(&mut self, spent: i64, notifier: &Notifier) {
        let budget = Arc::clone(&self.applied.budget);
        for rule in budget.reached(spent) {
            if rule.at_percent > self.told {
                self.told = rule.at_percent;
                notifier.emit(self.event(rule, spent));
            }
        }
    }

    fn event(&self, rule: Rule, spent: i64) -> Event {
        let Applied { account, window, budget, source } = &self.applied;
        let (event_type, severity) = match rule.action {
            Action::Notify => (EventType::BudgetWarning, Severity::Warning),
            Action::Shape { .. } => (EventType::BudgetShaped, Severity::High),
            Action::Block => (EventType::BudgetBlocked, Severity::Critical),
        };
        let (user, team) = parties(account.scope, &self.principal);
        let (scope, id) = (account.scope.name(), account.id);
        let (period, percent, amount) =
            (budget.period.name(), rule.at_percent, budget.amount.unwrap_or_default());
        Event {
            key: format!("budget:{scope}:{id}:{period}:{}:{amount}:{percent}", window.starts),
            event_type,
            severity,
            user,
            team,
            detail: json!({
                "budget_id": budget.id,
                "scope": scope,
                "source": source,
                "key_id": (account.scope == Scope::Key).then_some(id),
                "period": period,
                "period_start": date(window.starts),
                "period_end": date(window.ends),
                "threshold_percent": percent,
                "percent": budget.percent(spent),
                "spend_usd": Nanos(spent),
                "limit_usd": Nanos(amount),
            }),
            timestamp: Utc::now(),
        }
    }
}

/// Whom an event is about: of a team's account the team alone.
fn parties(scope: Scope, principal: &Principal) -> (Option<Party>, Option<Party>) {
    let user = Party { id: principal.user_id, name: principal.user_name.clone() };
    let team = principal.team_id.zip(principal.team_name.clone());
    let team = team.map(|(id, name)| Party { id, name });
    ((scope != Scope::Team).then_some(user), team)
}

fn moment(at: Moment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}

fn date(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
