//! Frames of `application/vnd.amazon.eventstream`: encoder and incremental decoder.
//!
//! The decoder hands out frames that borrow from the bytes just received; only a frame that is
//! split over two reads is copied. Both checksums are verified.

use thiserror::Error;

/// Largest header block that AWS allows, in bytes.
const MAX_HEADERS: usize = 128 * 1024;
/// Largest payload that AWS allows, in bytes.
const MAX_PAYLOAD: usize = 24 * 1024 * 1024;
/// Prelude (lengths and their checksum) plus the checksum of the message, in bytes.
const OVERHEAD: usize = 16;
const PRELUDE: usize = 12;

/// What a frame is, from its `:message-type` and the header that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// An event with its `:event-type`, for Bedrock always `chunk`.
    Event(&'a str),
    /// A modelled exception with its `:exception-type`, in lowerCamelCase.
    Exception(&'a str),
    /// An unmodelled error.
    Error {
        /// `:error-code`
        code: &'a str,
        /// `:error-message`
        message: &'a str,
    },
}

/// One whole frame, its checksums verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the headers say the payload is.
    pub kind: Kind<'a>,
    /// The payload, as sent.
    pub payload: &'a [u8],
}

/// Why bytes are no event stream; the stream cannot be read any further.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The checksum of the prelude or of the message does not match.
    #[error("checksum mismatch")]
    Checksum,
    /// The lengths of the prelude contradict each other or the limits of the protocol.
    #[error("impossible frame length")]
    Length,
    /// The header block is malformed or lacks `:message-type`.
    #[error("malformed headers")]
    Headers,
}

/// Takes reads of any size and hands out whole frames.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Vec<u8>,
}

impl Decoder {
    /// Calls `sink` for each frame that `chunk` completes; keeps the rest for the next call.
    ///
    /// # Errors
    /// A [`FrameError`], or what `sink` returns; either ends the stream.
    pub fn decode<E: From<FrameError>>(
        &mut self,
        mut chunk: &[u8],
        mut sink: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.partial.is_empty() && !chunk.is_empty() {
            chunk = self.complete(chunk)?;
            if let Some((frame, _)) = split(&self.partial)? {
                sink(frame)?;
                self.partial.clear();
            }
        }
        while let Some((frame, rest)) = split(chunk)? {
            sink(frame)?;
            chunk = rest;
        }
        self.partial.extend_from_slice(chunk);
        Ok(())
    }

    /// True where no part of a frame is waiting for its rest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// Moves from `chunk` into `partial` what the prelude, then the frame, still lacks.
    fn complete<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], FrameError> {
        let wanted = match lengths(&self.partial)? {
            Some(lengths) => lengths.total,
            None => PRELUDE,
        };
        let lacking = wanted.saturating_sub(self.partial.len()).min(chunk.len());
        let (taken, rest) = chunk.split_at_checked(lacking).unwrap_or((chunk, &[]));
        self.partial.extend_from_slice(taken);
        Ok(rest)
    }
}

struct Lengths {
    total: usize,
    headers: usize,
}

/// Reads and verifies the prelude; `None` where fewer than its 12 bytes are there.
fn lengths(bytes: &[u8]) -> Result<Option<Lengths>, FrameError> {
    let Some((prelude, _)) = bytes.split_first_chunk::<PRELUDE>() else {
        return Ok(None);
    };
    let [t0, t1, t2, t3, h0, h1, h2, h3, c0, c1, c2, c3] = *prelude;
    let total = u32::from_be_bytes([t0, t1, t2, t3]) as usize;
    let headers = u32::from_be_bytes([h0, h1, h2, h3]) as usize;
    if crc32fast::hash(&[t0, t1, t2, t3, h0, h1, h2, h3]) != u32::from_be_bytes([c0, c1, c2, c3]) {
        return Err(FrameError::Checksum);
    }
    let payload = total.checked_sub(headers + OVERHEAD).ok_or(FrameError::Length)?;
    if headers > MAX_HEADERS || payload > MAX_PAYLOAD {
        return Err(FrameError::Length);
    }
    Ok(Some(Lengths { total, headers }))
}

/// Splits the first whole frame off; `None` where there is none yet.
fn split(bytes: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, FrameError> {
    let Some(lengths) = lengths(bytes)? else {
        return Ok(None);
    };
    let Some((message, rest)) = bytes.split_at_checked(lengths.total) else {
        return Ok(None);
    };
    let (covered, checksum) = message.split_last_chunk::<4>().ok_or(FrameError::Length)?;
    if crc32fast::hash(covered) != u32::from_be_bytes(*checksum) {
        return Err(FrameError::Checksum);
    }
    let body = covered.get(PRELUDE..).ok_or(FrameError::Length)?;
    let (headers, payload) = body.split_at_checked(lengths.headers).ok_or(FrameError::Length)?;
    Ok(Some((Frame { kind: kind(headers)?, payload }, rest)))
}

fn kind(mut headers: &[u8]) -> Result<Kind<'_>, FrameError> {
    let (mut message_type, mut event, mut exception) = ("", "", "");
    let (mut code, mut message) = ("", "");
    while !headers.is_empty() {
        let (name, value, rest) = header(headers).ok_or(FrameError::Headers)?;
        headers = rest;
        let slot = match name {
            b":message-type" => &mut message_type,
            b":event-type" => &mut event,
            b":exception-type" => &mut exception,
            b":error-code" => &mut code,
            b":error-message" => &mut message,
            _ => continue,
        };
        *slot = std::str::from_utf8(value).map_err(|_| FrameError::Headers)?;
    }
    match message_type {
        "event" => Ok(Kind::Event(event)),
        "exception" => Ok(Kind::Exception(exception)),
        "error" => Ok(Kind::Error { code, message }),
        _ => Err(FrameError::Headers),
    }
}

/// Splits the first header into name, value bytes and rest; values of all ten types are measured.
fn header(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&name_length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(name_length))?;
    let (&value_type, rest) = rest.split_first()?;
    let (length, rest) = match value_type {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        9 => (16, rest),
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((name, value, rest))
}

/// Appends one frame with string headers to `out`; names over 255 and values over 65,535 bytes are cut.
pub fn encode(out: &mut Vec<u8>, headers: &[(&str, &str)], payload: &[u8]) {
    let mut block = Vec::with_capacity(128);
    for (name, value) in headers {
        let name = name.as_bytes().get(..255).unwrap_or(name.as_bytes());
        let value = value.as_bytes().get(..65_535).unwrap_or(value.as_bytes());
        block.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        block.extend_from_slice(name);
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        block.extend_from_slice(value);
    }
    let total = u32::try_from(block.len() + payload.len() + OVERHEAD).unwrap_or(u32::MAX);
    let header_length = u32::try_from(block.len()).unwrap_or(u32::MAX);
    let start = out.len();
    out.extend_from_slice(&total.to_be_bytes());
    out.extend_from_slice(&header_length.to_be_bytes());
    let prelude = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&prelude.to_be_bytes());
    out.extend_from_slice(&block);
    out.extend_from_slice(payload);
    let message = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&message.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    // Vectors that botocore reads.
    const PING: &str = "0000007b0000004b0a2e96af0b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b226279746573223a2265794a306558426c496a6f6963476c755a794a39227da01f56c4";
    const THROTTLED: &str = "0000009100000061b3f180070f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d657373616765223a2022546f6f206d616e79207265717565737473227d898cacc1";

    fn decoded(chunks: &[&[u8]]) -> Result<Vec<(String, Vec<u8>)>, FrameError> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.decode(chunk, |frame| {
                frames.push((format!("{:?}", frame.kind), frame.payload.to_vec()));
                Ok::<_, FrameError>(())
            })?;
        }
        assert!(decoder.is_empty());
        Ok(frames)
    }

    #[test]
    fn the_vectors_decode_and_encode_alike() {
        let ping = hex(PING);
        let frames = decoded(&[&ping, &hex(THROTTLED)]).unwrap();
        assert_eq!(frames[0].0, "Event(\"chunk\")");
        assert_eq!(frames[0].1, br#"{"bytes":"eyJ0eXBlIjoicGluZyJ9"}"#);
        assert_eq!(frames[1].0, "Exception(\"throttlingException\")");
        let mut again = Vec::new();
        let headers = [
            (":event-type", "chunk"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ];
        encode(&mut again, &headers, &frames[0].1);
        assert_eq!(again, ping);
    }

    #[test]
    fn every_cut_gives_the_same_frames() {
        let bytes = [hex(PING), hex(THROTTLED), hex(PING)].concat();
        let whole = decoded(&[&bytes]).unwrap();
        for first in 0..bytes.len() {
            let second = (first + 7).min(bytes.len());
            let cut = decoded(&[&bytes[..first], &bytes[first..second], &bytes[second..]]).unwrap();
            assert_eq!(cut, whole, "cut at {first}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decoded(&single).unwrap(), whole);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = hex(PING);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            assert!(decoded(&[&broken]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn headers_of_all_types_are_skipped() {
        let mut block = Vec::new();
        for (kind, value) in [
            (0u8, &[][..]),
            (1, &[]),
            (2, &[1]),
            (3, &[1; 2]),
            (4, &[1; 4]),
            (5, &[1; 8]),
            (6, &[0, 3, 1, 2, 3]),
            (8, &[1; 8]),
            (9, &[1; 16]),
        ] {
            block.extend_from_slice(&[1, b'x', kind]);
            block.extend_from_slice(value);
        }
        block.extend_from_slice(b"\x0d:message-type\x07\x00\x05event");
        assert_eq!(kind(&block), Ok(Kind::Event("")));
        assert_eq!(kind(&[1, b'x', 10]), Err(FrameError::Headers));
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_smithy(payload in proptest::collection::vec(0u8.., 0..400), value in ".{0,40}") {
            let mut ours = Vec::new();
            encode(&mut ours, &[(":message-type", "event"), (":event-type", &value)], &payload);
            let theirs = aws_smithy_eventstream::frame::read_message_from(&mut &ours[..]).unwrap();
            proptest::prop_assert_eq!(&theirs.payload()[..], &payload[..]);
            let mut frames = Vec::new();
            Decoder::default().decode(&ours, |f| { frames.push(f.payload.to_vec()); Ok::<_, FrameError>(()) }).unwrap();
            proptest::prop_assert_eq!(frames, vec![payload]);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..600)) {
            let _ = Decoder::default().decode(&bytes, |_| Ok::<_, FrameError>(()));
        }
    }
}
