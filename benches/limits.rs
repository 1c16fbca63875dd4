//! What limits and budgets cost a request: taking all that it claims and settling it, in the ledger
//! alone and through the limiter's actor with two producers. Needs a database:
//! `target/debug/examples/with_database cargo bench --bench limits`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor as _, Arbiter, System};
use ccag::actors::Limits;
use ccag::actors::limiter::{Asked, Demand};
use ccag::actors::notifier::{Notifier, Routes};
use ccag::actors::tree::{Adopt, Board, OnArbiter, Supervisor};
use ccag::domain::budget::Period;
use ccag::domain::limit::{
    Account, Actual, Claim, Granted, Ledger, Measure, Moment, Scope, WhenAway, Window,
};
use ccag::domain::principal::{CredentialKind, Principal, RateLimits, Role};
use ccag::storage::login::LogIn;
use ccag::storage::vault::Vault;
use ccag::storage::{DatabaseRuntime, Target, migrate};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::future::join_all;
use tokio::sync::watch;
use uuid::Uuid;

/// Requests that each producer has under way.
const IN_FLIGHT: u64 = 32;
const PRODUCERS: u64 = 2;
const ACTUAL: Actual = Actual { tokens: 900, cost: 4_000 };

fn ledger(c: &mut Criterion) {
    let claim = |measure, window| Claim {
        account: Account { scope: Scope::User, id: Uuid::nil(), measure },
        window,
        cap: i64::MAX / 1024,
        most: 1,
        shape: None,
    };
    let now = Moment(1_764_000_000_000);
    let claims = [
        claim(Measure::Requests, Window::minute(now)),
        claim(Measure::Tokens, Window::minute(now)),
        claim(Measure::Streams, Window::ALWAYS),
        claim(Measure::Money(Period::Daily), Window::ALWAYS),
    ];
    let mut ledger = Ledger::default();
    assert!(ledger.reserve(&claims, now, WhenAway::Open).is_err());
    for ask in ledger.due(now) {
        let granted = Granted { held: ask.cap, elsewhere: 0, spent: 0 };
        ledger.granted(&ask, granted, now);
    }
    c.bench_function("take and settle four claims in the ledger", |b| {
        b.iter(|| {
            let entries = ledger.reserve(&claims, now, WhenAway::Open).unwrap();
            ledger.settle(&entries, "req_1", Some(ACTUAL));
            ledger.recorded("req_1");
        });
    });
}

fn principal() -> Arc<Principal> {
    let limits = RateLimits {
        requests_per_minute: Some(u32::MAX),
        tokens_per_minute: Some(u32::MAX),
        concurrent_streams: Some(u32::MAX),
    };
    Arc::new(Principal {
        credential: CredentialKind::ApiKey,
        key_id: Some(Uuid::now_v7()),
        client_session_id: None,
        user_id: Uuid::now_v7(),
        user_name: "ann".to_owned(),
        role: Role::Member,
        team_id: None,
        team_name: None,
        models: None,
        key_limits: limits,
        user_limits: RateLimits::default(),
        team_limits: RateLimits::default(),
        expires_at: None,
    })
}

/// So many requests, taken and settled one after another on each of the producer's tasks.
async fn produce(limits: &Limits, asked: &Arc<Asked>, requests: u64) {
    let task = |count: u64| async move {
        for number in 0..count {
            let answer = limits.reserve(Arc::clone(asked)).await.unwrap();
            let taken = answer.expect("nothing is used up").reservation;
            taken.settle(&format!("req_{number}"), ACTUAL);
        }
    };
    join_all((0..IN_FLIGHT).map(|_| task(requests.div_ceil(IN_FLIGHT)))).await;
}

fn actor(c: &mut Criterion) {
    let url = std::env::var("CCAG_TEST_DATABASE_URL").expect("run it by examples/with_database");
    let runtime = DatabaseRuntime::start().unwrap();
    let target = Target::new(url.parse().unwrap(), LogIn::Fixed, None).unwrap();
    let database = runtime.open(target, 4).unwrap();
    let system = System::new();
    let limits = system.block_on(async {
        migrate(&database).await.unwrap();
        let limits = Limits::load(&database).await.unwrap();
        let (gave_up, _) = watch::channel(false);
        let root = Supervisor::new(Board::default(), gave_up).start();
        let vault = Vault::new(&"x".repeat(32).into()).unwrap();
        let notifier = Notifier::new(vault, None, Routes::default());
        let (lent, db) = (limits.clone(), database.clone());
        let recipe = OnArbiter::new(&limits.name, &Arbiter::new().handle(), move |tombstone| {
            lent.owner(db.clone(), notifier.clone(), tombstone)
        });
        root.send(Adopt(Box::new(recipe))).await.unwrap();
        limits
    });
    let demand = Demand { tokens: 1_000, cost: 5_000 };
    let asked = || limits.asked(&principal(), None, WhenAway::Open, || demand).unwrap();
    let one = asked();
    c.bench_function("take and settle three claims, one request at a time", |b| {
        b.iter(|| {
            let answer = system.block_on(limits.reserve(Arc::clone(&one))).unwrap();
            answer.unwrap().reservation.settle("req_1", ACTUAL);
        });
    });
    c.bench_function("take and settle three claims, two producers of 32 each", |b| {
        b.iter_custom(|requests| {
            let began = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..PRODUCERS {
                    let (limits, asked) = (limits.clone(), asked());
                    let share = requests.div_ceil(PRODUCERS);
                    scope.spawn(move || System::new().block_on(produce(&limits, &asked, share)));
                }
            });
            began.elapsed()
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(5));
    targets = ledger, actor
}
criterion_main!(benches);
