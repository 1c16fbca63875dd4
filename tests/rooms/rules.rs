//! The table of rooms, and what one source file does against it.

use std::path::Path;

use super::tokens::{Found, paths, tokens};

/// Who may import whom, besides itself.
const ROOMS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("bedrock", &["domain"]),
    ("oauth", &["domain"]),
    ("storage", &["domain"]),
    ("actors", &["domain", "telemetry", "bedrock", "oauth", "storage", "websearch"]),
    ("websearch", &["domain"]),
    ("control", &["domain", "oauth", "storage", "actors"]),
    ("http", &["domain", "telemetry", "actors", "control"]),
    ("telemetry", &["domain"]),
    ("simulator", &["domain"]),
];

/// Rooms and files at the root that wire the others and may import all.
const WIRING: [&str; 5] = ["config", "cli", "app", "main", "lib"];

/// What a pure room must not name: runtimes, files, sockets and clocks.
const IMPURE: [&[&str]; 8] = [
    &["tokio"],
    &["std", "fs"],
    &["std", "net"],
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Utc", "now"],
    &["Local", "now"],
    &["awc"],
];

/// All violations of the file at `path` (relative to `src`), each one line.
pub(crate) fn faults(path: &Path, source: &str) -> Vec<String> {
    let module = module(path);
    let room = module.first().cloned().unwrap_or_default();
    if WIRING.contains(&room.as_str()) || module.is_empty() {
        return Vec::new();
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{}: `{room}` is no room", path.display())];
    };
    let mut faults = Vec::new();
    for found in paths(&tokens(source)) {
        let target = target(&module, &found);
        if let Some(target) = target.filter(|t| *t != room && !allowed.contains(&t.as_str())) {
            faults.push(format!("{}: `{room}` imports `{target}`", path.display()));
        }
        if room == "domain" && is_impure(&found.path) {
            let name = found.path.join("::");
            faults.push(format!("{}: `{name}` is not pure", path.display()));
        }
    }
    faults
}

/// The module path of a file: `http/api/x.rs` and `http/api/x/mod.rs` are both `http`, `api`, `x`.
fn module(path: &Path) -> Vec<String> {
    path.with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .filter(|part| part != "mod")
        .collect()
}

/// The first name below the crate's root that a path leads to, where it leads there at all.
fn target(module: &[String], found: &Found) -> Option<String> {
    let mut names = found.path.iter().map(String::as_str).peekable();
    if names.next_if_eq(&"crate").is_none() {
        let _ = names.next_if_eq(&"self");
        let mut up = 0;
        while names.next_if_eq(&"super").is_some() {
            up += 1;
        }
        if up == 0 || up < module.len() + found.inline {
            return None;
        }
    } else if names.peek().is_none() {
        // `pub(crate)` names no room.
        return None;
    }
    Some(names.next().unwrap_or("the root of the crate").to_owned())
}

fn is_impure(path: &[String]) -> bool {
    path.first().is_some_and(|name| name.starts_with("actix"))
        || IMPURE.iter().any(|words| path.windows(words.len()).any(|window| window == *words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, source: &str) -> Vec<String> {
        faults(Path::new(path), source)
    }

    #[test]
    fn what_the_table_allows_passes() {
        for (path, source) in [
            ("domain/key.rs", "use crate::domain::chunk; pub(crate) fn f() {}"),
            ("http/api/messages.rs", "use crate::{actors::Name, control, domain::{a, b}};"),
            ("actors/stream.rs", "use crate::bedrock::call; fn f() { crate::websearch::g() }"),
            ("app.rs", "use crate::{bedrock, http, storage};"),
            ("cli/serve.rs", "use crate::storage::pool;"),
            ("http/mod.rs", "mod tests { use super::Reply; }"),
            ("http/api/mod.rs", "use super::body; mod tests { use super::super::body; }"),
            ("storage/pool.rs", "// crate::http\nconst S: &str = \"crate::actors\";"),
            ("domain/bucket.rs", "use std::time::Instant; fn f(now: Instant) {}"),
        ] {
            assert_eq!(check(path, source), Vec::<String>::new(), "{path}: {source}");
        }
    }

    #[test]
    fn every_way_around_the_table_is_found() {
        for (path, source) in [
            ("domain/key.rs", "use crate::storage::keys;"),
            ("http/api/messages.rs", "use crate::{domain::a, bedrock::{call, sign}};"),
            ("http/api/messages.rs", "fn f() { crate::storage::pool() }"),
            ("http/api/messages.rs", "use super::super::super::storage;"),
            ("http/mod.rs", "use super::storage;"),
            ("http/mod.rs", "mod tests { use super::super::storage; }"),
            ("http/mod.rs", "use self::super::storage;"),
            ("bedrock/call.rs", "use crate::*;"),
            ("bedrock/call.rs", "use crate::config::Limits;"),
            ("storage/pool.rs", "pub(in crate::actors) fn f() {}"),
            ("control/keys.rs", "use crate::bedrock;"),
            ("helpers/mod.rs", ""),
            ("domain/clock.rs", "fn f() { std::time::SystemTime::now() }"),
            ("domain/clock.rs", "use std::{collections::HashMap, fs};"),
            ("domain/clock.rs", "use tokio::sync::mpsc;"),
            ("domain/clock.rs", "fn f() { actix_web::web::Bytes::new() }"),
            ("domain/clock.rs", "fn f() { Utc::now() }"),
            ("domain/clock.rs", "fn f() { Instant::now() }"),
            ("domain/clock.rs", "use std::net::IpAddr;"),
        ] {
            assert_eq!(
                check(path, source).len(),
                1 + usize::from(source.contains("sign")),
                "{path}: {source}"
            );
        }
    }
}
