//! `context_management`: the edits that the model takes stay; where none is left, it goes with its beta.

use super::Draft;
use crate::domain::capability::Feature;
use crate::domain::json::{Cursor, JsonError, Kind, Span, Text};

impl Draft<'_> {
    /// Leaves of `context_management` what the model takes.
    pub(super) fn context_management(&mut self) {
        let Some(value) = self.request.field("context_management") else {
            return;
        };
        let edits = edits(self.body(), value);
        let kept: Vec<(Span, bool)> =
            edits.iter().map(|(span, kind)| (*span, !self.takes_edit(*kind))).collect();
        if kept.iter().all(|(_, goes)| *goes) {
            self.gone.push("context_management");
        } else if kept.iter().any(|(_, goes)| *goes) {
            self.edits.remove_items(kept);
        } else {
            return;
        }
        self.adjusted("context_management");
    }

    fn takes_edit(&mut self, kind: Option<Text>) -> bool {
        let source = self.body();
        let is = |name: &str| kind.is_some_and(|kind| kind.is(source, name));
        if is("compact_20260112") {
            self.uses(Feature::Compaction)
        } else if is("clear_thinking_20251015") {
            self.uses(Feature::ClearThinking) && self.uses(Feature::ContextManagement)
        } else {
            self.uses(Feature::ContextManagement)
        }
    }
}

/// The elements of `edits`, each with its type.
fn edits(source: &[u8], value: Span) -> Vec<(Span, Option<Text>)> {
    let mut found = Vec::new();
    let mut cursor = Cursor::within(source, value);
    if cursor.kind() != Ok(Kind::Object) {
        return found;
    }
    let read = cursor.object(|inner, key| {
        if !key.is(source, "edits") || inner.kind()? != Kind::Array {
            return inner.skip().map(drop);
        }
        found.clear();
        inner.array(|element| {
            let edit = one(element)?;
            found.push(edit);
            Ok::<_, JsonError>(())
        })?;
        Ok(())
    });
    if read.is_err() {
        found.clear();
    }
    found
}

fn one(cursor: &mut Cursor<'_>) -> Result<(Span, Option<Text>), JsonError> {
    if cursor.kind()? != Kind::Object {
        return Ok((cursor.skip()?, None));
    }
    let mut kind = None;
    let span = cursor.object(|inner, key| {
        if key.is(inner.source(), "type") && inner.kind()? == Kind::String {
            kind = Some(inner.string()?);
        } else {
            inner.skip()?;
        }
        Ok::<_, JsonError>(())
    })?;
    Ok((span, kind))
}
