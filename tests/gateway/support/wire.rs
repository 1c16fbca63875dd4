//! HTTP/1.1 as both sides of the stories read it: heads, and bodies with a known end.
//!
//! A body that is cut is an error here, never a short success; most of the stories are about that.

use std::io::{Error, ErrorKind, Read, Result};
use std::net::TcpStream;

use memchr::memmem;

/// Start line and headers.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header, its name in any case.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// Reads a socket piece by piece.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) socket: TcpStream,
    buffer: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, buffer: Vec::new() }
    }

    /// The next head; `None` where the other side closed instead.
    pub(crate) fn head(&mut self) -> Result<Option<Head>> {
        let text = match self.through(b"\r\n\r\n") {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof && self.buffer.is_empty() => {
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let mut lines = text.trim_end().split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Some(Head { start, headers }))
    }

    /// Bytes up to and including `end`.
    fn through(&mut self, end: &[u8]) -> Result<Vec<u8>> {
        loop {
            if let Some(at) = memmem::find(&self.buffer, end) {
                return Ok(self.buffer.drain(..at + end.len()).collect());
            }
            self.fill()?;
        }
    }

    /// At least one byte, at most `limit`.
    fn some(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.buffer.is_empty() {
            self.fill()?;
        }
        let taken = usize::try_from(limit).unwrap_or(usize::MAX).min(self.buffer.len());
        Ok(self.buffer.drain(..taken).collect())
    }

    fn fill(&mut self) -> Result<()> {
        let mut piece = [0; 16 * 1024];
        match self.socket.read(&mut piece)? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            read => {
                self.buffer.extend_from_slice(&piece[..read]);
                Ok(())
            }
        }
    }
}

/// Where the body of a message ends.
#[derive(Debug)]
pub(crate) enum Body {
    Chunked { left: u64 },
    Length { left: u64 },
    UntilClose,
    Ended,
}

impl Body {
    /// By the headers; without any, requests have no body and replies end with the connection.
    pub(crate) fn of(head: &Head) -> Self {
        let length = head.header("content-length").map(|n| n.parse().unwrap());
        let bare = head.start.contains(" 204") || head.start.contains(" 304");
        match length {
            _ if head.header("transfer-encoding").is_some() => Self::Chunked { left: 0 },
            Some(left) => Self::Length { left },
            None if bare || !head.start.starts_with("HTTP/") => Self::Ended,
            None => Self::UntilClose,
        }
    }

    /// The next piece; `None` after a proper end.
    pub(crate) fn piece(&mut self, from: &mut Reader) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Ended => Ok(None),
            Self::UntilClose => match from.some(u64::MAX) {
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(None),
                other => other.map(Some),
            },
            Self::Length { left: 0 } => {
                *self = Self::Ended;
                Ok(None)
            }
            Self::Length { left } => {
                let piece = from.some(*left)?;
                *left -= piece.len() as u64;
                Ok(Some(piece))
            }
            Self::Chunked { left } => {
                if *left == 0 {
                    let line = from.through(b"\r\n")?;
                    let size = String::from_utf8_lossy(&line);
                    *left = u64::from_str_radix(size.trim(), 16)
                        .map_err(|_| Error::new(ErrorKind::InvalidData, size.into_owned()))?;
                    if *left == 0 {
                        from.through(b"\r\n")?;
                        *self = Self::Ended;
                        return Ok(None);
                    }
                }
                let piece = from.some(*left)?;
                *left -= piece.len() as u64;
                if *left == 0 {
                    from.through(b"\r\n")?;
                }
                Ok(Some(piece))
            }
        }
    }

    /// All that is left, and that it ended properly.
    pub(crate) fn all(&mut self, from: &mut Reader) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece(from)? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}
