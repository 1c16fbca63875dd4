//! Content blocks, and what translation has to know of them. Only places where the API has meaning
//! are looked at: never tool inputs, never schemas.

use super::media::Source;
use super::{InvalidRequest, Media};
use crate::domain::json::{Cursor, Kind, Span, Text};

/// Longest id of a tool call that Bedrock takes, in bytes.
const MAX_ID: usize = 64;

/// A `cache_control` value and the members of it that upstreams quarrel about.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct CacheControl {
    pub(in crate::domain) value: Span,
    pub(in crate::domain) scope: bool,
    pub(in crate::domain) ttl: Option<Span>,
}

impl CacheControl {
    /// Reads the value of a `cache_control`; `None` for `null` and other things that are no object.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Span, Option<Self>), InvalidRequest> {
        if cursor.kind()? != Kind::Object {
            return Ok((cursor.skip()?, None));
        }
        let (mut scope, mut ttl) = (false, None);
        let value = cursor.object(|inner, key| {
            scope |= key.is(inner.source(), "scope");
            let is_ttl = key.is(inner.source(), "ttl");
            let value = inner.skip()?;
            if is_ttl {
                ttl = Some(value);
            }
            Ok::<_, InvalidRequest>(())
        })?;
        Ok((value, Some(Self { value, scope, ttl })))
    }

    /// Reads a `cache_control` into `list`.
    pub(super) fn collect(
        cursor: &mut Cursor<'_>,
        list: &mut Vec<Self>,
    ) -> Result<bool, InvalidRequest> {
        let (_, found) = Self::read(cursor)?;
        list.extend(found);
        Ok(found.is_some())
    }
}

/// What a block is, as far as the gateway treats kinds differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::domain) enum BlockKind {
    Text,
    Image,
    Document,
    ToolUse,
    ToolResult,
    ToolReference,
    SearchResult,
    /// Also redacted; goes back byte for byte, and takes no breakpoint.
    Thinking,
    /// A kind that the gateway leaves alone, or none.
    #[default]
    Other,
}

impl BlockKind {
    fn of(name: &[u8]) -> Self {
        match name {
            b"text" => Self::Text,
            b"image" => Self::Image,
            b"document" => Self::Document,
            b"tool_use" => Self::ToolUse,
            b"tool_result" => Self::ToolResult,
            b"tool_reference" => Self::ToolReference,
            b"search_result" => Self::SearchResult,
            b"thinking" | b"redacted_thinking" => Self::Thinking,
            _ => Self::Other,
        }
    }
}

/// One content block.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Block {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) kind: BlockKind,
    /// The value of its member `text`, where that is a string.
    pub(in crate::domain) text: Option<Text>,
    /// Whether it has a `cache_control` of its own.
    pub(in crate::domain) cached: bool,
}

impl Block {
    /// Whether it is a text block without text, which the API refuses.
    pub(in crate::domain) fn is_empty_text(&self) -> bool {
        self.kind == BlockKind::Text
            && self.text.is_some_and(|text| text.span.end - text.span.start == 2)
    }
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) struct Place {
    pub(in crate::domain) message: usize,
    pub(in crate::domain) block: usize,
    /// Position inside the `content` of a block of this kind.
    pub(in crate::domain) inner: Option<(&'static str, usize)>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "messages.{}.content.{}", self.message, self.block)?;
        match self.inner {
            Some((kind, at)) => write!(f, ".{kind}.content.{at}"),
            None => Ok(()),
        }
    }
}

/// A `tool_reference` block.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Reference {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) name: Option<Text>,
}

/// What blocks hold that may have to be edited or refused.
#[derive(Debug, Clone, Default)]
pub(in crate::domain) struct Findings {
    pub(in crate::domain) cache_controls: Vec<CacheControl>,
    /// Ids of tool calls in letters or of a length that Bedrock refuses.
    pub(in crate::domain) odd_ids: Vec<Text>,
    pub(in crate::domain) references: Vec<Reference>,
    pub(in crate::domain) media: Vec<Media>,
    /// Text blocks with citations.
    pub(in crate::domain) cited: Vec<Place>,
}

impl Findings {
    /// Reads the block at `place`.
    pub(super) fn block(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: Place,
    ) -> Result<Block, InvalidRequest> {
        let mut block = Block {
            span: Span { start: 0, end: 0 },
            kind: BlockKind::Other,
            text: None,
            cached: false,
        };
        if cursor.kind()? != Kind::Object {
            block.span = cursor.skip()?;
            return Ok(block);
        }
        let mut parts = Parts::default();
        let mut inside = None;
        block.span = cursor.object(|inner, key| {
            let source = inner.source();
            let next = inner.kind()?;
            match (&*key.bytes(source), next) {
                (b"type", Kind::String) => block.kind = kind(inner)?,
                (b"text", Kind::String) => block.text = Some(inner.string()?),
                (b"cache_control", _) => {
                    block.cached = CacheControl::collect(inner, &mut self.cache_controls)?;
                }
                (b"id" | b"tool_use_id", Kind::String) => parts.id = Some(inner.string()?),
                (b"tool_name", Kind::String) => parts.name = Some(inner.string()?),
                (b"source", Kind::Object) => parts.source = Some(Source::read(inner)?),
                (b"citations", Kind::Array) => {
                    inner.array(|element| {
                        parts.cited = true;
                        element.skip().map(drop)
                    })?;
                }
                (b"content", Kind::Array) if place.inner.is_none() => {
                    inside = Some(nested(inner, place)?);
                }
                _ => drop(inner.skip()?),
            }
            Ok::<_, InvalidRequest>(())
        })?;
        if let Some(inside) = inside {
            self.join(block.kind, inside);
        }
        self.keep(cursor.source(), place, &block, parts);
        Ok(block)
    }

    fn keep(&mut self, source: &[u8], place: Place, block: &Block, parts: Parts) {
        match block.kind {
            BlockKind::Text if parts.cited => self.cited.push(place),
            BlockKind::Image | BlockKind::Document => {
                let media = Media::new(place, block.kind == BlockKind::Image, parts.source);
                self.media.push(media);
            }
            BlockKind::ToolUse | BlockKind::ToolResult => {
                self.odd_ids.extend(parts.id.filter(|id| !is_plain(*id, source)));
            }
            BlockKind::ToolReference => {
                self.references.push(Reference { span: block.span, name: parts.name });
            }
            _ => {}
        }
    }

    /// Takes in what stands inside a block of `kind`; the API gives the rest no meaning.
    fn join(&mut self, kind: BlockKind, mut inside: Self) {
        let within = match kind {
            BlockKind::ToolResult => "tool_result",
            BlockKind::SearchResult => "search_result",
            _ => return,
        };
        for place in inside.cited.iter_mut().chain(inside.media.iter_mut().map(|it| &mut it.place))
        {
            place.inner = place.inner.map(|(_, at)| (within, at));
        }
        self.cited.append(&mut inside.cited);
        if kind == BlockKind::ToolResult {
            self.cache_controls.append(&mut inside.cache_controls);
            self.references.append(&mut inside.references);
            self.media.append(&mut inside.media);
        }
    }
}

/// What a block holds beside what [`Block`] keeps.
#[derive(Default)]
struct Parts {
    id: Option<Text>,
    name: Option<Text>,
    source: Option<Source>,
    cited: bool,
}

fn kind(cursor: &mut Cursor<'_>) -> Result<BlockKind, InvalidRequest> {
    let name = cursor.string()?;
    Ok(BlockKind::of(&name.bytes(cursor.source())))
}

fn nested(cursor: &mut Cursor<'_>, place: Place) -> Result<Findings, InvalidRequest> {
    let (mut inside, mut at) = (Findings::default(), 0);
    cursor.array(|element| {
        inside.block(element, Place { inner: Some(("", at)), ..place })?;
        at += 1;
        Ok::<_, InvalidRequest>(())
    })?;
    Ok(inside)
}

/// Whether an id has the form `^[a-zA-Z0-9_-]{1,64}$`.
fn is_plain(id: Text, source: &[u8]) -> bool {
    let raw = id.raw(source);
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=MAX_ID).contains(&raw.len()) && raw.iter().all(letter)
}
