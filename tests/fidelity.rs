//! `docs/fidelity.md`, written from the capability table, and held against it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::path::PathBuf;

use ccag::domain::capability::{Feature, Otherwise};
use ccag::domain::error::ErrorKind;
use ccag::domain::model;

/// One model for each column of the document, with its heading.
const COLUMNS: [(&str, &str); 18] = [
    ("claude-3-5-haiku-20241022", "Haiku 3.5"),
    ("claude-3-7-sonnet-20250219", "Sonnet 3.7"),
    ("claude-sonnet-4-0", "Sonnet 4"),
    ("claude-opus-4-20250514", "Opus 4"),
    ("claude-opus-4-1", "Opus 4.1"),
    ("claude-haiku-4-5", "Haiku 4.5"),
    ("claude-sonnet-4-5", "Sonnet 4.5"),
    ("claude-opus-4-5", "Opus 4.5"),
    ("claude-sonnet-4-6", "Sonnet 4.6"),
    ("claude-opus-4-6", "Opus 4.6"),
    ("claude-opus-4-7", "Opus 4.7"),
    ("claude-opus-4-8", "Opus 4.8"),
    ("claude-opus-5", "Opus 5"),
    ("claude-sonnet-5", "Sonnet 5"),
    ("claude-fable-5", "Fable 5, 5.1, 5.2"),
    ("claude-haiku-5-5", "Haiku 5.5"),
    ("claude-sonnet-5-5", "Sonnet 5.5"),
    ("claude-opus-5-5", "Opus 5.5"),
];

/// What `docs/fidelity.md` has to say, from the capability table.
fn fidelity() -> String {
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|(name, heading)| (*heading, model::find(name).expect(name).capability))
        .collect();
    let mut out = String::from(
        "# Fidelity\n\nWhat the models on Bedrock take of the Messages API, and what the gateway does where one does not. This file follows from the \
         capability table (`src/domain/capability`); `UPDATE_GOLDEN=1 cargo nextest run fidelity` writes it anew.\n\n\
         `+` the model takes it, `b` it takes it under the beta named, `.` it does not, and the last column says what becomes of it. What was changed \
         in a request stands in the header `x-ccag-adjusted` of its answer. A refusal is a 400 whose message has `capability_rejected:` and the class, \
         where Claude Code knows one. Bedrock's own refusals are learned for a day per endpoint and profile; `/admin/verdicts` shows and overrules them.\n\n",
    );
    let names: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    writeln!(out, "| feature | in the request | {} | where not taken |", names.join(" | "))
        .unwrap();
    writeln!(out, "|---|---|{}---|", ":-:|".repeat(names.len())).unwrap();
    for feature in Feature::ALL {
        let cells: Vec<&str> = columns
            .iter()
            .map(|(_, row)| match (row.takes(*feature), row.beta(*feature)) {
                (false, _) => ".",
                (true, None) => "+",
                (true, Some(_)) => "b",
            })
            .collect();
        let place = [feature.place(), feature.beta().unwrap_or_default()];
        let place: Vec<_> =
            place.iter().filter(|it| !it.is_empty()).map(|it| format!("`{it}`")).collect();
        let otherwise = match feature.otherwise() {
            Otherwise::Removed => "left out".to_owned(),
            Otherwise::Translated(how) => format!("becomes {how}"),
            Otherwise::Refused(Some(class)) => format!("refused: `{class}`"),
            Otherwise::Refused(None) => "refused".to_owned(),
        };
        let cells = cells.join(" | ");
        writeln!(out, "| `{}` | {} | {cells} | {otherwise} |", feature.id(), place.join("<br>"))
            .unwrap();
    }
    out.push_str("\n## Limits\n\n| model | context | largest `max_tokens` | shortest cached prefix | PDF pages | CountTokens |\n|---|--:|--:|--:|--:|---|\n");
    for (heading, row) in &columns {
        let counts = if row.takes(Feature::CountTokens) { "by Bedrock" } else { "estimated" };
        writeln!(
            out,
            "| {heading} | {} | {} | {} | {} | {counts} |",
            row.context, row.max_output, row.min_cached, row.max_pages
        )
        .unwrap();
    }
    out
}

#[test]
fn the_document_of_fidelity_tells_the_table() {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs", "fidelity.md"].iter().collect();
    let wanted = fidelity();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        wanted,
        "docs/fidelity.md is stale"
    );
    for model in model::all() {
        let shown = COLUMNS
            .iter()
            .any(|(name, _)| model::find(name).unwrap().capability == model.capability);
        assert!(shown, "{} is in no column of docs/fidelity.md", model.id);
    }
}

#[test]
fn the_document_of_errors_has_each_kind_with_its_status_and_type() {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs", "errors.md"].iter().collect();
    let document = std::fs::read_to_string(path).unwrap();
    for kind in ErrorKind::ALL {
        // Nobody is there to be told.
        let told = kind != ErrorKind::ClientClosed;
        let row = format!("| {} | `{}` |", kind.status(), kind.wire_type());
        assert_eq!(document.contains(&row), told, "{kind:?}: {row}");
    }
}
