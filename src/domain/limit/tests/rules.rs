use super::*;

#[test]
fn a_small_limit_is_exact_whichever_instances_its_requests_come_to() {
    for instances in 1..=4 {
        let (mut store, mut ledgers) = (Store::default(), Vec::new());
        ledgers.resize_with(instances, Ledger::default);
        let claim = claim(Measure::Requests, 7, 1);
        let passed = (0..40).filter(|n| {
            reserve(&mut store, &mut ledgers, n % instances, claim, Moment(NOW)).is_ok()
        });
        assert_eq!(passed.count(), 7, "{instances} instances");
    }
}

#[test]
fn a_large_limit_needs_few_asks_and_is_exact_to_one_percent() {
    const LIMIT: i64 = 10_000;
    let (mut store, mut ledgers) = (Store::default(), vec![Ledger::default(), Ledger::default()]);
    let claim = claim(Measure::Requests, LIMIT, 1);
    let (mut passed, mut asks) = (0, 0);
    for tenth in 0..300_i64 {
        let now = Moment(NOW + tenth * 100);
        for request in 0..60 {
            // The second instance gets every sixth request.
            let instance = usize::from(request % 6 == 0);
            match ledgers[instance].reserve(&[claim], now, WhenAway::Closed) {
                Ok(_) => passed += 1,
                Err(Short::Ask) => {
                    sync(&mut store, &mut ledgers, instance, now);
                    asks += 1;
                    passed += i64::from(
                        ledgers[instance].reserve(&[claim], now, WhenAway::Closed).is_ok(),
                    );
                }
                Err(_) => {}
            }
        }
        for instance in 0..2 {
            ledgers[instance].tick(now);
            sync(&mut store, &mut ledgers, instance, now);
        }
    }
    assert!((LIMIT - LIMIT / 100..=LIMIT + LIMIT / 100).contains(&passed), "{passed}");
    assert!(asks < 30, "{asks} requests waited for Postgres");
}

#[test]
fn streams_come_back_when_they_end_and_count_everywhere() {
    let (mut store, mut ledgers) = (Store::default(), vec![Ledger::default(), Ledger::default()]);
    let claim = claim(Measure::Streams, 2, 1);
    let mut now = Moment(NOW);
    let first = reserve(&mut store, &mut ledgers, 0, claim, now).unwrap();
    reserve(&mut store, &mut ledgers, 1, claim, now).unwrap();
    assert!(matches!(reserve(&mut store, &mut ledgers, 1, claim, now), Err(Short::Streams(_))));
    ledgers[0].settle(&first, "", None);
    sync(&mut store, &mut ledgers, 0, now);
    now = Moment(NOW + 100);
    assert!(reserve(&mut store, &mut ledgers, 1, claim, now).is_ok());
    assert!(matches!(reserve(&mut store, &mut ledgers, 0, claim, now), Err(Short::Streams(_))));
}

#[test]
fn an_estimate_larger_than_what_is_left_runs_alone() {
    let (mut store, mut ledgers) = (Store::default(), vec![Ledger::default(), Ledger::default()]);
    let claim = claim(MONEY, 1_000, 5_000);
    let now = Moment(NOW);
    let first = reserve(&mut store, &mut ledgers, 0, claim, now).unwrap();
    assert_eq!(first[0].amount, 1_000);
    for instance in 0..2 {
        let second = reserve(&mut store, &mut ledgers, instance, claim, now);
        assert!(matches!(second, Err(Short::Busy(_))), "{second:?}");
    }
    ledgers[0].settle(&first, "a", Some(Actual { tokens: 0, cost: 1_100 }));
    *store.spent.entry(claim.account).or_default() += 1_100;
    ledgers[0].recorded("a");
    let later = Moment(NOW + 1_000);
    for instance in 0..2 {
        sync(&mut store, &mut ledgers, instance, later);
        let third = reserve(&mut store, &mut ledgers, instance, claim, later);
        assert!(matches!(third, Err(Short::Spent(..))), "{third:?}");
    }
    let raised = Claim { cap: 2_000, ..claim };
    assert!(
        reserve(&mut store, &mut ledgers, 1, raised, later).is_ok(),
        "a higher cap counts at once"
    );
}

#[test]
fn a_shaped_budget_lets_a_few_through_per_minute() {
    let (mut store, mut ledgers) = (Store::default(), vec![Ledger::default()]);
    store.spent.insert(account(MONEY), 1_000);
    let shape = Some(Shape { at: 1_000, requests_per_minute: 2 });
    let claim = Claim { shape, ..claim(MONEY, 100_000, 1) };
    let now = Moment(NOW);
    let passed =
        (0..5).filter(|_| reserve(&mut store, &mut ledgers, 0, claim, now).is_ok()).count();
    assert_eq!(passed, 2);
    let refused = reserve(&mut store, &mut ledgers, 0, claim, now);
    assert!(
        matches!(refused, Err(Short::UsedUp(account, _)) if account.measure == Measure::Shaped(Period::Daily))
    );
}

#[test]
fn all_is_taken_or_nothing() {
    let mut ledger = Ledger::default();
    let (requests, streams) = (claim(Measure::Requests, 5, 1), claim(Measure::Streams, 1, 1));
    let mut store = Store::default();
    let mut both = |ledger: &mut Ledger| loop {
        match ledger.reserve(&[requests, streams], Moment(NOW), WhenAway::Closed) {
            Err(Short::Ask) => {
                let asks = ledger.due(Moment(NOW));
                asks.iter().for_each(|ask| ledger.granted(ask, store.take(0, ask), Moment(NOW)));
            }
            decided => return decided,
        }
    };
    assert!(both(&mut ledger).is_ok());
    for _ in 0..10 {
        assert!(both(&mut ledger).is_err());
    }
    assert_eq!(ledger.level(requests.account, requests.window).taken, 1);
}

#[test]
fn away_from_postgres_it_goes_on_by_what_it_knows_or_refuses() {
    let mut ledger = Ledger::default();
    let claim = claim(Measure::Requests, 3, 1);
    let mut ask = |when| ledger.reserve(&[claim], Moment(NOW), when);
    assert_eq!(ask(WhenAway::Open), Err(Short::Ask));
    let asks = ledger.due(Moment(NOW));
    ledger.unanswered(&asks, Moment(NOW));
    let mut ask = |when| ledger.reserve(&[claim], Moment(NOW), when);
    assert!(matches!(ask(WhenAway::Closed), Err(Short::Away(_))));
    assert_eq!((0..9).filter(|_| ask(WhenAway::Open).is_ok()).count(), 3);
}

#[test]
fn a_request_that_waits_over_the_end_of_its_minute_still_gets_its_answer() {
    let (mut store, mut ledgers) = (Store::default(), vec![Ledger::default()]);
    let claim = claim(Measure::Requests, 3, 1);
    let asked = ledgers[0].reserve(&[claim], Moment(NOW), WhenAway::Closed);
    assert_eq!(asked, Err(Short::Ask));
    let next_minute = Moment(claim.window.ends * 1000 + 50);
    ledgers[0].tick(next_minute);
    ledgers[0].forget_wants();
    assert!(reserve(&mut store, &mut ledgers, 0, claim, next_minute).is_ok());
}
