//! The client: small, blocking, and able to do what badly behaved clients do.

use std::io::{Error, ErrorKind, Result, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::sse::{self, Event};
use super::wire::{Body, Head, Reader};
use super::{DEADLINE, until};

/// A request that can be sent as often as needed.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        self
    }

    /// The same request to another path.
    pub(crate) fn to(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn x_api_key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head += "host: gateway\r\n";
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head + &format!(
            "content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.body.len()
        )
    }

    /// Sends it and reads the head of the reply.
    pub(crate) fn try_open(&self, address: &str) -> Result<Incoming> {
        let mut socket = connect(address)?;
        // A refusal may come before a large body is through: then the rest cannot be written.
        let mut writer = socket.try_clone()?;
        socket.write_all(self.head().as_bytes())?;
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write_all(&self.body));
            Incoming::read(socket)
        })
    }

    #[track_caller]
    pub(crate) fn open(&self, address: &str) -> Incoming {
        self.try_open(address)
            .unwrap_or_else(|e| panic!("no reply to {} {}: {e}", self.method, self.path))
    }

    /// Sends it and reads the whole reply.
    pub(crate) fn try_send(&self, address: &str) -> Result<Reply> {
        self.try_open(address)?.reply()
    }

    #[track_caller]
    pub(crate) fn send(&self, address: &str) -> Reply {
        self.try_send(address)
            .unwrap_or_else(|e| panic!("no whole reply to {} {}: {e}", self.method, self.path))
    }

    /// Sends these one after another on one connection, or on a next one where a reply has
    /// announced that its connection closes.
    pub(crate) fn in_turn(requests: &[&Self], address: &str) -> Result<Vec<Reply>> {
        let mut socket = connect(address)?;
        let mut replies = Vec::new();
        for request in requests {
            socket.write_all(request.head().as_bytes())?;
            socket.write_all(&request.body)?;
            let reply = Incoming::read(socket.try_clone()?)?.reply()?;
            if reply.closes() {
                socket = connect(address)?;
            }
            replies.push(reply);
        }
        Ok(replies)
    }

    /// Sends the head and the first `part` bytes of the body, and reads nothing; dropping the
    /// socket leaves.
    pub(crate) fn begin(&self, address: &str, part: usize) -> TcpStream {
        let mut socket = connect(address).unwrap();
        socket.write_all(self.head().as_bytes()).unwrap();
        socket.write_all(&self.body[..part]).unwrap();
        socket
    }

    /// Sends the whole request and reads nothing.
    pub(crate) fn begin_whole(&self, address: &str) -> TcpStream {
        self.begin(address, self.body.len())
    }
}

fn connect(address: &str) -> Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// A reply whose body is still coming in; dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) head: Head,
    reader: Reader,
    body: Body,
    text: Vec<u8>,
}

impl Incoming {
    pub(crate) fn read(socket: TcpStream) -> Result<Self> {
        let mut reader = Reader::new(socket);
        let head = reader.head()?.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        Ok(Self { body: Body::of(&head), head, reader, text: Vec::new() })
    }

    pub(crate) fn status(&self) -> u16 {
        let word = self.head.start.split(' ').nth(1);
        word.and_then(|word| word.parse().ok())
            .unwrap_or_else(|| panic!("no status in {:?}", self.head.start))
    }

    pub(crate) fn request_id(&self) -> String {
        let id = self.head.header("request-id");
        id.expect("every reply has a request id").to_owned()
    }

    /// The next event; `None` after a proper end of the body, an error where it was cut.
    pub(crate) fn try_event(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = sse::take(&mut self.text) {
                return Ok(Some(event));
            }
            match self.body.piece(&mut self.reader)? {
                Some(piece) => self.text.extend_from_slice(&piece),
                None if self.text.is_empty() => return Ok(None),
                None => return Err(Error::from(ErrorKind::UnexpectedEof)),
            }
        }
    }

    /// The next event that is no ping.
    #[track_caller]
    pub(crate) fn event(&mut self) -> Event {
        loop {
            match self.try_event() {
                Ok(Some(event)) if event.name == "ping" => {}
                Ok(Some(event)) => return event,
                other => panic!("no further event: {other:?}"),
            }
        }
    }

    /// All events up to the end of the body, which must be a proper one.
    #[track_caller]
    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.try_events()
            .unwrap_or_else(|e| panic!("the stream was cut: {e} ({})", self.head.start))
    }

    pub(crate) fn try_events(&mut self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        while let Some(event) = self.try_event()? {
            events.push(event);
        }
        Ok(events)
    }

    /// The whole body.
    pub(crate) fn reply(mut self) -> Result<Reply> {
        let body = self.body.all(&mut self.reader)?;
        Ok(Reply { status: self.status(), head: self.head, body })
    }
}

/// A whole reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// True where this reply is the last of its connection.
    pub(crate) fn closes(&self) -> bool {
        let connection = self.head.header("connection");
        connection.is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text()))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.head.header(name);
        value.unwrap_or_else(|| panic!("no `{name}` in {self:?}"))
    }

    pub(crate) fn request_id(&self) -> String {
        self.header("request-id").to_owned()
    }

    /// The type of the error in the body.
    pub(crate) fn error_type(&self) -> String {
        self.json()["error"]["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts the shape of every error: status, type, message, and one request id in both places.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        let json = self.json();
        assert_eq!(json["type"], "error", "{json}");
        assert_eq!(json["error"]["type"], kind, "{json}");
        let message = json["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{json}");
        assert_eq!(json["request_id"], self.header("request-id"), "{json}");
    }
}

/// Asks until the reply has this status.
#[track_caller]
pub(crate) fn until_status(request: &Request, address: &str, status: u16) -> Reply {
    until(&format!("status {status} of {}", request.path), || {
        let reply = request.try_send(address).ok()?;
        (reply.status == status).then_some(reply)
    })
}
