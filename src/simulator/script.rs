//! What the simulated model says: fixed rules over what the user asked, so that the same request always
//! gets the same answer.

use serde_json::{Map, Value, json};

use super::conversation::{Call, Conversation};
use super::{cache, schema, signature, wish};

/// One block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Thinking; the text is empty where the client asked not to see it.
    Thinking { text: String, signature: String },
    /// Text.
    Text(String),
    /// A call of one of the client's tools.
    ToolUse { id: String, name: String, input: Value },
}

impl Block {
    /// Output tokens of the block.
    pub(super) fn tokens(&self) -> u64 {
        match self {
            Self::Thinking { text, signature } => cache::tokens(text.len().max(signature.len())),
            Self::Text(text) => cache::tokens(text.len()),
            Self::ToolUse { name, input, .. } => {
                cache::tokens(name.len() + input.to_string().len())
            }
        }
    }
}

/// A whole answer of the simulated model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) blocks: Vec<Block>,
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<String>,
}

const QUOTED: usize = 200;

/// The answer to a validated body; `seed` makes the ids of tool calls.
pub(super) fn answer(body: &Map<String, Value>, seed: &str) -> Answer {
    let conversation = Conversation::read(body);
    let mut blocks = Vec::new();
    blocks.extend(thinking(body, &conversation));
    let said = reply(body, &conversation);
    let (text, tool) = match said {
        Said::Text(text) => (text, None),
        Said::Call(text, name, input) => (text, Some((name, input))),
    };
    let room = body.get("max_tokens").and_then(Value::as_u64).unwrap_or(1);
    let spent: u64 = blocks.iter().map(Block::tokens).sum();
    let (text, mut stop_reason, stop_sequence) = bounded(body, text, room.saturating_sub(spent));
    if !text.is_empty() {
        blocks.push(Block::Text(text));
    }
    if let Some((name, input)) = tool.filter(|_| stop_reason == "end_turn") {
        let id = format!("toolu_bdrk_{seed}");
        blocks.push(Block::ToolUse { id, name, input });
        stop_reason = "tool_use";
    }
    Answer { blocks, stop_reason, stop_sequence }
}

fn thinking(body: &Map<String, Value>, conversation: &Conversation) -> Option<Block> {
    let asked = body.get("thinking")?;
    let field = |name: &str| asked.get(name).and_then(Value::as_str);
    if !matches!(field("type"), Some("adaptive" | "enabled")) {
        return None;
    }
    let text = match field("display") {
        Some("omitted") => String::new(),
        _ => format!(
            "The user wants this: {}. The script knows what to do.",
            excerpt(conversation.prompt(), 60)
        ),
    };
    let signature = signature::of(&text);
    Some(Block::Thinking { text, signature })
}

enum Said {
    Text(String),
    Call(String, String, Value),
}

fn reply(body: &Map<String, Value>, conversation: &Conversation) -> Said {
    let tools = body.get("tools").and_then(Value::as_array);
    let tools = tools.map(Vec::as_slice).unwrap_or_default();
    if let Some(failed) = conversation.calls.iter().find(|call| call.failed) {
        return Said::Text(format!(
            "The tool {} failed: {}",
            failed.name,
            excerpt(&failed.result, QUOTED)
        ));
    }
    let forced = forced(body, tools).filter(|_| conversation.calls.is_empty());
    if let Some((name, schema)) = forced {
        return Said::Call(String::new(), name.to_owned(), schema::example(schema));
    }
    if let Some(schema) = structured(body) {
        return Said::Text(schema::example(schema).to_string());
    }
    let prompt = conversation.prompt();
    if let Some(wish) = wish::file(prompt) {
        return file(&wish, tools, conversation);
    }
    if let Some(query) = wish::search(prompt)
        && let Some(said) = search(query, tools, &conversation.calls)
    {
        return said;
    }
    match wish::long(prompt) {
        Some(count) => Said::Text(counting(count)),
        None => Said::Text(greeting(conversation)),
    }
}

fn greeting(conversation: &Conversation) -> String {
    let mut text = format!(
        "Hello from the simulated Bedrock! There is no model behind this answer, only a script. You said: \"{}\"",
        excerpt(conversation.prompt(), QUOTED)
    );
    let earlier = conversation.turns.len().saturating_sub(1);
    if let Some(first) = conversation.turns.first().filter(|_| earlier > 0) {
        let first = excerpt(first, QUOTED);
        text.push_str(&format!(
            "\n\nThis is a continued conversation: you spoke {earlier} time(s) before, and began with \"{first}\"."
        ));
    }
    text
}

fn counting(count: usize) -> String {
    let mut text = String::from("I will count slowly, so that you can interrupt me.\n");
    for number in 1..=count {
        text.push_str(&format!("{number} "));
    }
    text.push_str("\nThat was the whole long story.");
    text
}

/// Write, then read where that was asked, then tell.
fn file(wish: &wish::File, tools: &[Value], conversation: &Conversation) -> Said {
    let path = match &conversation.directory {
        Some(directory) if !wish.path.starts_with('/') => {
            format!("{}/{}", directory.trim_end_matches('/'), wish.path)
        }
        _ => wish.path.clone(),
    };
    let step = match (conversation.calls.as_slice(), wish.read_back) {
        ([], _) => "Write",
        ([_], true) => "Read",
        ([_], false) => return Said::Text(format!("I wrote the text to {path}.")),
        ([.., last], _) => {
            let read = schema::without_line_numbers(&last.result);
            return Said::Text(format!(
                "I wrote the text to {path} and read it back. It says: \"{}\"",
                excerpt(&read, 2000)
            ));
        }
    };
    let Some(schema) = tool(tools, step) else {
        return Said::Text(format!(
            "I would call the tool {step} now, but the request does not offer it."
        ));
    };
    let mut input = json!({});
    if let Some(fields) = input.as_object_mut() {
        let name = schema::property(schema, &["file_path", "path", "filename"]);
        fields.insert(name, json!(path));
        if step == "Write" {
            let name = schema::property(schema, &["content", "file_text", "text"]);
            fields.insert(name, json!(wish.content));
        }
    }
    let text = match step {
        "Write" => format!("I will write the text to {path}."),
        _ => "Now I will read it back.".to_owned(),
    };
    Said::Call(text, step.to_owned(), input)
}

fn search(query: &str, tools: &[Value], calls: &[Call]) -> Option<Said> {
    if let Some(call) = calls.last() {
        return Some(Said::Text(format!("The search found: {}", excerpt(&call.result, 2000))));
    }
    let name = ["web_search", "WebSearch"].into_iter().find(|name| tool(tools, name).is_some())?;
    let input = json!({"query": query});
    Some(Said::Call("I will search the web.".to_owned(), name.to_owned(), input))
}

/// The schema of the tool with this name.
fn tool<'a>(tools: &'a [Value], name: &str) -> Option<&'a Value> {
    let named = |tool: &&Value| tool.get("name").and_then(Value::as_str) == Some(name);
    tools.iter().find(named)?.get("input_schema")
}

/// The tool that `tool_choice` makes the model call.
fn forced<'a>(body: &Map<String, Value>, tools: &'a [Value]) -> Option<(&'a str, &'a Value)> {
    let choice = body.get("tool_choice")?;
    let field = |name: &str| choice.get(name).and_then(Value::as_str);
    let name_of = |tool: &'a Value| tool.get("name").and_then(Value::as_str);
    let name = match field("type")? {
        "any" => name_of(tools.first()?)?,
        "tool" => tools.iter().filter_map(name_of).find(|name| field("name") == Some(name))?,
        _ => return None,
    };
    Some((name, tool(tools, name)?))
}

/// The schema that `output_config.format` asks the answer to follow.
fn structured(body: &Map<String, Value>) -> Option<&Value> {
    body.get("output_config")?.get("format")?.get("schema")
}

/// Cuts `text` at the first stop sequence and at `room` tokens, and says why it ends.
fn bounded(
    body: &Map<String, Value>,
    text: String,
    room: u64,
) -> (String, &'static str, Option<String>) {
    let sequences = body.get("stop_sequences").and_then(Value::as_array);
    let sequences = sequences.into_iter().flatten().filter_map(Value::as_str);
    let hit = sequences
        .filter(|sequence| !sequence.is_empty())
        .filter_map(|sequence| Some((text.split_once(sequence)?.0, sequence)))
        .min_by_key(|(before, _)| before.len());
    let (kept, reason, sequence) = match hit {
        Some((before, sequence)) => (before, "stop_sequence", Some(sequence.to_owned())),
        None => (text.as_str(), "end_turn", None),
    };
    let most = usize::try_from(room).unwrap_or(usize::MAX).saturating_mul(4);
    if kept.len() > most {
        let end = kept.floor_char_boundary(most);
        let cut = kept.get(..end).unwrap_or_default();
        return (cut.to_owned(), "max_tokens", None);
    }
    (kept.to_owned(), reason, sequence)
}

fn excerpt(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.get(..text.floor_char_boundary(most)) {
        Some(cut) if cut.len() < text.len() => format!("{cut}…"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
