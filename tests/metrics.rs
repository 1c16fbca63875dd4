//! `docs/metrics.md`, written from the declarations of the metrics, and the dashboard and alert rules
//! held against them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use ccag::http::ops::metrics::DECLARED;
use ccag::telemetry::catalogue::document;

const HEAD: &str = "# Metrics\n\nWhat `GET /metrics` says and what goes out by OTLP. This file follows from the declarations in the code; \
    `UPDATE_GOLDEN=1 cargo nextest run --test metrics` writes it anew.\n\n\
    Every label has a closed set of values, or one that only admins can make larger; nothing that a client sends becomes one. A counter of more than 64 series \
    shows those that have counted something; a histogram with labels likewise.\n";

fn path(parts: &[&str]) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR")].iter().chain(parts).collect()
}

#[test]
fn the_document_of_metrics_tells_the_declarations() {
    let path = path(&["docs", "metrics.md"]);
    let wanted = format!("{HEAD}{}", document(DECLARED));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "docs/metrics.md is stale");
}

#[test]
fn names_are_those_of_the_conventions_and_stand_once() {
    let mut seen = BTreeSet::new();
    for metric in DECLARED.iter().flat_map(|(_, metrics)| *metrics) {
        assert!(seen.insert(metric.name), "{} is declared twice", metric.name);
        assert!(metric.name.starts_with("ccag_"), "{}", metric.name);
        let counts = metric.name.ends_with("_total");
        assert_eq!(counts, metric.kind.word() == "counter", "{}", metric.name);
        if metric.kind.word() == "histogram" {
            assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
        }
        assert!(!metric.help().is_empty(), "{}", metric.name);
    }
}
