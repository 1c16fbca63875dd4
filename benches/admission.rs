//! What stands before a request is sent: finding its key.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::HashMap;
use std::hint::black_box;

use arc_swap::ArcSwap;
use ccag::domain::key::KeyHash;
use criterion::{Criterion, criterion_group, criterion_main};

const KEYS: usize = 10_000;

fn key(c: &mut Criterion) {
    let key = |n: usize| format!("sk-ccag-{n:064x}");
    let hash = |n: usize| KeyHash::of(key(n).as_bytes()).unwrap();
    let table: HashMap<KeyHash, usize> = (0..KEYS).map(|n| (hash(n), n)).collect();
    let published = ArcSwap::from_pointee(table);
    let sent = key(4711);
    c.bench_function("hash a key and look it up among 10,000", |b| {
        b.iter(|| {
            let hash = KeyHash::of(black_box(sent.as_bytes())).unwrap();
            published.load().get(&hash).copied()
        });
    });
}

criterion_group!(benches, key);
criterion_main!(benches);
