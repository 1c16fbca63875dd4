//! Bedrock's answers in Anthropic's form: event-stream bytes become server-sent events, and the
//! model is called what the client called it. Everything else stays as Bedrock sent it.

use std::borrow::Cow;

use bytes::{BufMut as _, BytesMut};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal;
use crate::domain::answer::{Answer, WholeMessage, WireEvent};
use crate::domain::chunk;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::frame::{Decoder, Frame, FrameError, Kind};
use crate::domain::tokens::Tokens;
use crate::domain::translation::Alias;

mod guard;

use guard::Guard;

/// What the members are called that Bedrock adds to Anthropic's.
const OWN_MEMBERS: &str = "amazon-bedrock-";
const DELTA: &[u8] = br#"{"type":"content_block_delta""#;

/// Translates one stream.
pub struct Translator {
    decoder: Decoder,
    events: Events,
}

/// What the events of a stream go through, apart from the decoder that borrows beside it.
struct Events {
    scratch: Vec<u8>,
    names: Names,
    /// A `message_delta` that the event after it may have more to tell of.
    held: Option<Held>,
    guard: Guard,
}

/// A `message_delta` that waits for the event after it.
struct Held {
    delta: Vec<u8>,
    /// Whether it tells the counts itself.
    counts: bool,
}

/// What the client calls things, where Bedrock calls them otherwise.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The model, as a JSON string.
    model: String,
    /// Ids of tool calls, in quotes: Bedrock's and the client's.
    ids: Vec<(String, String)>,
}

impl Names {
    /// The names of a client that asked for `model`, and whose ids went as `aliases`.
    #[must_use]
    pub fn new(model: &str, aliases: &[Alias]) -> Self {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let ids = aliases.iter().map(|it| (quoted(&it.alias), quoted(&it.id))).collect();
        Self { model: quoted(model), ids }
    }

    /// `json` with the client's ids in the place of their aliases.
    fn restored<'j>(&self, json: Cow<'j, [u8]>) -> Cow<'j, [u8]> {
        self.ids.iter().fold(json, |json, (alias, id)| {
            let mut rest = &*json;
            let mut out = Vec::new();
            while let Some(at) = memchr::memmem::find(rest, alias.as_bytes()) {
                out.extend_from_slice(rest.get(..at).unwrap_or_default());
                out.extend_from_slice(id.as_bytes());
                rest = rest.get(at + alias.len()..).unwrap_or_default();
            }
            if out.is_empty() {
                return json;
            }
            out.extend_from_slice(rest);
            Cow::Owned(out)
        })
    }
}

/// Why a stream cannot go on.
struct Broken(ApiError);

impl From<FrameError> for Broken {
    fn from(error: FrameError) -> Self {
        Self(corrupt(&error))
    }
}

fn corrupt(reason: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::Api, format!("The answer from Bedrock is corrupt: {reason}."))
}

impl Translator {
    /// A translator for an answer to a client with these names, `guarded` where a guardrail was asked
    /// for.
    #[must_use]
    pub fn new(names: Names, guarded: bool) -> Self {
        let guard = Guard::new(guarded);
        let events = Events { scratch: Vec::new(), names, held: None, guard };
        Self { decoder: Decoder::default(), events }
    }

    /// Appends to `out` the server-sent events that `chunk` completes; what they tell goes into
    /// `answer`.
    ///
    /// # Errors
    /// What the client is to be told, where Bedrock reports an error or the bytes are corrupt.
    /// Events before it are in `out`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        answer: &mut Answer,
        out: &mut BytesMut,
    ) -> Result<(), ApiError> {
        let Self { decoder, events } = self;
        decoder
            .decode(chunk, |frame| events.frame(frame, answer, out))
            .map_err(|Broken(error)| error)
    }

    /// Whether the stream may end here.
    ///
    /// # Errors
    /// What the client is to be told, where it may not.
    pub fn finish(&self, answer: &Answer) -> Result<(), ApiError> {
        if self.decoder.is_empty() && answer.is_whole() {
            return Ok(());
        }
        let message = "The answer from Bedrock broke off before its end.";
        Err(ApiError::new(ErrorKind::Api, message))
    }
}

impl Events {
    fn frame(
        &mut self,
        frame: Frame<'_>,
        answer: &mut Answer,
        out: &mut BytesMut,
    ) -> Result<(), Broken> {
        match frame.kind {
            Kind::Event("chunk") => {
                let event = chunk::decode(frame.payload, &mut self.scratch)
                    .map_err(|error| Broken(corrupt(&error)))?;
                let state = (&self.names, &mut self.held, &mut self.guard);
                event_out(event, answer, state, out)
            }
            Kind::Event("initial-response") => Ok(()),
            Kind::Event(other) => Err(Broken(refusal::of_frame(other, frame.payload, ""))),
            Kind::Exception(name) => Err(Broken(refusal::of_frame(name, frame.payload, ""))),
            Kind::Error { code, message } => {
                Err(Broken(refusal::of_frame(code, frame.payload, message)))
            }
        }
    }
}

/// Writes one event, the common kind without parsing it.
fn event_out(
    event: &[u8],
    answer: &mut Answer,
    (names, held, guard): (&Names, &mut Option<Held>, &mut Guard),
    out: &mut BytesMut,
) -> Result<(), Broken> {
    if event.starts_with(DELTA) && !guard.suspects(event) {
        answer.delta(event.len());
        sse(out, "content_block_delta", event);
        return Ok(());
    }
    let parsed: WireEvent<'_> =
        serde_json::from_slice(event).map_err(|error| Broken(corrupt(&error)))?;
    answer.event(&parsed);
    if guard.sees(&parsed) {
        answer.refused();
    }
    let kind = parsed.kind.as_deref();
    if let Some(Held { delta, counts }) = held.take() {
        let told = (!counts && parsed.counts()).then(|| with_usage(&delta, answer.tokens().0));
        guard.ends(told.as_deref().unwrap_or(&delta), out);
    }
    let Some(kind) = kind else { return Ok(()) };
    if !kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Broken(corrupt(&"an event's type is no word")));
    }
    if kind == "content_block_delta" {
        answer.delta(event.len());
    }
    let named = parsed.message.as_ref().and_then(|message| message.model);
    let event = named.map_or(Cow::Borrowed(event), |raw| replaced(event, raw, &names.model));
    let event = match kind {
        "message_stop" if parsed.counts() => without(Some("usage"), event),
        _ if parsed.has_metrics() || parsed.intervention().is_told() => without(None, event),
        _ => event,
    };
    let event = names.restored(event);
    if kind == "message_delta" && (guard.watches() || !parsed.counts()) {
        *held = Some(Held { delta: event.into_owned(), counts: parsed.counts() });
        return Ok(());
    }
    sse(out, kind, &event);
    Ok(())
}

/// A whole answer in the client's names; what the answer tells goes into `answer`.
///
/// # Errors
/// What the client is to be told, where the bytes are no message.
pub fn whole(body: &[u8], names: &Names, answer: &mut Answer) -> Result<Vec<u8>, ApiError> {
    let message: WholeMessage<'_> =
        serde_json::from_slice(body).map_err(|error| corrupt(&error))?;
    if message.kind.as_deref() != Some("message") {
        return Err(corrupt(&"it is no message"));
    }
    answer.message(&message);
    let named = message.model.map_or(Cow::Borrowed(body), |raw| replaced(body, raw, &names.model));
    let told = message.intervention();
    let stopped = guard::has_stopped(told, message.stop_reason.as_deref());
    let body = match stopped {
        true => guard::refusal(named),
        false if told.is_told() => without(None, named),
        false => named,
    };
    if stopped {
        answer.refused();
    }
    Ok(names.restored(body).into_owned())
}

/// Appends one server-sent event. A line break can only stand between JSON's tokens, where a space
/// means the same and does not end the `data:` line.
fn sse(out: &mut BytesMut, kind: &str, json: &[u8]) {
    out.reserve(json.len() + kind.len() + 17);
    out.put_slice(b"event: ");
    out.put_slice(kind.as_bytes());
    out.put_slice(b"\ndata: ");
    if memchr::memchr2(b'\n', b'\r', json).is_none() {
        out.put_slice(json);
    } else {
        out.extend(json.iter().map(|&b| if b == b'\n' || b == b'\r' { b' ' } else { b }));
    }
    out.put_slice(b"\n\n");
}

/// `json` with `replacement` in the place of `raw`, which borrows from it.
fn replaced<'j>(json: &'j [u8], raw: &RawValue, replacement: &str) -> Cow<'j, [u8]> {
    let offset = (raw.get().as_ptr() as usize).wrapping_sub(json.as_ptr() as usize);
    match (json.get(..offset), json.get(offset + raw.get().len()..)) {
        (Some(before), Some(after)) => Cow::Owned([before, replacement.as_bytes(), after].concat()),
        _ => Cow::Borrowed(json),
    }
}

/// The members of an object in their order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// `delta`, an object, with the counts that Bedrock told only after it.
fn with_usage(delta: &[u8], tokens: Tokens) -> Vec<u8> {
    let usage = serde_json::json!({
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write_5m.saturating_add(tokens.cache_write_1h),
        "cache_read_input_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
    });
    let open = delta.trim_ascii_end().strip_suffix(b"}").unwrap_or(delta);
    [open, format!(r#","usage":{usage}}}"#).as_bytes()].concat()
}

/// `json`, an object, without the members that Bedrock adds and without `name`.
fn without<'j>(name: Option<&str>, json: Cow<'j, [u8]>) -> Cow<'j, [u8]> {
    let Ok(Members(members)) = serde_json::from_slice(&json) else { return json };
    let goes = |key: &str| key.starts_with(OWN_MEMBERS) || Some(key) == name;
    let mut out = vec![b'{'];
    for (key, value) in members.iter().filter(|(key, _)| !goes(key)) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(&**key).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
