//! The cursor itself: the grammar of JSON, one value at a time.

use super::{JsonError, Kind, Problem, Span, Text, scan};

/// Deepest nesting of arrays and objects, the same as `serde_json`'s.
const MAX_DEPTH: u8 = 127;
/// Longest number that cannot overflow an `f64` without an exponent, in bytes.
const SAFE_DIGITS: usize = 300;

/// A position in JSON text.
#[derive(Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u8,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `bytes`.
    ///
    /// # Errors
    /// Where `bytes` are not UTF-8; nothing else is checked yet.
    pub fn new(bytes: &'a [u8]) -> Result<Self, JsonError> {
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Self { bytes, at: 0, depth: 0 }),
            Err(error) => Err(JsonError { problem: Problem::Utf8, at: error.valid_up_to() }),
        }
    }

    /// A cursor at a value inside text that another cursor has read.
    #[must_use]
    pub fn within(bytes: &'a [u8], value: Span) -> Self {
        Self { bytes: bytes.get(..value.end).unwrap_or(bytes), at: value.start, depth: 0 }
    }

    /// The text this cursor reads.
    #[must_use]
    pub fn source(&self) -> &'a [u8] {
        self.bytes
    }

    /// The kind of the next value, by its first byte.
    ///
    /// # Errors
    /// Where no value starts here.
    pub fn kind(&mut self) -> Result<Kind, JsonError> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.fail(Problem::Value)),
            None => Err(self.fail(Problem::End)),
        }
    }

    /// Reads an object; `member` gets each key and must read exactly the value that follows.
    ///
    /// # Errors
    /// Where the next value is no well-formed object, or what `member` returns.
    pub fn object<E: From<JsonError>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Text) -> Result<(), E>,
    ) -> Result<Span, E> {
        let start = self.open(b'{')?;
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.unexpected().into());
                }
                let key = self.string()?;
                self.expect(b':')?;
                self.peek();
                member(self, key)?;
                if !self.comma(b'}')? {
                    break;
                }
            }
        }
        Ok(self.close(start))
    }

    /// Reads an array; `element` must read exactly one value each time it is called.
    ///
    /// # Errors
    /// Where the next value is no well-formed array, or what `element` returns.
    pub fn array<E: From<JsonError>>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<Span, E> {
        let start = self.open(b'[')?;
        if self.peek() != Some(b']') {
            loop {
                self.peek();
                element(self)?;
                if !self.comma(b']')? {
                    break;
                }
            }
        }
        Ok(self.close(start))
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Where the next value is no well-formed string.
    pub fn string(&mut self) -> Result<Text, JsonError> {
        let start = self.expect(b'"')?;
        let mut escaped = false;
        loop {
            self.at += scan::plain(self.bytes.get(self.at..).unwrap_or_default());
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text { span: Span { start, end: self.at }, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fail(Problem::Control)),
                None => return Err(self.fail(Problem::End)),
            }
        }
    }

    /// Checks one value of any kind and returns its span.
    ///
    /// # Errors
    /// Where no well-formed value follows.
    pub fn skip(&mut self) -> Result<Span, JsonError> {
        match self.kind()? {
            Kind::Object => self.object(|inner, _| inner.skip().map(drop)),
            Kind::Array => self.array(|inner| inner.skip().map(drop)),
            Kind::String => Ok(self.string()?.span),
            Kind::Number => self.number(),
            Kind::Bool | Kind::Null => self.word(),
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// Where something is.
    pub fn finish(mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(_) => Err(self.fail(Problem::Trailing)),
            None => Ok(()),
        }
    }

    fn fail(&self, problem: Problem) -> JsonError {
        JsonError { problem, at: self.at.min(self.bytes.len()) }
    }

    fn unexpected(&self) -> JsonError {
        self.fail(if self.at < self.bytes.len() { Problem::Structure } else { Problem::End })
    }

    /// The next byte that is no white space; stops there.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes `byte` and returns where it stood.
    fn expect(&mut self, byte: u8) -> Result<usize, JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(self.at - 1)
    }

    fn open(&mut self, bracket: u8) -> Result<usize, JsonError> {
        let start = self.expect(bracket)?;
        if self.depth == MAX_DEPTH {
            return Err(self.fail(Problem::Depth));
        }
        self.depth += 1;
        Ok(start)
    }

    fn close(&mut self, start: usize) -> Span {
        self.depth -= 1;
        self.at += 1;
        Span { start, end: self.at }
    }

    /// After an element: passes a comma, or stops before `closing`.
    fn comma(&mut self, closing: u8) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == closing => Ok(false),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self) -> Result<Span, JsonError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        for word in ["true", "false", "null"] {
            if rest.starts_with(word.as_bytes()) {
                let start = self.at;
                self.at += word.len();
                return Ok(Span { start, end: self.at });
            }
        }
        Err(self.fail(Problem::Value))
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn pass(&mut self, wanted: &[u8]) -> bool {
        let found = self.bytes.get(self.at).is_some_and(|byte| wanted.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<Span, JsonError> {
        let start = self.at;
        self.pass(b"-");
        if !self.pass(b"0") && self.digits() == 0 {
            return Err(self.fail(Problem::Number));
        }
        if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.fail(Problem::Number));
        }
        if self.pass(b".") && self.digits() == 0 {
            return Err(self.fail(Problem::Number));
        }
        let exponent = self.pass(b"eE");
        if exponent {
            self.pass(b"+-");
            if self.digits() == 0 {
                return Err(self.fail(Problem::Number));
            }
        }
        let span = Span { start, end: self.at };
        if (exponent || span.end - start > SAFE_DIGITS) && !scan::finite(span.of(self.bytes)) {
            return Err(self.fail(Problem::Number));
        }
        Ok(span)
    }

    /// Passes one escape; a `\u` of a surrogate must be a whole pair.
    fn escape(&mut self) -> Result<(), JsonError> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(2),
            Some(b'u') => match scan::hex(rest.get(1..).unwrap_or_default()) {
                Some(0xD800..=0xDBFF) => rest
                    .get(5..)
                    .and_then(|low| low.strip_prefix(br"\u"))
                    .and_then(scan::hex)
                    .filter(|low| (0xDC00..=0xDFFF).contains(low))
                    .map(|_| 12),
                Some(0xDC00..=0xDFFF) | None => None,
                Some(_) => Some(6),
            },
            _ => None,
        };
        self.at += length.ok_or_else(|| self.fail(Problem::Escape))?;
        Ok(())
    }
}
