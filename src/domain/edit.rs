//! Edits of a JSON text: what to replace where, and their emission in one copy.
//!
//! Everything outside the edits stays byte-identical.

use std::borrow::Cow;

use bytes::Bytes;

use super::json::{Cursor, JsonError, Kind, Span, Text};

#[derive(Debug)]
struct Edit {
    span: Span,
    replacement: Cow<'static, str>,
}

/// A set of edits over one body. An edit inside a part that another one replaces is void.
#[derive(Debug, Default)]
pub struct Edits {
    list: Vec<Edit>,
    unsorted: bool,
}

impl Edits {
    /// Puts `replacement` in place of `span`.
    pub fn replace(&mut self, span: Span, replacement: impl Into<Cow<'static, str>>) {
        self.list.push(Edit { span, replacement: replacement.into() });
        self.unsorted = true;
    }

    /// Puts `text` before the byte at `at`; inserts at one place keep their order.
    pub fn insert(&mut self, at: usize, text: impl Into<Cow<'static, str>>) {
        self.replace(Span { start: at, end: at }, text);
    }

    /// Takes `span` out.
    pub fn remove(&mut self, span: Span) {
        self.replace(span, "");
    }

    /// Takes items out of a list of members or elements, commas included; `items` are all of them
    /// in order, each with whether it goes.
    pub fn remove_items(&mut self, items: impl IntoIterator<Item = (Span, bool)>) {
        // Up to the first item that stays, an item goes with the comma after it; later ones go
        // with the comma before.
        let mut last_end = 0;
        let mut leading = None;
        let mut kept = false;
        for (span, goes) in items {
            match (goes, kept) {
                (true, true) => self.remove(Span { start: last_end, end: span.end }),
                (true, false) => leading = leading.or(Some(span.start)),
                (false, _) => {
                    if let Some(start) = leading.take() {
                        self.remove(Span { start, end: span.start });
                    }
                    kept = true;
                }
            }
            last_end = span.end;
        }
        if let Some(start) = leading {
            self.remove(Span { start, end: last_end });
        }
    }

    /// Takes members out of the object at `object`; does nothing where that is no object.
    /// Returns how many were there, and how many went.
    pub fn remove_members(
        &mut self,
        body: &[u8],
        object: Span,
        mut goes: impl FnMut(Text) -> bool,
    ) -> (usize, usize) {
        let mut items = Vec::new();
        let mut cursor = Cursor::within(body, object);
        if cursor.kind() == Ok(Kind::Object) {
            let read = cursor.object(|inner, key| {
                let end = inner.skip()?.end;
                items.push((Span { start: key.span.start, end }, goes(key)));
                Ok::<_, JsonError>(())
            });
            if read.is_err() {
                items.clear();
            }
        }
        let gone = items.iter().filter(|(_, goes)| *goes).count();
        let all = items.len();
        self.remove_items(items);
        (all, gone)
    }

    /// The bytes of `span` of `body` with the edits made so far that lie inside it.
    /// Cheap to call again as long as no edit is added in between.
    #[must_use]
    pub fn render(&mut self, body: &[u8], span: Span) -> Vec<u8> {
        self.sort();
        let first = self.list.partition_point(|edit| edit.span.start < span.start);
        let inside = self.list.get(first..).unwrap_or_default();
        let count = inside.partition_point(|edit| edit.span.start < span.end);
        emit(body, span, inside.get(..count).unwrap_or_default())
    }

    /// The edited body; without edits the body itself, not copied.
    #[must_use]
    pub fn apply(mut self, body: &Bytes) -> Bytes {
        if self.list.is_empty() {
            return body.clone();
        }
        self.sort();
        Bytes::from(emit(body, Span { start: 0, end: body.len() }, &self.list))
    }

    /// Stable, so that inserts at one place stay in order; inserts come before what they precede.
    fn sort(&mut self) {
        if std::mem::take(&mut self.unsorted) {
            self.list.sort_by_key(|edit| (edit.span.start, edit.span.end > edit.span.start));
        }
    }
}

/// Copies `span` of `body` with sorted edits, into an allocation of exactly the size needed.
fn emit(body: &[u8], span: Span, edits: &[Edit]) -> Vec<u8> {
    let mut size = 0;
    pieces(body, span, edits, |piece| size += piece.len());
    let mut out = Vec::with_capacity(size);
    pieces(body, span, edits, |piece| out.extend_from_slice(piece));
    out
}

fn pieces<'a>(body: &'a [u8], span: Span, edits: &'a [Edit], mut piece: impl FnMut(&'a [u8])) {
    let mut at = span.start;
    for edit in edits {
        if edit.span.start >= at {
            piece(Span { start: at, end: edit.span.start }.of(body));
            piece(edit.replacement.as_bytes());
        }
        at = at.max(edit.span.end);
    }
    if at < span.end {
        piece(Span { start: at, end: span.end }.of(body));
    }
}

#[cfg(test)]
mod tests;
