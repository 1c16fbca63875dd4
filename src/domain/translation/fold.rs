//! `role: "system"` messages as user text, for models that know only user and assistant.
//!
//! The text joins the user turn before it, else the one after it, so that turns alternate as they
//! did; tool results stay first in their turn. Without such a turn the message becomes one.

use super::{Draft, Refusal};
use crate::domain::capability::Feature;
use crate::domain::json::Span;
use crate::domain::request::{BlockKind, Content, Conversation, Message, MessagesRequest, Role};

/// Where the text of a system message goes.
enum Place {
    /// To the end of an earlier user turn.
    After(usize),
    /// To the start of a later user turn, behind its tool results.
    Before(usize),
    /// Nowhere: it becomes a user turn.
    Own,
}

impl Draft<'_> {
    /// Lets system messages stay where the model takes them, else folds them into user turns.
    pub(super) fn system_messages(&mut self) -> Result<(), Refusal> {
        if self.capability.takes(Feature::SystemMessages) {
            return self.tool_changes();
        }
        let request = self.request;
        let conversation = request.conversation();
        let messages = &conversation.messages;
        let system: Vec<bool> =
            messages.iter().map(|message| message.role == Role::System).collect();
        if !system.contains(&true) {
            return Ok(());
        }
        self.adjusted("messages.system");
        let mut gone = vec![false; messages.len()];
        let mut turns: Vec<Option<Turn>> = Vec::new();
        turns.resize_with(messages.len(), || None);
        let mut own = Vec::new();
        for (index, place) in places(request, &system) {
            let Some(message) = messages.get(index) else {
                continue;
            };
            let text = self.text(conversation, message).ok_or(Refusal::SystemMessage { index })?;
            let target = match place {
                Place::Own if !text.is_empty() => {
                    own.push(message.role_span);
                    continue;
                }
                Place::Own => None,
                Place::After(target) | Place::Before(target) => turns.get_mut(target),
            };
            if let Some(flag) = gone.get_mut(index) {
                *flag = true;
            }
            if let Some(turn) = target.filter(|_| !text.is_empty()) {
                let turn = turn.get_or_insert_default();
                match place {
                    Place::Before(_) => turn.before.push(text),
                    _ => turn.after.push(text),
                }
            }
        }
        for role in own {
            self.edits.replace(role, r#""user""#);
        }
        for (at, turn) in turns.into_iter().enumerate() {
            if let Some((message, turn)) = messages.get(at).zip(turn) {
                self.join(conversation, (at, message), turn);
            }
        }
        self.edits.remove_items(messages.iter().map(|message| message.span).zip(gone));
        Ok(())
    }

    /// Blocks of system messages that are no text change the tools.
    fn tool_changes(&mut self) -> Result<(), Refusal> {
        let conversation = self.request.conversation();
        for (index, message) in conversation.messages.iter().enumerate() {
            let Content::Blocks(_, range) = &message.content else {
                continue;
            };
            let mut blocks = conversation.blocks(range).iter();
            if message.role == Role::System
                && blocks.any(|block| block.kind != BlockKind::Text)
                && !(self.named.contains(Feature::ToolChanges) && self.uses(Feature::ToolChanges))
            {
                return Err(Refusal::SystemMessage { index });
            }
        }
        Ok(())
    }

    /// The text blocks of a system message, comma-separated and edited; `None` for other content.
    fn text(&mut self, conversation: &Conversation, message: &Message) -> Option<String> {
        let source = self.body();
        match &message.content {
            Content::Text(text) if text.raw(source).is_empty() => Some(String::new()),
            Content::Text(text) => Some(block(&rendered(text.span.of(source)))),
            Content::Blocks(_, range) => {
                let blocks = conversation.blocks(range);
                if !blocks.iter().all(|block| block.kind == BlockKind::Text) {
                    return None;
                }
                Some(match (blocks.first(), blocks.last()) {
                    (Some(first), Some(last)) => {
                        let span = Span { start: first.span.start, end: last.span.end };
                        rendered(&self.edits.render(source, span))
                    }
                    _ => String::new(),
                })
            }
            Content::Other => None,
        }
    }

    /// Adds the texts of system messages to a user turn.
    fn join(&mut self, conversation: &Conversation, (at, message): (usize, &Message), turn: Turn) {
        match &message.content {
            Content::Text(text) => {
                let own = rendered(text.span.of(self.body()));
                let own = match self.take_breakpoint(at) {
                    Some(block) => block,
                    None if own == r#""""# => String::new(),
                    None => block(&own),
                };
                let all = turn.before.into_iter().chain([own]).chain(turn.after);
                let all: Vec<String> = all.filter(|part| !part.is_empty()).collect();
                self.edits.replace(text.span, format!("[{}]", all.join(",")));
            }
            Content::Blocks(span, range) => {
                let blocks = conversation.blocks(range);
                let results = blocks.iter().rposition(|it| it.kind == BlockKind::ToolResult);
                let (before, after) = (turn.before.join(","), turn.after.join(","));
                let first = blocks.first().map(|block| block.span.start);
                let last = blocks.last().map(|block| block.span.end);
                if let Some((first, last)) = first.zip(last) {
                    if !before.is_empty() {
                        match results.and_then(|at| blocks.get(at)) {
                            Some(result) => {
                                self.edits.insert(result.span.end, format!(",{before}"))
                            }
                            None => self.edits.insert(first, format!("{before},")),
                        }
                    }
                    if !after.is_empty() {
                        self.edits.insert(last, format!(",{after}"));
                    }
                } else {
                    let all: Vec<String> = turn.before.into_iter().chain(turn.after).collect();
                    self.edits.insert(span.start + 1, all.join(","));
                }
            }
            Content::Other => {}
        }
    }
}

/// What joins one user turn, each part one or more blocks.
#[derive(Default)]
struct Turn {
    before: Vec<String>,
    after: Vec<String>,
}

/// Where each system message goes: to the nearest other message, backwards first, if it is a
/// user's and has content to join.
fn places(request: &MessagesRequest, system: &[bool]) -> Vec<(usize, Place)> {
    let messages = &request.conversation().messages;
    let user = |at: &usize| {
        messages.get(*at).is_some_and(|message| {
            message.role == Role::User && !matches!(message.content, Content::Other)
        })
    };
    let mut next = vec![None; system.len()];
    let mut following = None;
    for (at, slot) in next.iter_mut().enumerate().rev() {
        *slot = following;
        if system.get(at) == Some(&false) {
            following = Some(at);
        }
    }
    let mut previous = None;
    let mut places = Vec::new();
    for (at, (&is_system, next)) in system.iter().zip(next).enumerate() {
        if is_system {
            let after = previous.filter(user).map(Place::After);
            let before = || next.filter(user).map(Place::Before);
            places.push((at, after.or_else(before).unwrap_or(Place::Own)));
        } else {
            previous = Some(at);
        }
    }
    places
}

/// A text block around a JSON string.
fn block(string: &str) -> String {
    format!(r#"{{"type":"text","text":{string}}}"#)
}

fn rendered(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
