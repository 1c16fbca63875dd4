//! Scripts: what the fake does after a request is in, step by step.

use std::io::{ErrorKind, Result, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::net::TcpSocket;

use super::super::answers;
use super::super::wire::Reader;
use super::Exchange;

/// Holds a script until the story goes on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn release(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self, over: &AtomicBool) -> Result<()> {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            if over.load(Ordering::SeqCst) {
                return Err(ErrorKind::NotConnected.into());
            }
            let tick = Duration::from_millis(100);
            open = self.0.1.wait_timeout(open, tick).unwrap().0;
        }
        Ok(())
    }
}

/// One step of a script.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Bytes as they are, heads and chunk sizes included.
    Raw(Vec<u8>),
    /// One HTTP chunk of the body.
    Chunk(Vec<u8>),
    /// The same chunk many times over.
    Flood(Vec<u8>, usize),
    /// Nothing until the story releases the gate.
    Wait(Gate),
    /// Nothing for so long, as a model that thinks.
    Think(Duration),
    /// Nothing until the gateway closes the connection.
    AwaitLeft,
    /// No more bytes to the gateway, while its own are still read.
    HalfClose,
    /// The connection ends without any further byte.
    Close,
    /// The connection ends with a TCP reset.
    Reset,
}

/// Steps in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Vec<Step>);

impl Script {
    /// A whole reply with JSON in it.
    pub(crate) fn reply(status: u16, body: &str) -> Self {
        Self::reply_with(status, &[], body)
    }

    /// A whole reply with further headers.
    pub(crate) fn reply_with(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        Self::default().step(Step::Raw(format!("{text}\r\n{body}").into_bytes()))
    }

    /// An error as Bedrock answers it, its type in the header.
    pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> Self {
        let kind = format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        let body = serde_json::json!({ "message": message }).to_string();
        Self::reply_with(status, &[("x-amzn-errortype", &kind)], &body)
    }

    /// The head of an event stream, and nothing yet.
    pub(crate) fn stream() -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
        Self::default().step(Step::Raw(head.into()))
    }

    /// The head of an event stream, and these events.
    pub(crate) fn events<S: AsRef<str>>(events: &[S]) -> Self {
        Self::stream().more(events)
    }

    pub(crate) fn more<S: AsRef<str>>(self, events: &[S]) -> Self {
        events.iter().fold(self, |script, event| {
            script.step(Step::Chunk(answers::chunk_frame(event.as_ref())))
        })
    }

    pub(crate) fn exception(self, kind: &str) -> Self {
        self.step(Step::Chunk(answers::exception_frame(kind, "As scripted.")))
    }

    /// Bytes as they are.
    pub(crate) fn raw(text: &str) -> Self {
        Self::default().step(Step::Raw(text.into()))
    }

    /// Closes without a word.
    pub(crate) fn close() -> Self {
        Self::default().then_close()
    }

    /// Says nothing until the gateway has had enough.
    pub(crate) fn silence() -> Self {
        Self::default().step(Step::AwaitLeft)
    }

    pub(crate) fn then_close(self) -> Self {
        self.step(Step::Close)
    }

    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same bytes, each in a write of its own.
    pub(crate) fn in_single_bytes(self) -> Self {
        let bytes = self.0.into_iter().flat_map(|step| match step {
            Step::Raw(bytes) => bytes,
            Step::Chunk(bytes) => chunked(&bytes),
            other => panic!("{other:?} has no bytes of its own"),
        });
        Self(bytes.map(|byte| Step::Raw(vec![byte])).collect())
    }

    pub(crate) fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    pub(crate) fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// A whole stream that takes about so long.
    pub(crate) fn lasting(time: Duration) -> Self {
        let events = answers::whole(2);
        let each = Step::Think(time / u32::try_from(events.len()).unwrap());
        let slow = |script: Self, event: &String| script.step(each.clone()).more(&[event]);
        events.iter().fold(Self::stream(), slow).end()
    }

    /// A proper end of the body; the connection can be used again.
    pub(crate) fn end(self) -> Self {
        self.step(Step::Raw(b"0\r\n\r\n".to_vec()))
    }

    /// Does the steps; an error means that the connection is over.
    pub(super) fn play(
        &self,
        reader: &mut Reader,
        exchange: Option<&Exchange>,
        over: &AtomicBool,
    ) -> Result<()> {
        let socket = &mut reader.socket;
        let Some(exchange) = exchange else {
            return self.0.iter().try_for_each(|step| match step {
                Step::Raw(bytes) => socket.write_all(bytes),
                _ => Ok(()),
            });
        };
        for step in &self.0 {
            match step {
                Step::Raw(bytes) => exchange.write(socket, bytes, over)?,
                Step::Chunk(bytes) => exchange.write(socket, &chunked(bytes), over)?,
                Step::Flood(bytes, times) => {
                    let bytes = chunked(bytes);
                    for _ in 0..*times {
                        exchange.write(socket, &bytes, over)?;
                    }
                }
                Step::Wait(gate) => gate.wait(over)?,
                Step::Think(time) => std::thread::sleep(*time),
                Step::AwaitLeft => exchange.await_left(socket)?,
                Step::HalfClose => socket.shutdown(Shutdown::Write)?,
                Step::Close => return Err(ErrorKind::NotConnected.into()),
                Step::Reset => {
                    TcpSocket::from_std_stream(socket.try_clone()?).set_zero_linger()?;
                    return Err(ErrorKind::ConnectionReset.into());
                }
            }
        }
        Ok(())
    }
}

fn chunked(bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", bytes.len()).into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    out
}
