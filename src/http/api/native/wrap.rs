//! A native body as a Messages request, and the model's name as Bedrock would tell it.

use base64_simd::STANDARD;
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;

use crate::domain::model::Model;
use crate::domain::request::{InvalidRequest, MessagesRequest};

/// The model of a call: as the client named it, and as Bedrock's answers name it.
#[derive(Debug, Clone)]
pub(super) struct Called {
    /// Both as JSON members; `None` where Bedrock's name is not known.
    member: Option<(String, String)>,
}

impl Called {
    /// A call for the model or profile `id`, which is `known`.
    pub(super) fn new(id: &str, known: Option<&'static Model>) -> Self {
        let member = |name: &str| format!(r#""model":{}"#, serde_json::Value::from(name));
        Self { member: known.map(|model| (member(id), member(model.id))) }
    }

    /// `json` with Bedrock's name in the place of the client's, where it stands first.
    pub(super) fn renamed(&self, json: Bytes) -> Bytes {
        let Some((from, to)) = &self.member else { return json };
        let Some(at) = memmem::find(&json, from.as_bytes()) else { return json };
        let (before, rest) = json.split_at(at);
        let after = rest.get(from.len()..).unwrap_or_default();
        [before, to.as_bytes(), after].concat().into()
    }
}

/// The Messages request of an `InvokeModel` body.
///
/// # Errors
/// Where it is none.
pub(super) fn invoked(
    body: &[u8],
    id: &str,
    streaming: bool,
) -> Result<MessagesRequest, InvalidRequest> {
    MessagesRequest::parse(with_route(body, id, streaming)?)
}

/// The Messages request of a `CountTokens` body.
///
/// # Errors
/// Where it is none.
pub(super) fn counted(body: &[u8], id: &str) -> Result<MessagesRequest, InvalidRequest> {
    let field = |problem| InvalidRequest::Field { field: "input.invokeModel.body".into(), problem };
    let count: Count = serde_json::from_slice(body)
        .map_err(|_| field("takes the base64 text of an InvokeModel body"))?;
    let inner = STANDARD.decode_to_vec(count.input.invoke_model.body);
    let inner = inner.map_err(|_| field("takes base64 text"))?;
    MessagesRequest::parse_count_tokens(with_route(&inner, id, false)?)
}

#[derive(Deserialize)]
struct Count {
    input: Input,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    invoke_model: Invoke,
}

#[derive(Deserialize)]
struct Invoke {
    body: String,
}

/// The body with what the path says. It stands last, so that it counts whatever the body says.
fn with_route(body: &[u8], id: &str, streaming: bool) -> Result<Bytes, InvalidRequest> {
    let inside = body.trim_ascii().strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    let Some(inside) = inside else {
        serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| {
            InvalidRequest::Field {
                field: format!("line {} column {}", error.line(), error.column()).into(),
                problem: "the body is not valid JSON",
            }
        })?;
        return Err(InvalidRequest::NotAnObject);
    };
    let comma = if inside.trim_ascii().is_empty() { "" } else { "," };
    let model = serde_json::Value::from(id);
    let route = format!(r#"{comma}"model":{model},"stream":{streaming}}}"#);
    Ok([b"{", inside, route.as_bytes()].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_model_whatever_the_body_says() {
        let body = br#" {"model":"other","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"x"}]} "#;
        let request = invoked(body, "us.anthropic.x\"y", false).unwrap();
        assert_eq!((request.model(), request.streaming()), ("us.anthropic.x\"y", false));
        assert!(invoked(b"{}", "m", true).is_err());
        for bad in ["", "[]", "{", "\"x\"", "{\"a\":}"] {
            assert!(invoked(bad.as_bytes(), "m", true).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_names_the_model_as_bedrock_does() {
        let id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let called = Called::new(id, crate::domain::model::find("claude-sonnet-4-5"));
        let answer = format!(r#"{{"model":"{id}","id":"msg"}}"#);
        let told = called.renamed(answer.into());
        assert_eq!(told, r#"{"model":"claude-sonnet-4-5-20250929","id":"msg"}"#);
        assert_eq!(Called::new("arn:x", None).renamed("{}".into()), "{}");
    }
}
