//! The payload of Bedrock's `chunk` events: one Anthropic stream event, base64 inside JSON, with
//! padding beside it.

use serde::Deserialize;
use thiserror::Error;

const PREFIX: &[u8] = br#"{"bytes":""#;

/// The payload is not `{"bytes":"<base64>", …}`.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("malformed chunk payload")]
pub struct ChunkError;

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    bytes: std::borrow::Cow<'a, str>,
}

/// Decodes the event of a `chunk` payload into `scratch` and returns it.
///
/// # Errors
/// [`ChunkError`] where the member `bytes` is missing or no base64.
pub fn decode<'s>(payload: &[u8], scratch: &'s mut Vec<u8>) -> Result<&'s [u8], ChunkError> {
    scratch.clear();
    // Bedrock writes `bytes` first and without escapes; anything else takes the slow way.
    let direct = payload
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.get(..memchr::memchr2(b'"', b'\\', rest)?).zip(rest.get(..)))
        .filter(|(text, rest)| rest.get(text.len()) == Some(&b'"'))
        .map(|(text, _)| text);
    match direct {
        Some(text) => append(text, scratch)?,
        None => {
            let payload: Payload<'_> = serde_json::from_slice(payload).map_err(|_| ChunkError)?;
            append(payload.bytes.as_bytes(), scratch)?;
        }
    }
    Ok(scratch)
}

fn append(text: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkError> {
    base64_simd::STANDARD.decode_append(text, out).map_err(|_| ChunkError)
}

/// Encodes `event` as Bedrock does; `padding` stands in the member `p`, as real chunks have it.
#[must_use]
pub fn encode(event: &[u8], padding: &str) -> Vec<u8> {
    let mut out = PREFIX.to_vec();
    base64_simd::STANDARD.encode_append(event, &mut out);
    out.extend_from_slice(br#"","p":""#);
    out.extend_from_slice(padding.as_bytes());
    out.extend_from_slice(br#""}"#);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_the_round_trip() {
        let mut scratch = Vec::new();
        let payload = encode(br#"{"type":"ping"}"#, "abcd");
        assert_eq!(decode(&payload, &mut scratch).unwrap(), br#"{"type":"ping"}"#);
    }

    #[test]
    fn other_member_orders_spaces_and_escapes_are_read() {
        let mut scratch = Vec::new();
        for payload in [
            r#"{"p":"ab","bytes":"eyJ0eXBlIjoicGluZyJ9"}"#,
            r#"{ "bytes" : "eyJ0eXBlIjoicGluZyJ9" }"#,
            r#"{"bytes":"eyJ0eXBlIjoicGluZyJ\u0039"}"#,
        ] {
            assert_eq!(decode(payload.as_bytes(), &mut scratch).unwrap(), br#"{"type":"ping"}"#);
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        let mut scratch = Vec::new();
        for payload in
            ["", "{}", r#"{"bytes":"#, r#"{"bytes":"a"#, r#"{"bytes":"!!!!"}"#, r#"{"bytes":1}"#]
        {
            assert_eq!(decode(payload.as_bytes(), &mut scratch), Err(ChunkError), "{payload}");
        }
    }
}
