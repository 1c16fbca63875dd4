//! The client's tools: which properties a schema has, the smallest input that fits it, and how the results
//! of its file reader look.

use serde_json::{Map, Value, json};

/// Deepest nesting that an example follows.
const DEPTH: usize = 8;

/// The first of `names` that the schema has as a property; the first of all where it has none of them.
pub(super) fn property(schema: &Value, names: &[&str]) -> String {
    let known = schema.get("properties").and_then(Value::as_object);
    let has = |name: &&&str| known.is_some_and(|known| known.contains_key(**name));
    let chosen = names.iter().find(has).or(names.first());
    (*chosen.unwrap_or(&"")).to_owned()
}

/// The smallest value that fits a JSON schema of the usual kind.
pub(super) fn example(schema: &Value) -> Value {
    fitting(schema, DEPTH)
}

fn fitting(schema: &Value, depth: usize) -> Value {
    let choices = schema.get("enum").and_then(Value::as_array);
    if let Some(fixed) = schema.get("const").or_else(|| choices?.first()) {
        return fixed.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        Some("object") if depth > 0 => Value::Object(object(schema, depth)),
        Some("array") => json!([]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        _ => json!("simulated"),
    }
}

fn object(schema: &Value, depth: usize) -> Map<String, Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    let field = |name: &str| {
        let schema = schema.get("properties").and_then(|it| it.get(name));
        (name.to_owned(), fitting(schema.unwrap_or(&Value::Null), depth - 1))
    };
    names.map(field).collect()
}

/// The text of a file out of the numbered lines (`1→text`, `1<tab>text`) that file readers answer with.
pub(super) fn without_line_numbers(numbered: &str) -> String {
    let strip = |line: &str| {
        let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered = rest.len() < line.trim_start().len();
        let text = rest.strip_prefix(['\t', '→']).filter(|_| numbered)?;
        Some(text.to_owned())
    };
    let lines: Vec<String> = numbered.lines().map_while(strip).collect();
    if lines.is_empty() {
        return numbered.trim().to_owned();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_have_what_is_required_and_no_more() {
        let schema = json!({"type": "object", "required": ["a", "b", "c"], "properties": {
            "a": {"type": "string"}, "b": {"enum": ["x", "y"]}, "z": {"type": "string"},
            "c": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}});
        let fits = json!({"a": "simulated", "b": "x", "c": {"n": 1}});
        assert_eq!(example(&schema), fits);
    }

    #[test]
    fn line_numbers_go_and_plain_text_stays() {
        assert_eq!(
            without_line_numbers("     1→hello\n     2→world\n\n<reminder>"),
            "hello\nworld"
        );
        assert_eq!(without_line_numbers("1\thello"), "hello");
        assert_eq!(without_line_numbers("42 is a number"), "42 is a number");
    }
}
