//! The words of filters and of the paths of changes.

use serde_json::Value;

use super::fault::Fault;

/// Longest filter or path, in bytes.
const MAX_LENGTH: usize = 8192;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name or an operator: letters, digits, and `. : _ - $`.
    Name(String),
    /// Text in quotation marks, or a number.
    Literal(Value),
    /// `(`, `)`, `[` or `]`.
    Mark(char),
}

/// Takes a filter or path apart.
///
/// # Errors
/// What cannot be read.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Fault> {
    if text.len() > MAX_LENGTH {
        return Err(Fault::filter(format!("A filter has at most {MAX_LENGTH} bytes.")));
    }
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '(' | ')' | '[' | ']' => (Word::Mark(first), rest.get(1..)),
            '"' => literal(rest)?,
            '-' | '0'..='9' => literal(rest)?,
            _ if is_of_name(first) => {
                let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                (Word::Name(name.to_owned()), Some(after))
            }
            other => return Err(Fault::filter(format!("{other:?} does not belong here."))),
        };
        words.push(word);
        rest = after.unwrap_or_default().trim_start();
    }
    Ok(words)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '$')
}

/// A JSON string or number at the beginning of `text`, and what follows it.
fn literal(text: &str) -> Result<(Word, Option<&str>), Fault> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value @ (Value::String(_) | Value::Number(_)))) => {
            Ok((Word::Literal(value), text.get(values.byte_offset()..)))
        }
        _ => Err(Fault::filter("A value is not written as in JSON.")),
    }
}
