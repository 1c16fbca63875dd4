//! The one pass over the body: top-level members, and what stands in `system` and `tools`.

use std::borrow::Cow;

use bytes::Bytes;

use super::blocks::{Findings, Place};
use super::{Block, CacheControl, Conversation, InvalidRequest, MessagesRequest};
use crate::domain::json::{Cursor, Kind, Span, Text};

/// Most top-level members; the API has some thirty.
const MAX_MEMBERS: usize = 256;
/// Most tools and system blocks that are indexed, to bound memory.
const MAX_ITEMS: usize = 10_000;
/// Longest model name: an ARN, in bytes.
const MAX_MODEL: usize = 2048;

const ATTRIBUTION: &[u8] = b"x-anthropic-billing-header";
const VERSION: &[u8] = b"cc_version=";

/// A top-level member.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Member {
    pub(in crate::domain) key: Text,
    pub(in crate::domain) value: Span,
    /// Whether a later member has the same key.
    pub(in crate::domain) superseded: bool,
}

impl Member {
    /// Key and value.
    pub(in crate::domain) fn span(&self) -> Span {
        Span { start: self.key.span.start, end: self.value.end }
    }
}

/// The blocks of `system`, where it is a list.
#[derive(Debug, Clone, Default)]
pub(in crate::domain) struct System {
    pub(in crate::domain) blocks: Vec<Block>,
    pub(in crate::domain) cache_controls: Vec<CacheControl>,
    /// Which block is the client's attribution.
    pub(in crate::domain) attribution: Option<usize>,
    pub(super) client_version: Option<Span>,
}

/// One tool.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Tool {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) kind: Option<Text>,
    pub(in crate::domain) fields: ToolFields,
}

/// Which of the fields in which models differ a tool has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::domain) struct ToolFields(u8);

impl ToolFields {
    /// The fields that are told apart.
    pub(in crate::domain) const NAMES: [&'static str; 6] = [
        "defer_loading",
        "input_examples",
        "eager_input_streaming",
        "strict",
        "custom",
        "allowed_callers",
    ];

    fn read(&mut self, key: Text, source: &[u8]) {
        let named = Self::NAMES.iter().position(|name| key.is(source, name));
        self.0 |= named.map_or(0, |at| 1 << at);
    }

    /// Whether there is none of them.
    pub(in crate::domain) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of those that are there.
    pub(in crate::domain) fn names(self) -> impl Iterator<Item = &'static str> {
        let present = Self::NAMES.into_iter().enumerate();
        present.filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, name)| name)
    }
}

/// The tools.
#[derive(Debug, Clone, Default)]
pub(in crate::domain) struct Tools {
    pub(in crate::domain) list: Vec<Tool>,
    pub(in crate::domain) cache_controls: Vec<CacheControl>,
}

#[derive(Default)]
struct Reading {
    model: Option<String>,
    streaming: bool,
    max_tokens: Option<u64>,
    betas: Vec<String>,
    members: Vec<Member>,
    system: System,
    tools: Tools,
    conversation: Option<Conversation>,
    cache_control: Option<CacheControl>,
}

/// Reads a body; `max_tokens` may be missing.
pub(super) fn read(body: Bytes) -> Result<MessagesRequest, InvalidRequest> {
    let mut cursor = Cursor::new(&body)?;
    if cursor.kind()? != Kind::Object {
        return Err(InvalidRequest::NotAnObject);
    }
    let mut reading = Reading::default();
    cursor.object(|inner, key| reading.member(inner, key))?;
    cursor.finish()?;
    let model = reading.model.ok_or(InvalidRequest::Missing("model".into()))?;
    let mut conversation =
        reading.conversation.ok_or(InvalidRequest::Missing("messages".into()))?;
    conversation.findings.media.iter_mut().for_each(|media| media.measure(&body));
    Ok(MessagesRequest {
        model,
        conversation,
        streaming: reading.streaming,
        max_tokens: reading.max_tokens,
        betas: reading.betas,
        members: reading.members,
        system: reading.system,
        tools: reading.tools,
        cache_control: reading.cache_control,
        body,
    })
}

impl Reading {
    fn member(&mut self, cursor: &mut Cursor<'_>, key: Text) -> Result<(), InvalidRequest> {
        let source = cursor.source();
        let name = key.decode(source);
        if self.members.len() == MAX_MEMBERS {
            return Err(InvalidRequest::TooMany { field: "body", limit: MAX_MEMBERS });
        }
        for earlier in &mut self.members {
            earlier.superseded |= earlier.key.is(source, &name);
        }
        let value = self.value(cursor, &name)?;
        self.members.push(Member { key, value, superseded: false });
        Ok(())
    }

    fn value(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Result<Span, InvalidRequest> {
        match name {
            "model" => {
                let (value, model) = model(cursor)?;
                self.model = Some(model);
                Ok(value)
            }
            "stream" => {
                let value = cursor.skip()?;
                self.streaming = match value.of(cursor.source()) {
                    b"true" => true,
                    b"false" | b"null" => false,
                    _ => return Err(field("stream", "Input should be a valid boolean")),
                };
                Ok(value)
            }
            "max_tokens" => {
                let value = cursor.skip()?;
                self.max_tokens =
                    std::str::from_utf8(value.of(cursor.source()))
                        .ok()
                        .and_then(|text| {
                            if text == "null" { Some(None) } else { text.parse().ok().map(Some) }
                        })
                        .ok_or_else(|| field("max_tokens", "Input should be a valid integer"))?;
                Ok(value)
            }
            "anthropic_beta" => {
                let value = cursor.skip()?;
                let betas: Option<Vec<String>> = serde_json::from_slice(value.of(cursor.source()))
                    .map_err(|_| field("anthropic_beta", "Input should be a list of strings"))?;
                self.betas = betas.unwrap_or_default();
                Ok(value)
            }
            "messages" => {
                let (value, conversation) = Conversation::read(cursor)?;
                self.conversation = Some(conversation);
                Ok(value)
            }
            "system" => {
                self.system = System::default();
                list(cursor, "system", |inner| self.system.block(inner))
            }
            "tools" => {
                self.tools = Tools::default();
                list(cursor, "tools", |inner| self.tools.tool(inner))
            }
            "cache_control" => {
                let (value, found) = CacheControl::read(cursor)?;
                self.cache_control = found;
                Ok(value)
            }
            _ => Ok(cursor.skip()?),
        }
    }
}

impl System {
    fn block(&mut self, cursor: &mut Cursor<'_>) -> Result<(), InvalidRequest> {
        let mut findings = Findings::default();
        let place = Place { message: 0, block: self.blocks.len(), inner: None };
        let block = findings.block(cursor, place)?;
        self.cache_controls.append(&mut findings.cache_controls);
        let first = self.blocks.iter().all(|earlier| earlier.text.is_none());
        if let Some(text) = block.text.filter(|_| first) {
            let raw = text.raw(cursor.source());
            if raw.starts_with(ATTRIBUTION) {
                self.attribution = Some(self.blocks.len());
                self.client_version = version(raw, text.span.start + 1);
            }
        }
        self.blocks.push(block);
        Ok(())
    }
}

impl Tools {
    fn tool(&mut self, cursor: &mut Cursor<'_>) -> Result<(), InvalidRequest> {
        let (mut kind, mut fields) = (None, ToolFields::default());
        let span = if cursor.kind()? == Kind::Object {
            cursor.object(|inner, key| {
                let source = inner.source();
                if key.is(source, "type") && inner.kind()? == Kind::String {
                    kind = Some(inner.string()?);
                } else if key.is(source, "cache_control") {
                    CacheControl::collect(inner, &mut self.cache_controls)?;
                } else {
                    fields.read(key, source);
                    inner.skip()?;
                }
                Ok::<_, InvalidRequest>(())
            })?
        } else {
            cursor.skip()?
        };
        self.list.push(Tool { span, kind, fields });
        Ok(())
    }
}

fn field(field: &'static str, problem: &'static str) -> InvalidRequest {
    InvalidRequest::Field { field: Cow::Borrowed(field), problem }
}

fn model(cursor: &mut Cursor<'_>) -> Result<(Span, String), InvalidRequest> {
    if cursor.kind()? != Kind::String {
        return Err(field("model", "Input should be a valid string"));
    }
    let text = cursor.string()?;
    let model = text.decode(cursor.source()).into_owned();
    match model.len() {
        0 => Err(field("model", "String should have at least 1 character")),
        1..=MAX_MODEL => Ok((text.span, model)),
        _ => Err(field("model", "String should have at most 2048 characters")),
    }
}

/// Reads the items of a list; a value that is no list is skipped, for the upstream to judge.
fn list(
    cursor: &mut Cursor<'_>,
    name: &'static str,
    mut item: impl FnMut(&mut Cursor<'_>) -> Result<(), InvalidRequest>,
) -> Result<Span, InvalidRequest> {
    if cursor.kind()? != Kind::Array {
        return Ok(cursor.skip()?);
    }
    let mut count = 0;
    cursor.array(|inner| {
        count += 1;
        if count > MAX_ITEMS {
            return Err(InvalidRequest::TooMany { field: name, limit: MAX_ITEMS });
        }
        item(inner)
    })
}

/// Finds `cc_version` in the attribution text; its fourth part changes with each prompt and is cut.
fn version(raw: &[u8], offset: usize) -> Option<Span> {
    let start = memchr::memmem::find(raw, VERSION)? + VERSION.len();
    let value = raw.get(start..)?;
    let mut dots = 0;
    let length = value
        .iter()
        .take(32)
        .take_while(|&&byte| {
            dots += u8::from(byte == b'.');
            dots < 3 && (byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        })
        .count();
    let start = offset + start;
    (length > 0).then_some(Span { start, end: start + length })
}
