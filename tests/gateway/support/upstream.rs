//! A Bedrock on raw TCP that does exactly what a script says, and notes what it was sent.
//!
//! Raw, since the stories need what no HTTP server can be told to do: cuts inside a frame or a
//! chunk, resets, half a head, silence.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::answers;
use super::until;
use super::wire::{Body, Head, Reader};

mod script;

pub(crate) use script::{Gate, Script, Step};

/// How long a write may make no progress until the reader counts as not reading.
const STALL: Duration = Duration::from_millis(500);

/// One request that came in, and what became of its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// Which connection carried it, counted from 0.
    pub(crate) connection: usize,
    written: AtomicU64,
    stalled: AtomicBool,
    left: AtomicBool,
}

impl Exchange {
    /// Bytes of the answer that the kernel took.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// True once the gateway stopped reading the answer for a while.
    pub(crate) fn stalled(&self) -> bool {
        self.stalled.load(Ordering::SeqCst)
    }

    /// Waits until the gateway has closed the connection.
    #[track_caller]
    pub(crate) fn wait_left(&self) {
        until("the gateway closes the upstream connection", || {
            self.left.load(Ordering::SeqCst).then_some(())
        });
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Shared {
    scripts: Mutex<VecDeque<Script>>,
    otherwise: Mutex<Option<Script>>,
    refusing: Mutex<Option<(String, Script)>>,
    /// What is said to calls that are signed by an access key.
    refused_key: Mutex<Option<(String, Script)>>,
    exchanges: Mutex<Vec<Arc<Exchange>>>,
    connections: AtomicUsize,
    over: Arc<AtomicBool>,
    /// True where other requests than model calls are scripted too.
    all: AtomicBool,
}

/// The fake; it ends when dropped.
pub(crate) struct Upstream {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Upstream {
    /// Listens on a free port; without scripts it answers everything well.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let to_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if to_thread.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&to_thread);
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || serve(socket, number, &shared));
            }
        });
        Self { address, shared }
    }

    /// A fake of some other service: every request to it is scripted and noted like a model call.
    pub(crate) fn of_another_service() -> Self {
        let fake = Self::start();
        fake.shared.all.store(true, Ordering::SeqCst);
        fake
    }

    /// The next model call that no script is waiting for is answered by this one.
    pub(crate) fn next(&self, script: Script) {
        self.shared.scripts.lock().unwrap().push_back(script);
    }

    /// Model calls for which no script waits are answered by this one.
    pub(crate) fn otherwise(&self, script: Script) {
        *self.shared.otherwise.lock().unwrap() = Some(script);
    }

    /// Model calls whose body has this text in it are answered by this one, whatever else waits.
    pub(crate) fn refuse(&self, text: &str, script: Script) {
        *self.shared.refusing.lock().unwrap() = Some((text.to_owned(), script));
    }

    /// Model calls that are signed by this access key are answered by this one, whatever else waits.
    pub(crate) fn refuse_of(&self, access_key: &str, script: Script) {
        *self.shared.refused_key.lock().unwrap() = Some((access_key.to_owned(), script));
    }

    /// Waits for the model call with this number, counted from 0.
    #[track_caller]
    pub(crate) fn exchange(&self, number: usize) -> Arc<Exchange> {
        until(&format!("model call {number}"), || {
            self.shared.exchanges.lock().unwrap().get(number).cloned()
        })
    }

    /// How many model calls came in so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.exchanges.lock().unwrap().len()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

fn serve(socket: TcpStream, connection: usize, shared: &Shared) {
    socket.set_nodelay(true).unwrap();
    socket.set_write_timeout(Some(STALL)).unwrap();
    let mut reader = Reader::new(socket);
    while let Ok(Some(head)) = reader.head() {
        let scripted = shared.all.load(Ordering::SeqCst) || head.start.starts_with("POST /model/");
        if !scripted {
            let empty = Script::reply(200, r#"{"inferenceProfileSummaries":[]}"#);
            if empty.play(&mut reader, None, &shared.over).is_err() {
                return;
            }
            continue;
        }
        let script = script_for(&head, shared);
        let Ok(body) = Body::of(&head).all(&mut reader) else {
            return;
        };
        let refusing = shared.refusing.lock().unwrap().clone();
        let refusing =
            refusing.filter(|(text, _)| memchr::memmem::find(&body, text.as_bytes()).is_some());
        let script = refusing.map_or(script, |(_, refusal)| refusal);
        let refused_key = shared.refused_key.lock().unwrap().clone();
        let authorization = head.header("authorization").unwrap_or_default();
        let refused_key = refused_key.filter(|(key, _)| authorization.contains(key));
        let script = refused_key.map_or(script, |(_, refusal)| refusal);
        let exchange = Arc::new(Exchange {
            head,
            body,
            connection,
            written: AtomicU64::new(0),
            stalled: AtomicBool::new(false),
            left: AtomicBool::new(false),
        });
        let noted = Arc::clone(&exchange);
        shared.exchanges.lock().unwrap().push(noted);
        if script.play(&mut reader, Some(&exchange), &shared.over).is_err() {
            return;
        }
    }
}

fn script_for(head: &Head, shared: &Shared) -> Script {
    let queued = shared.scripts.lock().unwrap().pop_front();
    let script = queued.or_else(|| shared.otherwise.lock().unwrap().clone());
    script.unwrap_or_else(|| {
        if head.start.contains("/invoke-with-response-stream") {
            Script::events(&answers::whole(2)).end()
        } else {
            Script::reply(200, &answers::message())
        }
    })
}

impl Exchange {
    /// Writes all of `bytes`, however long the reader takes.
    fn write(&self, socket: &mut TcpStream, mut bytes: &[u8], over: &AtomicBool) -> Result<()> {
        while !bytes.is_empty() {
            match socket.write(bytes) {
                Ok(written) => {
                    self.written.fetch_add(written as u64, Ordering::SeqCst);
                    bytes = &bytes[written..];
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock && !over.load(Ordering::SeqCst) => {
                    self.stalled.store(true, Ordering::SeqCst);
                }
                Err(e) => {
                    self.left.store(true, Ordering::SeqCst);
                    return Err(e);
                }
            }
        }
        Ok(())
    }

    /// Waits for the other side to go.
    fn await_left(&self, socket: &mut TcpStream) -> Result<()> {
        let gone = match socket.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(e) => e.kind() == ErrorKind::ConnectionReset,
        };
        self.left.store(gone, Ordering::SeqCst);
        Err(ErrorKind::NotConnected.into())
    }
}
