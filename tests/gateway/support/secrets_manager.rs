//! AWS Secrets Manager with one secret, whose versions the story moves as a rotation does.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::wire::{Body, Reader};

pub(crate) const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";

#[derive(Default)]
struct Shared {
    current: Mutex<String>,
    pending: Mutex<Option<String>>,
    read: AtomicUsize,
}

/// The fake; its thread ends with the process.
pub(crate) struct SecretsManager {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl SecretsManager {
    pub(crate) fn start(password: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        *shared.current.lock().unwrap() = password.to_owned();
        let to_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&to_thread);
                std::thread::spawn(move || answer(socket, &shared));
            }
        });
        Self { address, shared }
    }

    /// The rotation's first step: the next password is there, beside the current one.
    pub(crate) fn create_pending(&self, password: &str) {
        *self.shared.pending.lock().unwrap() = Some(password.to_owned());
    }

    /// The rotation's last step: what was pending is current.
    pub(crate) fn finish(&self) {
        let pending = self.shared.pending.lock().unwrap().take().unwrap();
        *self.shared.current.lock().unwrap() = pending;
    }

    /// How often the secret was read.
    pub(crate) fn read(&self) -> usize {
        self.shared.read.load(Ordering::SeqCst)
    }
}

fn answer(socket: TcpStream, shared: &Shared) {
    let mut reader = Reader::new(socket);
    while let Ok(Some(head)) = reader.head() {
        let body = Body::of(&head).all(&mut reader).unwrap();
        assert_eq!(head.header("x-amz-target"), Some("secretsmanager.GetSecretValue"));
        let authorization = head.header("authorization").unwrap();
        assert!(
            authorization.contains("/us-east-1/secretsmanager/aws4_request"),
            "{authorization}"
        );
        let asked: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(asked["SecretId"], ARN);
        shared.read.fetch_add(1, Ordering::SeqCst);
        let password = match asked["VersionStage"].as_str() {
            Some("AWSCURRENT") => Some(shared.current.lock().unwrap().clone()),
            _ => shared.pending.lock().unwrap().clone(),
        };
        let (status, answer) = match password {
            Some(password) => {
                let secret = json!({ "username": "proxy", "password": password, "port": 5432 });
                ("200 OK", json!({ "ARN": ARN, "SecretString": secret.to_string() }))
            }
            None => ("400 Bad Request", json!({ "__type": "ResourceNotFoundException" })),
        };
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        reader.socket.write_all(format!("{head}{answer}").as_bytes()).unwrap();
    }
}
