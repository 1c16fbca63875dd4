use proptest::prelude::*;

use super::*;

/// One thing that can happen to a budget that several instances serve.
#[derive(Debug, Clone)]
enum Step {
    Reserve { instance: usize, most: i64, cost: i64 },
    Settle { which: usize },
    Record { which: usize },
    Send { instance: usize },
    Answer { instance: usize },
    LoseAnswer { instance: usize },
    Tick { instance: usize },
    Crash { instance: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let instance = 0..3_usize;
    prop_oneof![
        5 => (instance.clone(), 1..300_i64, 0..100_i64).prop_map(|(instance, most, percent)| {
            Step::Reserve { instance, most, cost: most * percent / 100 }
        }),
        4 => any::<usize>().prop_map(|which| Step::Settle { which }),
        3 => any::<usize>().prop_map(|which| Step::Record { which }),
        4 => instance.clone().prop_map(|instance| Step::Send { instance }),
        4 => instance.clone().prop_map(|instance| Step::Answer { instance }),
        1 => instance.clone().prop_map(|instance| Step::LoseAnswer { instance }),
        2 => instance.clone().prop_map(|instance| Step::Tick { instance }),
        1 => instance.prop_map(|instance| Step::Crash { instance }),
    ]
}

struct Running {
    instance: usize,
    id: String,
    entries: Vec<Entry>,
    cost: i64,
}

#[derive(Default)]
struct Life {
    store: Store,
    ledgers: Vec<Ledger>,
    answers: HashMap<usize, Vec<(Ask, Granted)>>,
    running: Vec<Running>,
    settled: Vec<(String, usize, i64)>,
    spent: i64,
    /// What requests took beyond their estimate, and what crashed with its instance.
    error: i64,
    now: i64,
    next: usize,
}

impl Life {
    fn step(&mut self, step: &Step, claim: Claim) {
        let now = Moment(self.now);
        match *step {
            Step::Reserve { instance, most, cost } => {
                let claim = Claim { most, ..claim };
                let reserved = self.ledgers[instance].reserve(&[claim], now, WhenAway::Closed);
                if let Ok(entries) = reserved {
                    let id = self.next.to_string();
                    self.next += 1;
                    self.running.push(Running { instance, id, entries, cost });
                }
            }
            Step::Settle { which } if !self.running.is_empty() => {
                let at = which % self.running.len();
                let Running { instance, id, entries, cost } = self.running.swap_remove(at);
                self.ledgers[instance].settle(&entries, &id, Some(Actual { tokens: 0, cost }));
                self.spent += cost;
                self.error += (cost - entries[0].amount).max(0);
                self.settled.push((id, instance, cost));
            }
            Step::Record { which } if !self.settled.is_empty() => {
                let at = which % self.settled.len();
                let (id, instance, cost) = self.settled.swap_remove(at);
                *self.store.spent.entry(claim.account).or_default() += cost;
                self.ledgers[instance].recorded(&id);
            }
            Step::Send { instance } => {
                for ask in self.ledgers[instance].due(now) {
                    let granted = self.store.take(instance, &ask);
                    self.answers.entry(instance).or_default().push((ask, granted));
                }
            }
            Step::Answer { instance } => {
                for (ask, granted) in self.answers.remove(&instance).unwrap_or_default() {
                    self.ledgers[instance].granted(&ask, granted, now);
                }
            }
            Step::LoseAnswer { instance } => {
                let lost = self.answers.remove(&instance).unwrap_or_default();
                let asks: Vec<Ask> = lost.into_iter().map(|(ask, _)| ask).collect();
                self.ledgers[instance].unanswered(&asks, now);
            }
            Step::Tick { instance } => {
                self.now += 100;
                self.ledgers[instance].tick(now);
            }
            Step::Crash { instance } => self.crash(instance),
            Step::Settle { .. } | Step::Record { .. } => {}
        }
    }

    /// What an instance held is free again; what ran on it is lost, what was settled is still recorded.
    fn crash(&mut self, instance: usize) {
        self.ledgers[instance] = Ledger::default();
        self.answers.remove(&instance);
        for held in self.store.held.values_mut() {
            held.remove(&instance);
        }
        self.running.retain(|running| running.instance != instance);
        let unrecorded = self.settled.iter().filter(|(_, at, _)| *at == instance);
        self.error += unrecorded.map(|(_, _, cost)| cost).sum::<i64>();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Any interleaving of reserving, settling, recording, granting and crashing keeps what is spent
    /// within the cap, but for what requests took beyond their estimates.
    #[test]
    fn no_interleaving_spends_more_than_the_cap(
        cap in 0..3_000_i64,
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let mut life = Life { now: NOW, ..Life::default() };
        life.ledgers.resize_with(3, Ledger::default);
        let claim = claim(MONEY, cap, 1);
        for step in &steps {
            life.step(step, claim);
            prop_assert!(life.spent <= cap + life.error, "{} of {cap} after {step:?}", life.spent);
        }
    }

    /// The same for requests within a minute, of which nothing comes back.
    #[test]
    fn no_interleaving_passes_a_limit(
        cap in 0..400_i64,
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let mut life = Life { now: NOW, ..Life::default() };
        life.ledgers.resize_with(3, Ledger::default);
        let claim = claim(Measure::Requests, cap, 1);
        let mut passed = 0;
        for step in &steps {
            match step {
                Step::Reserve { instance, .. } => {
                    let reserved = life.ledgers[*instance].reserve(&[claim], Moment(life.now), WhenAway::Closed);
                    passed += i64::from(reserved.is_ok());
                }
                // A minute's share dies with its instance, and the next one has a name of its own.
                Step::Crash { .. } | Step::Settle { .. } | Step::Record { .. } => {}
                other => life.step(other, claim),
            }
            prop_assert!(passed <= cap, "{passed} of {cap} after {step:?}");
        }
    }
}
