use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use uuid::Uuid;

use super::*;
use crate::domain::budget::{Applied, Budget, Period, Policy, Source, Target};
use crate::domain::limit::{Account, Measure, Window};

fn purse(scope: Scope, spent: i64) -> Purse {
    let (id, subject_id, period) = (Uuid::nil(), Uuid::nil(), Period::Weekly);
    let (target, policy) = (Target::User, Policy::default());
    let budget = Budget { id, target, subject_id, period, amount: Some(1_000), policy };
    let account = Account { scope, id, measure: Measure::Money(period) };
    let window = Window { starts: 0, ends: 604_800 };
    let applied = Applied { account, window, budget: Arc::new(budget), source: Source::Own };
    Purse { applied, spent }
}

fn shown(status: StatusCode, tell: impl FnOnce(&mut Told)) -> Vec<(String, String)> {
    let (mut told, mut headers) = (Told::default(), HeaderMap::new());
    tell(&mut told);
    told.put(status, &mut headers);
    let prefix = "anthropic-ratelimit-unified-";
    let mut shown: Vec<_> = headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix(prefix)?.to_owned();
            Some((name, value.to_str().ok()?.to_owned()))
        })
        .collect();
    shown.sort();
    shown
}

fn allowed(spent: i64) -> Vec<(String, String)> {
    let standing = Standing { purses: vec![purse(Scope::User, spent)], ..Standing::default() };
    shown(StatusCode::OK, |told| tell(told, &standing, true))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_session_sees_its_spending_as_its_client_expects_it() {
    let reset = ("overage-reset", "604800");
    for (spent, utilization) in [(500, "0.5"), (749, "0.75"), (750, "0.75")] {
        let expected = [
            reset,
            ("overage-status", "allowed"),
            ("overage-utilization", utilization),
            ("representative-claim", "overage"),
            ("reset", "604800"),
            ("status", "allowed"),
        ];
        assert_eq!(allowed(spent), pairs(&expected), "{spent}");
    }
    for (spent, utilization, threshold) in
        [(800, "0.8", "0.75"), (950, "0.95", "0.75"), (960, "0.96", "0.95"), (997, "0.99", "0.95")]
    {
        let expected = [
            reset,
            ("overage-status", "allowed_warning"),
            ("overage-surpassed-threshold", threshold),
            ("overage-utilization", utilization),
            ("representative-claim", "overage"),
            ("reset", "604800"),
            ("status", "allowed_warning"),
        ];
        assert_eq!(allowed(spent), pairs(&expected), "{spent}");
    }
}

#[test]
fn a_session_sees_a_block_as_its_client_expects_it() {
    let block = |scope, spent| {
        shown(StatusCode::TOO_MANY_REQUESTS, |told| {
            tell_block(told, &purse(scope, spent));
        })
    };
    let expected = |utilization| {
        pairs(&[
            ("overage-disabled-reason", "org_spend_cap_reached"),
            ("overage-period", "weekly"),
            ("overage-reset", "604800"),
            ("overage-surpassed-threshold", "1"),
            ("overage-utilization", utilization),
            ("reset", "604800"),
            ("status", "rejected"),
        ])
    };
    assert_eq!(block(Scope::User, 1_000), expected("1"));
    assert_eq!(block(Scope::User, 1_012), expected("1.01"));
    assert_eq!(block(Scope::User, 1_200), expected("1.2"));
    let pool = block(Scope::Team, 1_000);
    assert!(pool.contains(&("overage-scope".to_owned(), "group_pool".to_owned())));
}

#[test]
fn other_credentials_see_none_of_it() {
    let standing = Standing { purses: vec![purse(Scope::User, 800)], ..Standing::default() };
    let told = shown(StatusCode::OK, |t| tell(t, &standing, false));
    assert_eq!(told, []);
    let refused = shown(StatusCode::BAD_GATEWAY, |t| tell(t, &standing, true));
    assert_eq!(refused, [], "only a successful reply has them");
}
