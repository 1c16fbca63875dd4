//! Plays an answer to the caller, at once or as a paced stream, with the fault that the prompt asked for.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::rt::time::sleep;
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reply::{Exception, Refusal};
use super::script::Answer;
use super::stream::{Head, exception, frame};
use super::wish::Fault;

/// Longest silence of a stalled answer.
const STALL: Duration = Duration::from_secs(900);
/// Events before a fault in mid-stream: `message_start`, a block's start, and a few deltas.
const BEFORE_FAULT: usize = 6;
/// What was sent before a break leaves the server's buffer only while it waits for more.
const FLUSH: Duration = Duration::from_millis(50);
const FAILED: &str = "The simulated model failed while it was answering.";

/// An answer that is ready to go out.
pub(super) struct Play {
    pub(super) head: Head,
    pub(super) answer: Answer,
    pub(super) fault: Option<Fault>,
    pub(super) began: Instant,
}

/// Answers InvokeModel.
///
/// # Errors
/// ModelErrorException where the prompt asked for an error.
pub(super) async fn whole(play: Play) -> Result<HttpResponse, Refusal> {
    match play.fault {
        Some(Fault::ErrorMidstream) => return Err(Refusal::new(Exception::ModelError, FAILED)),
        Some(Fault::Stall) => sleep(STALL).await,
        Some(Fault::Cut) => {
            let begun = stream::iter([Ok(Bytes::from_static(b"{\"id\":"))]);
            let broken = begun.chain(stream::once(broken_after(FLUSH)));
            return Ok(answered("application/json").streaming(broken));
        }
        _ => {}
    }
    let tokens = play.head.tokens;
    let counts = [
        ("x-amzn-bedrock-input-token-count", tokens.input),
        ("x-amzn-bedrock-output-token-count", tokens.output),
        ("x-amzn-bedrock-cache-read-input-token-count", tokens.cache_read),
        (
            "x-amzn-bedrock-cache-write-input-token-count",
            tokens.cache_write_5m + tokens.cache_write_1h,
        ),
    ];
    let mut response = answered("application/json");
    for (name, count) in counts {
        response.insert_header((name, count.to_string()));
    }
    let took = play.began.elapsed().as_millis();
    response.insert_header(("x-amzn-bedrock-invocation-latency", took.to_string()));
    Ok(response.body(play.head.message(&play.answer).to_string()))
}

/// Answers InvokeModelWithResponseStream, one frame per event and `interval` before each delta.
pub(super) fn streamed(play: Play, interval: Duration) -> HttpResponse {
    answered("application/vnd.amazon.eventstream")
        .insert_header(("x-amzn-bedrock-content-type", "application/json"))
        .streaming(frames(play, interval))
}

fn answered(content_type: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header(("x-amzn-requestid", Uuid::new_v4().to_string()))
        .insert_header(("content-type", content_type));
    response
}

/// Breaks the connection after `pause`.
async fn broken_after(pause: Duration) -> io::Result<Bytes> {
    sleep(pause).await;
    let kind = io::ErrorKind::ConnectionAborted;
    Err(io::Error::new(kind, "broken as the prompt asked"))
}

/// One thing that goes out.
enum Step {
    Event(Value),
    Stop,
    Exception,
    Cut,
    Stall,
}

fn steps(head: &Head, answer: &Answer, fault: Option<Fault>) -> VecDeque<Step> {
    let events = head.events(answer).into_iter().map(Step::Event);
    let end = match fault {
        Some(Fault::Cut) => Step::Cut,
        Some(Fault::ErrorMidstream) => Step::Exception,
        Some(Fault::Stall) => Step::Stall,
        _ => return events.chain([Step::Stop]).collect(),
    };
    events.take(BEFORE_FAULT).chain([end]).collect()
}

fn frames(play: Play, interval: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    let Play { head, answer, fault, began } = play;
    let steps = steps(&head, &answer, fault);
    let first_byte = began.elapsed();
    stream::unfold((head, steps), move |(head, mut steps)| async move {
        let bytes = match steps.pop_front()? {
            Step::Event(event) => {
                if event.get("delta").is_some() && !interval.is_zero() {
                    sleep(interval).await;
                }
                Ok(Bytes::from(frame(&event)))
            }
            Step::Stop => Ok(Bytes::from(frame(&head.stop(first_byte, began.elapsed())))),
            Step::Exception => {
                let payload = json!({"message": FAILED, "originalStatusCode": 500, "originalMessage": "Internal failure"});
                Ok(Bytes::from(exception("modelStreamErrorException", &payload)))
            }
            Step::Cut => broken_after(FLUSH).await,
            Step::Stall => broken_after(STALL).await,
        };
        Some((bytes, (head, steps)))
    })
}
