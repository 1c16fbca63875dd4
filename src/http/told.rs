//! What a reply tells besides its body, whatever becomes of it: handlers leave it with their request,
//! and the outermost middleware puts it on the reply, a refusal included.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};

/// Headers for a reply that is yet to come.
#[derive(Debug, Default)]
pub struct Told {
    always: Vec<(HeaderName, HeaderValue)>,
    of_success: Vec<(HeaderName, HeaderValue)>,
}

impl Told {
    /// Adds a header of every reply.
    pub fn always(&mut self, name: &'static str, value: &str) {
        push(&mut self.always, name, value);
    }

    /// Adds a header of a reply that is no refusal.
    pub fn of_success(&mut self, name: &'static str, value: &str) {
        push(&mut self.of_success, name, value);
    }

    /// Leaves this with the request.
    pub fn keep(self, request: &HttpRequest) {
        request.extensions_mut().insert(self);
    }

    /// What was left with the request.
    pub fn take(request: &HttpRequest) -> Self {
        request.extensions_mut().remove::<Self>().unwrap_or_default()
    }

    /// Puts it on the reply.
    pub fn put(self, status: StatusCode, headers: &mut HeaderMap) {
        let of_success = self.of_success.into_iter().filter(|_| status.is_success());
        for (name, value) in self.always.into_iter().chain(of_success) {
            headers.insert(name, value);
        }
    }
}

fn push(headers: &mut Vec<(HeaderName, HeaderValue)>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.push((HeaderName::from_static(name), value));
    }
}
