//! Recorded requests of Claude Code, translated for every generation of models and held against files.
//!
//! A golden file has the route and the headers that go to Bedrock, the SHA-256 of the translated body,
//! which pins every byte, and the difference to what the client sent, which people can review. `UPDATE_GOLDEN=1` rewrites the files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use ccag::bedrock::endpoint::Endpoint;
use ccag::bedrock::exchange::{Operation, headers};
use ccag::domain::capability::Verdicts;
use ccag::domain::model::{Geography, resolve};
use ccag::domain::request::MessagesRequest;
use ccag::domain::translation::{Call, Translation};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

#[path = "golden/streams.rs"]
mod streams;

/// One model of every row of the capability table that a client can still ask for.
const MODELS: [&str; 14] = [
    "claude-sonnet-4-0",
    "claude-opus-4-1",
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5-2",
    "claude-haiku-5-5",
    "claude-opus-5-5",
];
/// Longest line of a difference, in characters.
const SHOWN: usize = 100;

#[derive(serde::Deserialize)]
struct Fixture<'a> {
    headers: HashMap<String, String>,
    #[serde(borrow)]
    body: &'a RawValue,
}

struct Recorded {
    name: String,
    betas: Vec<String>,
    body: Bytes,
}

fn directory(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", name].iter().collect()
}

fn recorded() -> Vec<Recorded> {
    let mut all: Vec<Recorded> = std::fs::read_dir(directory("fixtures/claude-code"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let fixture: Fixture<'_> = serde_json::from_str(&text).unwrap();
            let betas = fixture.headers.get("anthropic-beta").map_or("", String::as_str);
            Recorded {
                name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                betas: betas.split(',').map(str::to_owned).collect(),
                body: compact(fixture.body.get()).into(),
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(all.len() >= 12, "fixtures are missing");
    all
}

/// The text as a client sends it: without white space between tokens.
fn compact(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let keep = |&letter: &char| {
        let inside = quoted;
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        inside || !letter.is_ascii_whitespace()
    };
    text.chars().filter(keep).collect()
}

/// One token group per line: what a difference is made of.
fn lines(text: &str) -> Vec<String> {
    let (mut out, mut line, mut depth) = (Vec::new(), String::new(), 0usize);
    let (mut quoted, mut escaped) = (false, false);
    for letter in text.chars() {
        if !quoted && matches!(letter, '}' | ']') {
            out.push(format!("{:1$}{line}", "", depth * 2));
            line.clear();
            depth = depth.checked_sub(1).unwrap();
        }
        line.push(letter);
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' | ',' if !quoted => {
                out.push(format!("{:1$}{line}", "", depth * 2));
                line.clear();
                depth += usize::from(letter != ',');
            }
            _ => {}
        }
    }
    out.push(line);
    out.retain(|line| !line.trim().is_empty());
    out
}

/// Myers' difference: for each step whether a line of `old` goes, a line of `new` comes, or both stay.
fn difference(old: &[String], new: &[String]) -> Vec<(char, usize, usize)> {
    let offset = old.len() + new.len() + 1;
    let mut furthest = vec![0usize; 2 * offset + 1];
    let mut trace = Vec::new();
    'search: for d in 0..offset {
        trace.push(furthest.clone());
        for diagonal in (offset - d..=offset + d).step_by(2) {
            let down = diagonal == offset - d
                || (diagonal != offset + d && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut x = if down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            while x < old.len() && old.get(x) == new.get(x + offset - diagonal) {
                x += 1;
            }
            furthest[diagonal] = x;
            if x >= old.len() && x + offset >= new.len() + diagonal {
                break 'search;
            }
        }
    }
    let (mut x, mut y) = (old.len(), new.len());
    let mut steps = Vec::new();
    for (d, furthest) in trace.iter().enumerate().rev() {
        let diagonal = offset + x - y;
        let down = d > 0
            && (diagonal == offset - d
                || (diagonal != offset + d && furthest[diagonal - 1] < furthest[diagonal + 1]));
        let from =
            if down { furthest[diagonal + 1] } else { furthest[diagonal - usize::from(d > 0)] };
        let (from_x, from_y) = match (d, down) {
            (0, _) => (0, 0),
            (_, true) => (from, from + offset - diagonal - 1),
            (_, false) => (from, from + offset + 1 - diagonal),
        };
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            steps.push((' ', x, y));
        }
        if d > 0 {
            steps.push(if down { ('+', from_x, from_y) } else { ('-', from_x, from_y) });
            (x, y) = (from_x, from_y);
        }
    }
    steps.reverse();
    steps
}

fn golden(request: &Recorded, route: &str, translation: &Translation) -> String {
    let hash: String =
        Sha256::digest(&translation.body).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut out = format!("{route}sha256 {hash}\nadjusted {}\n", translation.adjusted.join(", "));
    let old = lines(std::str::from_utf8(&request.body).unwrap());
    let new = lines(std::str::from_utf8(&translation.body).unwrap());
    let mut unchanged = 1;
    for (sign, x, y) in difference(&old, &new) {
        if sign == ' ' {
            unchanged += 1;
            continue;
        }
        if std::mem::take(&mut unchanged) > 0 {
            writeln!(out, "@ {}", x + 1).unwrap();
        }
        let line = if sign == '-' { &old[x] } else { &new[y] };
        let shown: String = line.chars().take(SHOWN).collect();
        let more = if shown.len() < line.len() {
            format!("… ({} bytes)", line.len())
        } else {
            String::new()
        };
        writeln!(out, "{sign} {shown}{more}").unwrap();
    }
    out
}

fn translate(request: &Recorded, model: &str) -> Result<Translation, String> {
    let parsed = MessagesRequest::parse(request.body.clone()).unwrap();
    let capability = resolve(model, Geography::Us).unwrap().model.unwrap().capability;
    let betas: Vec<&str> = request.betas.iter().map(String::as_str).collect();
    let call = Call { betas: &betas, ..Call::default() };
    parsed.translate(capability, &Verdicts::NONE, &call).map_err(|refusal| refusal.to_string())
}

/// The path and the headers of a call to Bedrock, apart from those that sign it.
fn route(request: &Recorded, model: &str) -> String {
    let streaming = MessagesRequest::parse(request.body.clone()).unwrap().streaming();
    let operation = if streaming { Operation::InvokeStream } else { Operation::Invoke };
    let endpoint = Endpoint::new("default", "us-east-1", Some("http://bedrock"), None);
    let profile = resolve(model, Geography::Us).unwrap().profile;
    let url = endpoint.url(&profile, operation.path());
    let mut out = format!("POST {}\n", url.strip_prefix("http://bedrock").unwrap());
    let mut headers: Vec<String> = headers(operation, None)
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    headers.iter().for_each(|header| out.push_str(header));
    out
}

#[test]
fn recorded_requests_translate_as_the_golden_files_say() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    let mut expected = Vec::new();
    for request in recorded() {
        for model in MODELS {
            let found = match translate(&request, model) {
                Ok(translation) => golden(&request, &route(&request, model), &translation),
                Err(refusal) => format!("refused {refusal}\n"),
            };
            let file = format!("{}.{model}.diff", request.name);
            let path = directory("golden").join(&file);
            if update {
                std::fs::write(&path, &found).unwrap();
            } else if std::fs::read_to_string(&path).ok() != Some(found.clone()) {
                wrong.push(format!("{file} should be:\n{found}"));
            }
            expected.push(file);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for entry in std::fs::read_dir(directory("golden")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".diff") {
            continue;
        }
        assert!(expected.contains(&name), "{name} belongs to no fixture");
    }
}

#[derive(serde::Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    messages: Vec<Turn<'a>>,
    #[serde(borrow)]
    system: Vec<&'a RawValue>,
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
}

#[derive(serde::Deserialize)]
struct Turn<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
}

/// What the header may name of tools and contents, and what is gone then.
const OF_PARTS: [(&str, &str); 2] =
    [("tools.defer_loading", r#","defer_loading":true"#), ("cache_control.ttl", r#","ttl":"1h""#)];

#[test]
fn tools_and_contents_stay_as_the_client_sent_them() {
    let mut compared = 0;
    for request in recorded() {
        let sent: Parts<'_> = serde_json::from_slice(&request.body).unwrap();
        let contents = sent.messages.iter().map(|turn| turn.content.get());
        let contents = contents.map(|content| content.trim_matches(['[', ']']));
        let system = sent.system.iter().skip(1).map(|block| block.get());
        let tools = sent.tools.iter().map(|tool| tool.get());
        let parts: Vec<&str> = contents.chain(system).chain(tools).collect();
        for model in MODELS {
            let Ok(translation) = translate(&request, model) else {
                continue;
            };
            let made = std::str::from_utf8(&translation.body).unwrap();
            for part in &parts {
                let named = OF_PARTS.iter().filter(|(name, _)| translation.adjusted.contains(name));
                let edited =
                    named.fold((*part).to_owned(), |part, (_, gone)| part.replace(gone, ""));
                // The golden files show what becomes of references to tools.
                let refers = translation.adjusted.contains(&"tool_reference")
                    && part.contains(r#""type":"tool_reference""#);
                let stays = refers || made.contains(&edited);
                let shown: String = part.chars().take(200).collect();
                assert!(stays, "{} for {model} lost {shown}", request.name);
                compared += part.len();
            }
        }
    }
    assert!(compared > 1_000_000, "only {compared} bytes were compared");
}

#[test]
fn the_version_of_the_recorded_client_is_read() {
    for request in recorded() {
        let parsed = MessagesRequest::parse(request.body).unwrap();
        assert_eq!(parsed.client_version(), Some("2.1.330"), "{}", request.name);
        assert_eq!(parsed.streaming(), !request.name.contains("nonstreaming"), "{}", request.name);
    }
}
