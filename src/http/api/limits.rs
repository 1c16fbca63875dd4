//! Limits and budgets at the edge: what a request claims of them, and what a client is told that may
//! not have it.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::standing;
use crate::actors::limiter::{Asked, Demand, Refused, Reservation};
use crate::actors::worker::Worker;
use crate::domain::budget::{Source, dollars};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::limit::{Account, Measure, Purse, Scope, Short, WhenAway};
use crate::domain::principal::Principal;
use crate::domain::request::MessagesRequest;
use crate::domain::tokens::Tokens;
use crate::http::told::Told;
use crate::telemetry::traffic::{self, Reason};

/// Seconds until a running request is likely to have ended.
const RUNNING_RETRY: u32 = 2;
/// Seconds until the database is worth another try.
const AWAY_RETRY: u32 = 5;

/// Takes what a request claims of its limits; nothing where it has none. What the client is told of
/// them on its reply is left with `request`.
///
/// # Errors
/// The refusal that the client is to see.
pub(super) async fn reserve(
    request: &HttpRequest,
    worker: &Rc<Worker>,
    principal: &Arc<Principal>,
    message: &MessagesRequest,
) -> Result<Option<Reservation>, ApiError> {
    let gateway = &worker.gateway;
    let settings = gateway.settings.load();
    let when_away = if settings.limits_fail_open { WhenAway::Open } else { WhenAway::Closed };
    let default = settings.default_requests_per_minute;
    let demand = || demand(worker, principal.team_id, message);
    let Some(asked) = gateway.limiter.asked(principal, default, when_away, demand) else {
        return Ok(None);
    };
    let answer = gateway.limiter.reserve(Arc::clone(&asked)).await;
    let answer = answer
        .map_err(|error| ApiError::new(ErrorKind::Unavailable, error.to_string()).retry_after(1))?;
    let mut told = Told::default();
    let answer = match answer {
        Ok(admitted) => {
            standing::tell(&mut told, &admitted.standing, principal.came_by_login());
            Ok(Some(admitted.reservation))
        }
        Err(refused) => {
            standing::tell_budget(&mut told, &refused.standing);
            count(worker, refused.short);
            Err(refusal(&asked, &refused, &mut told))
        }
    };
    told.keep(request);
    answer
}

/// Counts a refusal by whose limit it was and what was used up.
fn count(worker: &Worker, short: Short) {
    let (account, reason) = match short {
        Short::UsedUp(account, _) => match account.measure {
            Measure::Requests => (account, Reason::Requests),
            Measure::Tokens => (account, Reason::Tokens),
            _ => (account, Reason::Budget),
        },
        Short::Streams(account) => (account, Reason::Concurrency),
        Short::Busy(account) | Short::Spent(account, _) => (account, Reason::Budget),
        Short::Away(_) | Short::Ask => return,
    };
    let scope = match account.scope {
        Scope::Key => traffic::Scope::Key,
        Scope::User => traffic::Scope::User,
        Scope::Team => traffic::Scope::Team,
    };
    worker.recorder.refused(scope, reason);
}

/// What a request takes at the most: its whole prompt written to the cache, and all the output that it
/// allows.
fn demand(worker: &Worker, team: Option<Uuid>, message: &MessagesRequest) -> Demand {
    let (prompt, output) = (message.estimated_tokens(), message.max_tokens().unwrap_or(0));
    let tokens = Tokens { cache_write_5m: prompt, output, ..Tokens::default() };
    let gateway = &worker.gateway;
    let cost = gateway.endpoints.pool(team).resolve(message.model()).map_or(0, |resolved| {
        let prices = gateway.prices.published.load();
        prices.cost(&tokens, 0, resolved.model, &resolved.profile).nanos
    });
    Demand { tokens: i64::try_from(tokens.limited()).unwrap_or(i64::MAX), cost }
}

fn refusal(asked: &Asked, refused: &Refused, told: &mut Told) -> ApiError {
    let now = Utc::now();
    let purse_of = |account: Account| {
        refused.standing.purses.iter().find(|purse| {
            purse.applied.account.measure == account.measure
                && purse.applied.account.scope == account.scope
        })
    };
    match refused.short {
        Short::UsedUp(account, window) => {
            let seconds = window.seconds_left(now.into());
            let message = match account.measure {
                Measure::Shaped(period) => format!(
                    "The {} budget of this {} is spent so far that its requests are throttled; try \
                     again in {seconds} s.",
                    period.name(),
                    account.scope.name()
                ),
                measure => format!(
                    "This {}'s limit of {} {} per minute is used up; it resets in {seconds} s.",
                    account.scope.name(),
                    limit(asked, account),
                    measure.name()
                ),
            };
            ApiError::new(ErrorKind::RateLimit, message).retry_after(seconds)
        }
        Short::Streams(account) => {
            let message = format!(
                "This {}'s limit of {} requests at the same time is reached; try again when one of them \
                 has ended.",
                account.scope.name(),
                limit(asked, account)
            );
            ApiError::new(ErrorKind::RateLimit, message).retry_after(RUNNING_RETRY)
        }
        Short::Spent(account, _) => match refused.standing.purse().or(purse_of(account)) {
            Some(purse) => {
                if asked.principal.came_by_login() {
                    standing::tell_block(told, purse);
                }
                blocked(purse, now)
            }
            None => ApiError::new(ErrorKind::Billing, "spend limit reached"),
        },
        Short::Busy(account) => {
            let message = format!(
                "What is left of the budget of this {} is reserved by its running requests; try again \
                 when one of them has ended.",
                account.scope.name()
            );
            ApiError::new(ErrorKind::RateLimit, message).retry_after(RUNNING_RETRY)
        }
        Short::Away(_) | Short::Ask => away(asked, told),
    }
}

/// What the client is told where limits cannot be checked and nothing is served unchecked.
fn away(asked: &Asked, told: &mut Told) -> ApiError {
    let message = "Limits and budgets cannot be checked right now. Try again.";
    if asked.principal.came_by_login() && !asked.budgets.is_empty() {
        standing::tell_unknown(told);
        return ApiError::new(ErrorKind::Billing, message);
    }
    ApiError::new(ErrorKind::Unavailable, message).retry_after(AWAY_RETRY)
}

fn limit(asked: &Asked, account: Account) -> i64 {
    asked.claims.iter().find(|claim| claim.account == account).map_or(0, |claim| claim.cap)
}

/// The refusal of a budget that is spent. Claude Code shows the message as it is, with the reset in
/// local words.
fn blocked(purse: &Purse, now: DateTime<Utc>) -> ApiError {
    let budget = &purse.applied.budget;
    let ends = DateTime::from_timestamp(purse.applied.window.ends, 0).unwrap_or_default();
    let whose = match (purse.applied.account.scope, purse.applied.source) {
        (Scope::User, Source::Own) => "your",
        (Scope::User, Source::TeamDefault) => "your team's default",
        (Scope::User, Source::Default) => "the default",
        (Scope::Team, _) => "your team's",
        (Scope::Key, _) => "this key's",
    };
    let resets = match budget.amount {
        Some(0) => String::new(),
        _ => format!(" · resets {}", ends.format("%b %-d")),
    };
    let message = format!(
        "spend limit reached{resets} · {whose} {} budget of ${} is spent (${}); a new period begins {}. \
         Ask an administrator for more.",
        budget.period.name(),
        dollars(budget.amount.unwrap_or_default()),
        dollars(purse.spent),
        ends.format("%Y-%m-%d %H:%M UTC"),
    );
    let seconds = purse.applied.window.seconds_left(now.into());
    ApiError::new(ErrorKind::Billing, message).retry_after(seconds)
}
