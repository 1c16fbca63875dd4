//! The body of a streamed answer. A channel that closes without [`Part::End`] means that the actor
//! behind it died; the client is told so by an `error` event and never sees a clean end instead.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use crate::actors::stream::{Outlet, Part};
use crate::domain::error::{ApiError, ErrorKind};

/// The body.
pub struct AnswerBody {
    parts: Outlet,
    request_id: String,
    ended: bool,
}

impl AnswerBody {
    /// A body of the parts that follow [`Part::Begin`].
    #[must_use]
    pub fn new(parts: Outlet, request_id: String) -> Self {
        Self { parts, request_id, ended: false }
    }

    fn end_with(&mut self, error: &ApiError) -> Option<Result<Bytes, Infallible>> {
        self.ended = true;
        Some(Ok(error.event(&self.request_id).into()))
    }
}

impl MessageBody for AnswerBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.parts.poll_recv(cx).map(|part| match part {
            Some(Part::Frame(bytes) | Part::Whole(bytes, _)) => Some(Ok(bytes)),
            Some(Part::Begin(_)) => Some(Ok(Bytes::new())),
            Some(Part::Refused(error)) => self.end_with(&error),
            Some(Part::End) => {
                self.ended = true;
                None
            }
            None => self.end_with(&crashed()),
        })
    }
}

/// What a client is told whose connection's actor died.
#[must_use]
pub fn crashed() -> ApiError {
    ApiError::new(ErrorKind::Api, "The gateway failed in mid-answer. Try again.")
}
