//! Reads a request as a conversation: what the user said and when, and which tool calls have been made since.

use serde_json::{Map, Value};

/// A tool call since the user last spoke, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// Name of the tool.
    pub(super) name: String,
    /// Text of the result.
    pub(super) result: String,
    /// The client says that it failed.
    pub(super) failed: bool,
}

/// What the script needs to know of a request.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Conversation {
    /// What the user said in each turn, oldest first, without the client's reminders.
    pub(super) turns: Vec<String>,
    /// Answered tool calls since the last turn, oldest first.
    pub(super) calls: Vec<Call>,
    /// The client's working directory, where its prompt tells it.
    pub(super) directory: Option<String>,
}

const REMINDER: (&str, &str) = ("<system-reminder>", "</system-reminder>");
const DIRECTORY: &[&str] = &["Primary working directory:", "Working directory:", "cwd:"];

impl Conversation {
    /// Reads the body of a request; what it does not understand it leaves out.
    pub(super) fn read(body: &Map<String, Value>) -> Self {
        let mut read = Self::default();
        if let Some(system) = body.get("system") {
            read.look_for_directory(system);
        }
        let messages = body.get("messages").and_then(Value::as_array);
        let mut asked: Vec<(&str, &str)> = Vec::new();
        for message in messages.into_iter().flatten() {
            let Some(content) = message.get("content") else {
                continue;
            };
            match message.get("role").and_then(Value::as_str) {
                Some("assistant") => asked.extend(calls(content)),
                Some("user") => {
                    read.look_for_directory(content);
                    read.calls.extend(results(content, &asked));
                    let said = said(content);
                    if !said.is_empty() {
                        read.turns.push(said);
                        read.calls.clear();
                    }
                }
                _ => read.look_for_directory(content),
            }
        }
        read
    }

    /// What the user said last.
    pub(super) fn prompt(&self) -> &str {
        self.turns.last().map_or("", String::as_str)
    }

    fn look_for_directory(&mut self, content: &Value) {
        if self.directory.is_some() {
            return;
        }
        let lines = texts(content).into_iter().flat_map(str::lines);
        let named = |line: &str| {
            let (_, rest) = DIRECTORY.iter().find_map(|label| line.split_once(label))?;
            Some(rest.trim().to_owned())
        };
        self.directory = lines.filter_map(named).find(|path| path.starts_with('/'));
    }
}

fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(blocks) => {
            let text = |block: &'_ Value| block.get("text").is_some();
            let blocks = blocks.iter().filter(|block| text(block));
            blocks.filter_map(|block| block.get("text")?.as_str()).collect()
        }
        _ => Vec::new(),
    }
}

/// The last text of a user message that is not a reminder of the client.
fn said(content: &Value) -> String {
    let mut cleaned = texts(content).into_iter().map(without_reminders);
    cleaned.rfind(|text| !text.is_empty()).unwrap_or_default()
}

fn without_reminders(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(REMINDER.0) {
        left.push_str(before);
        rest = after.split_once(REMINDER.1).map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left.trim().to_owned()
}

/// Ids and names of the tool calls in an assistant message.
fn calls(content: &Value) -> Vec<(&str, &str)> {
    let call = |block: &'_ Value| block.get("type").and_then(Value::as_str) == Some("tool_use");
    let blocks = content.as_array().into_iter().flatten();
    blocks
        .filter(|block| call(block))
        .filter_map(|block| Some((block.get("id")?.as_str()?, block.get("name")?.as_str()?)))
        .collect()
}

fn results(content: &Value, asked: &[(&str, &str)]) -> Vec<Call> {
    let blocks = content.as_array().into_iter().flatten();
    let result = |block: &Value| {
        let id = block.get("tool_use_id")?.as_str()?;
        let (_, name) = asked.iter().find(|(known, _)| *known == id)?;
        let text = block.get("content").map(texts).unwrap_or_default();
        Some(Call {
            name: (*name).to_owned(),
            result: text.join("\n"),
            failed: block.get("is_error").and_then(Value::as_bool) == Some(true),
        })
    };
    blocks.filter_map(result).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reminders_system_messages_and_tool_results_are_no_turns() {
        let body = json!({
            "system": [{"type": "text", "text": "x\n - Primary working directory: /tmp/p\ny"}],
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "<system-reminder>\nnoise\n</system-reminder>"},
                    {"type": "text", "text": "first"}]},
                {"role": "system", "content": "more noise"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Old", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
                {"role": "assistant", "content": "ok"},
                {"role": "user", "content": "second <system-reminder>n</system-reminder>"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "b", "name": "Read", "input": {}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "b", "is_error": true, "content": [{"type": "text", "text": "no"}]},
                    {"type": "text", "text": "<system-reminder>n</system-reminder>"}]},
            ],
        });
        let read = Conversation::read(body.as_object().unwrap());
        assert_eq!(read.turns, ["first", "second"]);
        assert_eq!(read.directory.as_deref(), Some("/tmp/p"));
        let call = Call { name: "Read".to_owned(), result: "no".to_owned(), failed: true };
        assert_eq!(read.calls, [call]);
    }
}
