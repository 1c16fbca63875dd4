//! Holds the imports of `src` against the table of rooms, and its files to their size.
//!
//! The checker reads tokens, not lines, so that grouped imports, inline paths and `super` chains
//! count alike, and text in comments and strings counts for nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};

mod rooms {
    pub(crate) mod rules;
    pub(crate) mod tokens;
}

use rooms::rules;

/// Bound of the median file, in lines.
const MEDIAN: usize = 120;
/// Bound of every file, in lines.
const LONGEST: usize = 400;

#[test]
fn every_room_imports_only_what_the_table_allows() {
    let faults: Vec<String> =
        sources().iter().flat_map(|(path, text)| rules::faults(path, text)).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn files_stay_within_their_bounds() {
    let lengths = sources()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path.display().to_string()))
        .collect();
    if let Err(fault) = bounds(lengths) {
        panic!("{fault}");
    }
}

#[test]
fn a_long_file_and_a_high_median_are_found() {
    let files = |lengths: &[usize]| {
        lengths.iter().map(|length| (*length, format!("{length}.rs"))).collect::<Vec<_>>()
    };
    assert!(bounds(files(&[1, MEDIAN, LONGEST])).is_ok());
    let fault = bounds(files(&[1, 2, LONGEST + 1])).unwrap_err();
    assert!(fault.contains("401.rs"), "{fault}");
    let fault = bounds(files(&[1, MEDIAN + 1, MEDIAN + 1])).unwrap_err();
    assert!(fault.contains("median"), "{fault}");
}

fn bounds(mut files: Vec<(usize, String)>) -> Result<(), String> {
    files.sort();
    if let Some((length, path)) = files.last().filter(|(length, _)| *length > LONGEST) {
        return Err(format!("{path} has {length} lines, {LONGEST} is the bound"));
    }
    let median = files.get(files.len() / 2).map_or(0, |(length, _)| *length);
    if median > MEDIAN {
        return Err(format!("the median file has {median} lines, {MEDIAN} is the bound"));
    }
    Ok(())
}

/// All Rust files below `src`, with paths relative to it.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_path_buf(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", root.display());
    found
}
