//! A conversation without the turns that a guardrail stopped, which would stop it again each time.

use super::{BlockKind, Content, Message, MessagesRequest, Role};
use crate::domain::edit::Edits;
use crate::domain::guardrail::{LEFT_OUT, STOPPED};
use crate::domain::json::{Cursor, JsonError, Span};

impl MessagesRequest {
    /// The request with what the user said in stopped turns left out; `None` where there are none.
    #[must_use]
    pub fn without_stopped_turns(&self) -> Option<Self> {
        memchr::memmem::find(&self.body, STOPPED.as_bytes())?;
        let mut edits = Edits::default();
        let mut found = false;
        let mut of_user = None;
        for message in &self.conversation.messages {
            match message.role {
                Role::User => of_user = Some(message),
                Role::Assistant if self.is_refusal(message) => {
                    found |= of_user.take().is_some_and(|turn| self.leave_out(turn, &mut edits));
                }
                _ => {}
            }
        }
        let edited = found.then(|| edits.apply(&self.body))?;
        Self::parse_count_tokens(edited).ok()
    }

    /// Whether an answer tells that its turn was stopped.
    fn is_refusal(&self, message: &Message) -> bool {
        let Content::Blocks(_, range) = &message.content else {
            return matches!(&message.content, Content::Text(text) if text.is(&self.body, STOPPED));
        };
        let mut blocks = self.conversation.blocks(range).iter();
        blocks.any(|block| block.text.is_some_and(|text| text.is(&self.body, STOPPED)))
    }

    /// Leaves out what a turn brought: results of tools, media, and the last text. Texts before it are
    /// the client's own reminders.
    fn leave_out(&self, message: &Message, edits: &mut Edits) -> bool {
        let quoted = serde_json::Value::from(LEFT_OUT);
        let (_, range) = match &message.content {
            Content::Text(text) => {
                edits.replace(text.span, quoted.to_string());
                return true;
            }
            Content::Blocks(span, range) => (span, range),
            Content::Other => return false,
        };
        let blocks = self.conversation.blocks(range);
        let last_text = blocks.iter().rposition(|block| block.kind == BlockKind::Text);
        let mut found = false;
        for (at, block) in blocks.iter().enumerate() {
            let place = match block.kind {
                BlockKind::Text if Some(at) == last_text => block.text.map(|text| text.span),
                BlockKind::ToolResult => self.content_of(block.span),
                BlockKind::Image | BlockKind::Document | BlockKind::SearchResult => {
                    edits.replace(block.span, format!(r#"{{"type":"text","text":{quoted}}}"#));
                    found = true;
                    None
                }
                _ => None,
            };
            if let Some(place) = place {
                edits.replace(place, quoted.to_string());
                found = true;
            }
        }
        found
    }

    /// Where the member `content` of a block stands.
    fn content_of(&self, block: Span) -> Option<Span> {
        let mut found = None;
        let mut cursor = Cursor::within(&self.body, block);
        let read = cursor.object(|inner, key| {
            let value = inner.skip()?;
            if key.is(&self.body, "content") {
                found = Some(value);
            }
            Ok::<_, JsonError>(())
        });
        found.filter(|_| read.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn request(messages: Value) -> MessagesRequest {
        let body = json!({"model": "m", "max_tokens": 1, "messages": messages});
        MessagesRequest::parse(Bytes::from(body.to_string())).unwrap()
    }

    fn messages(request: &MessagesRequest) -> Value {
        serde_json::from_slice::<Value>(request.body()).unwrap()["messages"].clone()
    }

    fn user(content: Value) -> Value {
        json!({"role": "user", "content": content})
    }

    fn refusal() -> Value {
        let text = |text: &str| json!({"type": "text", "text": text});
        json!({"role": "assistant", "content": [text("Sorry."), text(STOPPED)]})
    }

    #[test]
    fn what_was_stopped_is_left_out_and_the_rest_stays_byte_by_byte() {
        let before = request(json!([
            user(json!("hello")),
            {"role": "assistant", "content": "hi"},
            user(json!([{"type": "text", "text": "reminder"}, {"type": "text", "text": "bad"}])),
            refusal(),
            user(json!("bad again")),
            refusal(),
            user(json!("good")),
        ]));
        let after = before.without_stopped_turns().unwrap();
        let expected = before.body().to_vec();
        let expected = String::from_utf8(expected).unwrap();
        let expected = expected
            .replace(r#""bad again""#, &format!("{LEFT_OUT:?}"))
            .replace(r#""bad""#, &format!("{LEFT_OUT:?}"));
        assert_eq!(after.body(), expected.as_bytes());
        assert_eq!(after.without_stopped_turns().unwrap().body(), after.body(), "once is enough");
    }

    #[test]
    fn results_and_media_go_but_calls_keep_their_results() {
        let before = request(json!([
            user(json!([
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "bad"}]},
                {"type": "tool_result", "tool_use_id": "t2"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
            ])),
            refusal(),
            user(json!("good")),
        ]));
        let after = messages(&before.without_stopped_turns().unwrap());
        let left_out = json!([
            {"type": "tool_result", "tool_use_id": "t1", "content": LEFT_OUT},
            {"type": "tool_result", "tool_use_id": "t2"},
            {"type": "text", "text": LEFT_OUT},
        ]);
        assert_eq!(after[0]["content"], left_out);
    }

    #[test]
    fn who_only_quotes_the_sentence_loses_nothing() {
        let quoted = format!("What does \"{STOPPED}\" mean?");
        let quoting = request(json!([
            user(json!(STOPPED)),
            {"role": "assistant", "content": quoted},
            user(json!("go on")),
        ]));
        assert!(quoting.without_stopped_turns().is_none());
    }
}
