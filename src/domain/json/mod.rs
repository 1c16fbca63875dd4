//! A validating cursor over JSON text that yields spans instead of values.
//!
//! The hot path reads each request body once and needs to know only where a few things stand; all
//! else is checked and skipped. What is accepted is what `serde_json` accepts as a `Value`.

use std::borrow::Cow;

use thiserror::Error;

mod cursor;
mod scan;
#[cfg(test)]
mod tests;

pub use cursor::Cursor;

/// A range of bytes of the text that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes of `source` in this span; none where `source` is not the text that was read.
    #[must_use]
    pub fn of(self, source: &[u8]) -> &[u8] {
        source.get(self.start..self.end).unwrap_or_default()
    }
}

/// A string value or key: its span, quotes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// From the opening to after the closing quote.
    pub span: Span,
    /// Whether it holds escapes.
    pub escaped: bool,
}

impl Text {
    /// The raw bytes between the quotes.
    #[must_use]
    pub fn raw(self, source: &[u8]) -> &[u8] {
        let inner = Span { start: self.span.start + 1, end: self.span.end.saturating_sub(1) };
        inner.of(source)
    }

    /// The text, its escapes decoded.
    #[must_use]
    pub fn decode(self, source: &[u8]) -> Cow<'_, str> {
        if self.escaped {
            return Cow::Owned(serde_json::from_slice(self.span.of(source)).unwrap_or_default());
        }
        Cow::Borrowed(std::str::from_utf8(self.raw(source)).unwrap_or_default())
    }

    /// The bytes of the text, its escapes decoded.
    #[must_use]
    pub fn bytes(self, source: &[u8]) -> Cow<'_, [u8]> {
        if self.escaped {
            return Cow::Owned(self.decode(source).into_owned().into_bytes());
        }
        Cow::Borrowed(self.raw(source))
    }

    /// Whether the decoded text equals `other`.
    #[must_use]
    pub fn is(self, source: &[u8], other: &str) -> bool {
        if self.escaped {
            self.decode(source) == other
        } else {
            self.raw(source) == other.as_bytes()
        }
    }
}

/// What kind of value stands next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

/// Why bytes are no JSON, and where.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("{problem} at byte {at}")]
pub struct JsonError {
    /// What was found.
    pub problem: Problem,
    /// Offset of the offending byte.
    pub at: usize,
}

/// The ways in which bytes fail to be JSON.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not UTF-8.
    #[error("invalid UTF-8")]
    Utf8,
    /// The text ends inside a value.
    #[error("unexpected end")]
    End,
    /// No value starts with this byte.
    #[error("expected a value")]
    Value,
    /// A key, colon, comma or bracket is missing.
    #[error("expected a key, `:`, `,` or a closing bracket")]
    Structure,
    /// A malformed number, or one too large for a double.
    #[error("invalid number")]
    Number,
    /// A raw control character inside a string.
    #[error("control character in a string")]
    Control,
    /// An unknown escape or half a surrogate pair.
    #[error("invalid escape in a string")]
    Escape,
    /// More than 127 levels.
    #[error("nested too deeply")]
    Depth,
    /// Something follows the value.
    #[error("trailing characters")]
    Trailing,
}
