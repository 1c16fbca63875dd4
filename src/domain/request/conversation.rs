//! The `messages` of a request: roles, contents and blocks.

use std::ops::Range;

use super::blocks::{Findings, Place};
use super::{Block, InvalidRequest};
use crate::domain::json::{Cursor, Kind, Span, Text};

/// Most messages that Anthropic takes.
const MAX_MESSAGES: usize = 100_000;
/// Most blocks that are indexed, to bound memory; far beyond what a context window holds.
const MAX_BLOCKS: usize = 500_000;

/// All messages; the blocks of all of them stand in one list.
#[derive(Debug, Clone, Default)]
pub(in crate::domain) struct Conversation {
    pub(in crate::domain) messages: Vec<Message>,
    pub(in crate::domain) blocks: Vec<Block>,
    pub(in crate::domain) findings: Findings,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) enum Role {
    User,
    Assistant,
    System,
    /// None that the API knows.
    Other,
}

/// One message.
#[derive(Debug, Clone)]
pub(in crate::domain) struct Message {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) role: Role,
    pub(in crate::domain) role_span: Span,
    pub(in crate::domain) content: Content,
    pub(in crate::domain) output_config: bool,
}

/// What a message says.
#[derive(Debug, Clone)]
pub(in crate::domain) enum Content {
    /// A string.
    Text(Text),
    /// A list of blocks: its span, and which of [`Conversation::blocks`].
    Blocks(Span, Range<usize>),
    /// Missing, or of no known shape: for the upstream to refuse.
    Other,
}

impl Conversation {
    /// Reads the value of `messages`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Span, Self), InvalidRequest> {
        if cursor.kind()? != Kind::Array {
            let problem = "Input should be a valid list";
            return Err(InvalidRequest::Field { field: "messages".into(), problem });
        }
        let mut read = Self::default();
        let span = cursor.array(|inner| read.message(inner))?;
        if read.messages.is_empty() {
            let problem = "at least one message is required";
            return Err(InvalidRequest::Field { field: "messages".into(), problem });
        }
        Ok((span, read))
    }

    /// The blocks of a message whose content is a list.
    pub(in crate::domain) fn blocks(&self, range: &Range<usize>) -> &[Block] {
        self.blocks.get(range.clone()).unwrap_or_default()
    }

    fn message(&mut self, cursor: &mut Cursor<'_>) -> Result<(), InvalidRequest> {
        let index = self.messages.len();
        if index == MAX_MESSAGES {
            return Err(InvalidRequest::TooMany { field: "messages", limit: MAX_MESSAGES });
        }
        if cursor.kind()? != Kind::Object {
            let problem = "Input should be an object";
            return Err(InvalidRequest::Field {
                field: format!("messages.{index}").into(),
                problem,
            });
        }
        let (mut role, mut content, mut output_config) = (None, Content::Other, false);
        let span = cursor.object(|inner, key| {
            let source = inner.source();
            let next = inner.kind()?;
            if next == Kind::String && key.is(source, "role") {
                role = Some(inner.string()?);
            } else if key.is(source, "content") {
                content = self.content(inner, next, index)?;
            } else {
                output_config |= key.is(source, "output_config");
                inner.skip()?;
            }
            Ok::<_, InvalidRequest>(())
        })?;
        let role =
            role.ok_or_else(|| InvalidRequest::Missing(format!("messages.{index}.role").into()))?;
        let (role, role_span) = (self::role(role, cursor.source()), role.span);
        self.messages.push(Message { span, role, role_span, content, output_config });
        Ok(())
    }

    fn content(
        &mut self,
        cursor: &mut Cursor<'_>,
        kind: Kind,
        message: usize,
    ) -> Result<Content, InvalidRequest> {
        match kind {
            Kind::String => Ok(Content::Text(cursor.string()?)),
            Kind::Array => {
                let first = self.blocks.len();
                let span = cursor.array(|inner| {
                    if self.blocks.len() == MAX_BLOCKS {
                        let limit = MAX_BLOCKS;
                        return Err(InvalidRequest::TooMany { field: "messages.content", limit });
                    }
                    let place = Place { message, block: self.blocks.len() - first, inner: None };
                    self.blocks.push(self.findings.block(inner, place)?);
                    Ok(())
                })?;
                Ok(Content::Blocks(span, first..self.blocks.len()))
            }
            _ => {
                cursor.skip()?;
                Ok(Content::Other)
            }
        }
    }
}

fn role(text: Text, source: &[u8]) -> Role {
    [("user", Role::User), ("assistant", Role::Assistant), ("system", Role::System)]
        .into_iter()
        .find(|(name, _)| text.is(source, name))
        .map_or(Role::Other, |(_, role)| role)
}
