//! What can be seen of a running connection from outside, and the wish that it ends. Shared between
//! the connection's work and the registry of its thread, so that looking costs the work nothing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::domain::answer::Answer;
use crate::domain::tokens::Tokens;
use crate::domain::usage::UsageRecord;

/// A running connection at one moment.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The value of the reply's `request-id` header.
    pub request_id: String,
    /// When the request's head had been read.
    pub started_at: DateTime<Utc>,
    /// The API key, where it was one.
    pub key_id: Option<Uuid>,
    /// The user that owns the credential.
    pub user_id: Option<Uuid>,
    /// The session of the signed-in client that asked.
    pub client_session_id: Option<Uuid>,
    /// The team the request is counted for.
    pub team_id: Option<Uuid>,
    /// The session of Claude Code that it is part of.
    pub session_id: Option<String>,
    /// The model as the client asked for it.
    pub model: String,
    /// The endpoint that serves it, once one was chosen.
    pub endpoint: Option<String>,
    /// Tokens so far; the output is an estimate while the answer runs.
    pub tokens: Tokens,
    /// When something last came from Bedrock.
    pub last_event_at: Option<DateTime<Utc>>,
}

struct Shared {
    seen: RefCell<Connection>,
    stopped: Cell<bool>,
    stop: Notify,
}

/// The one view of a connection that its work writes and others read, on the same thread.
#[derive(Clone)]
pub struct Progress(Rc<Shared>);

impl Progress {
    /// The view of a request that is about to be served.
    #[must_use]
    pub fn new(record: Option<&UsageRecord>) -> Self {
        let seen = Connection {
            request_id: record.map(|record| record.request_id.clone()).unwrap_or_default(),
            started_at: record.map_or_else(Utc::now, |record| record.started_at),
            key_id: record.and_then(|record| record.key_id),
            user_id: record.and_then(|record| record.user_id),
            client_session_id: record.and_then(|record| record.client_session_id),
            team_id: record.and_then(|record| record.team_id),
            session_id: record.and_then(|record| record.session_id.clone()),
            model: record.and_then(|record| record.model.clone()).unwrap_or_default(),
            endpoint: None,
            tokens: Tokens::default(),
            last_event_at: None,
        };
        let (seen, stopped, stop) = (RefCell::new(seen), Cell::new(false), Notify::new());
        Self(Rc::new(Shared { seen, stopped, stop }))
    }

    /// What is to be seen now.
    #[must_use]
    pub fn read(&self) -> Connection {
        self.0.seen.borrow().clone()
    }

    /// True where the connection serves the request of this id.
    #[must_use]
    pub fn serves(&self, request_id: &str) -> bool {
        self.0.seen.borrow().request_id == request_id
    }

    /// Notes the endpoint that serves the request.
    pub fn served_by(&self, endpoint: &str) {
        self.0.seen.borrow_mut().endpoint = Some(endpoint.to_owned());
    }

    /// Notes that more of the answer has passed.
    pub fn advance(&self, answer: &Answer) {
        let mut seen = self.0.seen.borrow_mut();
        (seen.tokens, _) = answer.tokens();
        seen.last_event_at = Some(Utc::now());
    }

    /// Asks the work to end, with an error that tells the client why.
    pub fn stop(&self) {
        self.0.stopped.set(true);
        self.0.stop.notify_one();
    }

    /// True once the work was asked to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.get()
    }

    /// Ends once the work was asked to end.
    pub async fn stopped(&self) {
        if !self.is_stopped() {
            self.0.stop.notified().await;
        }
    }
}
