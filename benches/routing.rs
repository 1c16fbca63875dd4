//! Which endpoint serves a request: the choice among twenty.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use ccag::domain::breaker::Phase;
use ccag::domain::routing::{Candidate, Strategy, choose, stable_hash};
use criterion::{Criterion, criterion_group, criterion_main};

fn choice(c: &mut Criterion) {
    let candidates: Vec<Candidate> = (0..20)
        .map(|number| Candidate {
            id: stable_hash(&format!("endpoint-{number}")),
            in_flight: number * 7 % 13,
            phase: if number % 5 == 0 { Phase::Throttled } else { Phase::Closed },
            tried: number == 3,
            excluded: number == 4,
        })
        .collect();
    let session = "0b7e5c1e-7c7e-4e0e-9a35-1f8f7f3f0f10";
    for strategy in Strategy::ALL {
        let name = format!("choose among 20 endpoints by {}", strategy.name());
        c.bench_function(&name, |b| {
            b.iter(|| choose(strategy, black_box(&candidates), stable_hash(session), 11).unwrap());
        });
    }
}

criterion_group!(benches, choice);
criterion_main!(benches);
