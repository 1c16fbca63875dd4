//! AWS STS with one operation, AssumeRole: it gives each session a key of its own, and notes what it was
//! asked.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::until;
use super::wire::{Body, Head, Reader};

/// What a question is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// With credentials that are good for so many seconds.
    Grants(i64),
    /// With a refusal.
    Refuses,
    /// With a page of something else.
    Babbles,
    /// Never.
    Hangs,
}

/// One question, its form decoded.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) head: Head,
    form: Vec<(String, String)>,
}

impl Asked {
    /// One parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

struct Shared {
    mood: Mutex<Mood>,
    changed: Condvar,
    asked: Mutex<Vec<Asked>>,
}

/// The fake; its threads end with the process.
pub(crate) struct Sts {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Sts {
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Shared { mood: mood.into(), changed: Condvar::new(), asked: Mutex::default() };
        let shared = Arc::new(shared);
        let to_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&to_thread);
                std::thread::spawn(move || answer(socket, &shared));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
        self.shared.changed.notify_all();
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Waits for the question with this number, counted from 0.
    #[track_caller]
    pub(crate) fn question(&self, number: usize) -> Asked {
        until(&format!("question {number} to STS"), || self.asked().get(number).cloned())
    }
}

/// The access key of the session with this number.
pub(crate) fn access_key(number: usize) -> String {
    format!("ASIASTORIES{number:09}")
}

fn answer(socket: TcpStream, shared: &Shared) {
    let mut reader = Reader::new(socket);
    while let Ok(Some(head)) = reader.head() {
        let body = Body::of(&head).all(&mut reader).unwrap();
        let form = form(&String::from_utf8(body).unwrap());
        let number = {
            let mut asked = shared.asked.lock().unwrap();
            asked.push(Asked { head, form });
            asked.len() - 1
        };
        let mut mood = shared.mood.lock().unwrap();
        while *mood == Mood::Hangs {
            mood = shared.changed.wait_timeout(mood, Duration::from_secs(1)).unwrap().0;
        }
        let (status, body) = reply(*mood, number);
        drop(mood);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if reader.socket.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn reply(mood: Mood, number: usize) -> (&'static str, String) {
    match mood {
        Mood::Grants(seconds) => {
            let expires = (Utc::now() + TimeDelta::seconds(seconds)).format("%Y-%m-%dT%H:%M:%SZ");
            let body = format!(
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:ccag</AssumedRoleId>\
                 <Arn>arn:aws:sts::444455556666:assumed-role/bedrock/ccag</Arn></AssumedRoleUser>\
                 <Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
                 <SessionToken>session-{number}</SessionToken><Expiration>{expires}</Expiration>\
                 </Credentials></AssumeRoleResult><ResponseMetadata><RequestId>r</RequestId>\
                 </ResponseMetadata></AssumeRoleResponse>",
                access_key(number)
            );
            ("200 OK", body)
        }
        Mood::Refuses => (
            "403 Forbidden",
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
             <Type>Sender</Type><Code>AccessDenied</Code><Message>User: \
             arn:aws:iam::111122223333:user/x is not authorized to perform: sts:AssumeRole\
             </Message></Error><RequestId>r</RequestId></ErrorResponse>"
                .to_owned(),
        ),
        Mood::Babbles | Mood::Hangs => ("200 OK", "<html>Good day</html>".to_owned()),
    }
}

/// A form, its names and values decoded.
fn form(body: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned()
    };
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}
