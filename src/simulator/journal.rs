//! The last requests, for tests and for the curious: `GET /_requests`.

use std::collections::VecDeque;

use actix_web::HttpRequest;
use serde_json::{Map, Value, json};

const MOST: usize = 50;
/// Bytes of bodies that are kept in all; a larger body is kept as its length only.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Requests as they came, newest last, credentials left out; bounded in number and bytes.
#[derive(Default)]
pub(super) struct Journal {
    count: u64,
    bytes: usize,
    entries: VecDeque<(usize, Value)>,
}

impl Journal {
    /// Keeps a request and the status that it is answered with.
    pub(super) fn keep(&mut self, request: &HttpRequest, body: &[u8], status: u16) {
        self.count += 1;
        let kept = if body.len() > MOST_BYTES / 4 {
            json!({"bytes": body.len()})
        } else {
            serde_json::from_slice(body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
        };
        let entry = json!({
            "method": request.method().as_str(),
            "path": request.path(),
            "query": request.query_string(),
            "headers": headers(request),
            "body": kept,
            "status": status,
        });
        self.bytes += body.len();
        self.entries.push_back((body.len(), entry));
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            let Some((bytes, _)) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= bytes;
        }
    }

    /// How many requests there were in all, and the newest `last` of them.
    pub(super) fn report(&self, last: usize) -> Value {
        let skipped = self.entries.len().saturating_sub(last);
        let entries = self.entries.iter().skip(skipped);
        let requests: Vec<&Value> = entries.map(|(_, entry)| entry).collect();
        json!({"count": self.count, "requests": requests})
    }
}

fn headers(request: &HttpRequest) -> Map<String, Value> {
    let shown = |name: &str, value: &str| match name {
        "authorization" => {
            let scheme = value.split(' ').next().unwrap_or_default();
            json!(format!("{scheme} [redacted]"))
        }
        "x-amz-security-token" | "x-api-key" => json!("[redacted]"),
        _ => json!(value),
    };
    let each = request.headers().iter();
    each.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), shown(name.as_str(), &value))
    })
    .collect()
}
