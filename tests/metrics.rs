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

/// A selector such as `ccag_requests_total{outcome="failed"}` in an expression.
struct Selector {
    name: String,
    matchers: Vec<(String, String)>,
}

/// The selectors of the gateway's metrics in a text.
fn selectors(text: &str) -> Vec<Selector> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("ccag") {
        let before = rest[..at].chars().next_back();
        let name: String = rest[at..].chars().take_while(|c| is_name(*c)).collect();
        rest = &rest[at + name.len()..];
        if before.is_some_and(is_name) || !name.starts_with("ccag_") {
            continue;
        }
        let braces = rest.strip_prefix('{').and_then(|inside| Some(inside.split_once('}')?.0));
        let matchers = braces.unwrap_or_default().split(',').filter_map(|matcher| {
            let (label, value) = matcher.trim().split_once(['=', '!'])?;
            let value = value.trim_start_matches(['=', '~', '!']).trim_matches(['"', '\\']);
            Some((label.to_owned(), value.to_owned()))
        });
        found.push(Selector { name, matchers: matchers.collect() });
    }
    found
}

#[track_caller]
fn names_only_what_exists(file: &str) {
    let text = std::fs::read_to_string(path(&["infra", "observability", file])).unwrap();
    let found = selectors(&text.replace("\\\"", "\""));
    assert!(!found.is_empty(), "{file} names no metric");
    for Selector { name, matchers } in found {
        let metric = DECLARED.iter().flat_map(|(_, metrics)| *metrics).find(|metric| {
            let rest = name.strip_prefix(metric.name);
            rest.is_some_and(|rest| match metric.kind.word() {
                "histogram" => ["", "_bucket", "_count", "_sum"].contains(&rest),
                _ => rest.is_empty(),
            })
        });
        let metric = metric.unwrap_or_else(|| panic!("{file} names {name}, which is not declared"));
        for (label, value) in matchers.iter().filter(|(label, _)| label != "instance") {
            let label = metric.labels.iter().find(|declared| declared.name == label);
            let label =
                label.unwrap_or_else(|| panic!("{file}: {name} has no such label: {matchers:?}"));
            for value in value.split('|') {
                assert!(label.values.take(value), "{file}: {name} is never {value:?}");
            }
        }
    }
}

#[test]
fn the_rules_name_only_what_exists() {
    names_only_what_exists("rules.yml");
    names_only_what_exists("rules_test.yml");
}

#[test]
fn the_dashboard_names_only_what_exists_and_shows_each_thing_once() {
    names_only_what_exists("dashboard.json");
    let text =
        std::fs::read_to_string(path(&["infra", "observability", "dashboard.json"])).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    let titles: BTreeSet<_> = panels.iter().map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), titles.len()), (panels.len(), panels.len()));
}

fn promtool(arguments: &[&str]) {
    let folder = path(&["infra", "observability"]);
    let done = std::process::Command::new("promtool").args(arguments).current_dir(folder).output();
    let done =
        done.expect("promtool is there: install prometheus (Debian: apt-get install prometheus)");
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn promtool_takes_the_rules_and_they_say_what_they_must() {
    promtool(&["check", "rules", "rules.yml"]);
    promtool(&["test", "rules", "rules_test.yml"]);
}
