//! Content blocks and the `cache_control`s in them. Only places where the API takes a
//! `cache_control` are looked at: never tool inputs, never schemas.

use super::InvalidRequest;
use crate::domain::json::{Cursor, Kind, Span, Text};

/// A `cache_control` value and the members of it that upstreams quarrel about.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct CacheControl {
    pub(in crate::domain) value: Span,
    pub(in crate::domain) scope: bool,
    pub(in crate::domain) ttl: bool,
}

impl CacheControl {
    /// Reads the value of a `cache_control`; `None` for `null` and other things that are no object.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Span, Option<Self>), InvalidRequest> {
        if cursor.kind()? != Kind::Object {
            return Ok((cursor.skip()?, None));
        }
        let (mut scope, mut ttl) = (false, false);
        let value = cursor.object(|inner, key| {
            scope |= key.is(inner.source(), "scope");
            ttl |= key.is(inner.source(), "ttl");
            inner.skip().map(drop)
        })?;
        Ok((value, Some(Self { value, scope, ttl })))
    }

    /// Reads a `cache_control` into `list`.
    pub(super) fn collect(
        cursor: &mut Cursor<'_>,
        list: &mut Vec<Self>,
    ) -> Result<(), InvalidRequest> {
        let (_, found) = Self::read(cursor)?;
        list.extend(found);
        Ok(())
    }
}

/// One content block.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Block {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) kind: Option<Text>,
    /// The value of its member `text`, where that is a string.
    pub(in crate::domain) text: Option<Text>,
}

impl Block {
    /// Reads a block; its `cache_control`, and those inside a tool result, go to `list`.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        list: &mut Vec<CacheControl>,
    ) -> Result<Self, InvalidRequest> {
        read(cursor, list, false)
    }
}

fn read(
    cursor: &mut Cursor<'_>,
    list: &mut Vec<CacheControl>,
    nested: bool,
) -> Result<Block, InvalidRequest> {
    let (mut kind, mut text) = (None, None);
    if cursor.kind()? != Kind::Object {
        return Ok(Block { span: cursor.skip()?, kind, text });
    }
    let mut inside = Vec::new();
    let span = cursor.object(|inner, key| {
        let source = inner.source();
        let next = inner.kind()?;
        if next == Kind::String && key.is(source, "type") {
            kind = Some(inner.string()?);
        } else if next == Kind::String && key.is(source, "text") {
            text = Some(inner.string()?);
        } else if key.is(source, "cache_control") {
            CacheControl::collect(inner, list)?;
        } else if next == Kind::Array && !nested && key.is(source, "content") {
            inner.array(|element| read(element, &mut inside, true).map(drop))?;
        } else {
            inner.skip()?;
        }
        Ok::<_, InvalidRequest>(())
    })?;
    if kind.is_some_and(|kind| kind.is(cursor.source(), "tool_result")) {
        list.append(&mut inside);
    }
    Ok(Block { span, kind, text })
}
