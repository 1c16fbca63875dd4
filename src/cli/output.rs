//! How answers are shown: tables for people, JSON for programs.

use std::io::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value};

use super::failure::Failure;

/// Shows a list or one thing.
pub fn show(answer: &Value, columns: &[&str], as_json: bool) {
    if as_json {
        print(&serde_json::to_string_pretty(answer).unwrap_or_default());
        return;
    }
    match answer.get("data").unwrap_or(answer) {
        Value::Array(entries) if entries.is_empty() => print("None."),
        Value::Array(entries) => print(&list(entries, columns)),
        Value::Object(members) => print(&one(members)),
        other => print(&cell(other)),
    }
}

/// Says that it was done, where there is nothing to show.
pub fn done(as_json: bool) {
    print(if as_json { "null" } else { "Done." });
}

/// Passes a file on as it is.
///
/// # Errors
/// Where the standard output is closed.
pub fn raw(file: &[u8]) -> Result<(), Failure> {
    let written = std::io::stdout().write_all(file);
    written.map_err(|error| Failure::File("the standard output".to_owned(), error))
}

/// Prints a line; one that nobody reads any more is no failure.
pub fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Tells whoever looks at the terminal; that nobody does is no failure.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn list(entries: &[Value], columns: &[&str]) -> String {
    let mut names: Vec<&str> = columns.to_vec();
    if names.is_empty() {
        let first = entries.first().and_then(Value::as_object);
        names = first.map(|first| first.keys().map(String::as_str).collect()).unwrap_or_default();
    }
    let mut table = table();
    table.set_header(names.iter().map(|name| name.replace('_', " ").to_uppercase()));
    for entry in entries {
        table.add_row(names.iter().map(|name| entry.get(name).map(cell).unwrap_or_default()));
    }
    table.trim_fmt()
}

/// A thing as two columns; lists of things in it become tables of their own below.
fn one(members: &Map<String, Value>) -> String {
    let is_table = |value: &Value| {
        value.as_array().is_some_and(|list| list.first().is_some_and(Value::is_object))
    };
    let mut table = table();
    for (name, value) in members.iter().filter(|(_, value)| !is_table(value)) {
        table.add_row([name.replace('_', " "), cell(value)]);
    }
    let mut text = table.trim_fmt();
    for (name, value) in members.iter().filter(|(_, value)| is_table(value)) {
        let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
        text += &format!("\n\n{}\n{}", name.replace('_', " ").to_uppercase(), list(entries, &[]));
    }
    text
}

/// One value; control characters, which could drive a terminal, are left out.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.chars().filter(|c| !c.is_control()).collect(),
        Value::Array(list) if list.iter().all(|one| !one.is_object()) => {
            list.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        Value::Object(members) => {
            let set = members.iter().filter(|(_, value)| !value.is_null());
            let parts: Vec<String> =
                set.map(|(name, value)| format!("{name}={}", cell(value))).collect();
            if parts.is_empty() { "-".to_owned() } else { parts.join(" ") }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_have_the_columns_that_are_asked_for() {
        let entries = [json!({ "id": "1", "name": "a", "models": ["x", "y"], "other": 1 })];
        let text = list(&entries, &["id", "name", "models", "missing"]);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words, ["ID", "NAME", "MODELS", "MISSING", "1", "a", "x,", "y"]);
    }

    #[test]
    fn a_thing_shows_its_lists_below() {
        let thing = json!({ "name": "t", "limits": { "a": 1, "b": null }, "rows": [{ "x": 1 }] });
        let text = one(thing.as_object().unwrap());
        assert!(text.contains("a=1") && !text.contains("b="), "{text}");
        assert!(text.contains("ROWS") && text.contains('X'), "{text}");
    }

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(cell(&json!("a\u{1b}[2Jb")), "a[2Jb");
    }
}
