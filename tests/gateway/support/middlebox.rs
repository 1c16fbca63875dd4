//! What stands between clients and a gateway, and spoils it: on real sockets, one request after another.

use std::io::{Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::DEADLINE;
use super::wire::{Body, Head, Reader};

/// How it spoils.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spoils {
    /// Answers go on when they are whole.
    Buffers,
    /// Answers that are silent for so long are cut.
    Cuts(Duration),
    /// Requests with scripts or SQL in them, or longer than so many bytes, are refused with a page.
    Blocks(usize),
}

/// The box; it takes no more connections when dropped.
pub(crate) struct Middlebox {
    pub(crate) address: String,
    over: Arc<AtomicBool>,
}

impl Middlebox {
    /// Stands before the gateway at `address`.
    pub(crate) fn before(address: &str, spoils: Spoils) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let over = Arc::new(AtomicBool::new(false));
        let (gateway, is_over) = (address.to_owned(), Arc::clone(&over));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let gateway = gateway.clone();
                std::thread::spawn(move || relay(client, &gateway, spoils));
            }
        });
        Self { address: own, over }
    }
}

impl Drop for Middlebox {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
    }
}

fn relay(client: TcpStream, gateway: &str, spoils: Spoils) -> Result<()> {
    client.set_read_timeout(Some(DEADLINE))?;
    let mut reader = Reader::new(client);
    while let Some(head) = reader.head()? {
        let body = Body::of(&head).all(&mut reader)?;
        if let Spoils::Blocks(most) = spoils
            && is_blocked(&body, most)
        {
            let page = "<html><body>Request blocked.</body></html>";
            let length = page.len();
            write!(
                reader.socket,
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{page}"
            )?;
            continue;
        }
        exchange(&mut reader.socket, gateway, &head, &body, spoils)?;
    }
    Ok(())
}

fn is_blocked(body: &[u8], most: usize) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    body.len() > most || text.contains("<script") || text.contains("union select")
}

fn exchange(
    client: &mut TcpStream,
    gateway: &str,
    head: &Head,
    body: &[u8],
    spoils: Spoils,
) -> Result<()> {
    let mut socket = TcpStream::connect(gateway)?;
    let patience = if let Spoils::Cuts(silence) = spoils { silence } else { DEADLINE };
    socket.set_read_timeout(Some(patience))?;
    socket.write_all(&written(head))?;
    socket.write_all(body)?;
    let mut reader = Reader::new(socket);
    let Some(answer) = reader.head()? else { return Ok(()) };
    let mut body = Body::of(&answer);
    if matches!(spoils, Spoils::Buffers) {
        let whole = body.all(&mut reader)?;
        client.write_all(&written(&length(&answer, whole.len())))?;
        return client.write_all(&whole);
    }
    let is_chunked = answer.header("transfer-encoding").is_some();
    client.write_all(&written(&answer))?;
    while let Some(piece) = body.piece(&mut reader)? {
        if is_chunked {
            write!(client, "{:x}\r\n", piece.len())?;
        }
        client.write_all(&piece)?;
        if is_chunked {
            client.write_all(b"\r\n")?;
        }
    }
    if is_chunked { client.write_all(b"0\r\n\r\n") } else { Ok(()) }
}

/// The head of an answer whose body is whole.
fn length(answer: &Head, length: usize) -> Head {
    let mut head = answer.clone();
    head.headers.retain(|(name, _)| {
        !name.eq_ignore_ascii_case("transfer-encoding")
            && !name.eq_ignore_ascii_case("content-length")
    });
    head.headers.push(("content-length".to_owned(), length.to_string()));
    head
}

fn written(head: &Head) -> Vec<u8> {
    let mut text = format!("{}\r\n", head.start);
    for (name, value) in &head.headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n").into_bytes()
}
