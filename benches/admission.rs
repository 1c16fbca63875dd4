//! What stands before a request is sent: finding its key, and asking the limiter.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use actix::{Actor as _, Arbiter, System};
use arc_swap::ArcSwap;
use ccag::actors::Limits;
use ccag::actors::tree::{Adopt, Board, OnArbiter, Supervisor};
use ccag::domain::key::KeyHash;
use ccag::domain::limit::Window;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::sync::watch;
use uuid::Uuid;

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

fn limit(c: &mut Criterion) {
    let mut window = Window::default();
    c.bench_function("count a request against a window", |b| {
        b.iter(|| window.take(black_box(Duration::from_secs(60)), u32::MAX));
    });
    let system = System::new();
    let limits = Limits::default();
    let (gave_up, _) = watch::channel(false);
    system.block_on(async {
        let root = Supervisor::new(Board::default(), gave_up).start();
        let lent = limits.clone();
        let recipe = OnArbiter::new(&limits.name, &Arbiter::new().handle(), move |t| lent.owner(t));
        root.send(Adopt(Box::new(recipe))).await.unwrap();
    });
    let id = Uuid::new_v4();
    c.bench_function("ask the limiter on its own thread", |b| {
        b.iter(|| system.block_on(limits.reserve(id, Some(u32::MAX))).unwrap());
    });
}

criterion_group!(benches, key, limit);
criterion_main!(benches);
