//! Load: clients that go on asking until the story is over, and what became of each request.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::client::Request;
use super::database::Database;
use super::rows;
use super::until;
use super::world::{plain, streaming};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A whole answer, to the request of this id.
    Served(String),
    /// An error that says what it is: by its status, or by the last event.
    Refused { id: String, kind: String },
    /// The connection ended without either.
    Cut,
}

impl Fate {
    /// Sends a request, for a stream or for a whole message, and tells what became of it.
    pub(crate) fn of(request: &Request, address: &str) -> Self {
        let Ok(mut incoming) = request.try_open(address) else { return Self::Cut };
        let id = incoming.request_id();
        let streams = incoming.head.header("content-type") == Some("text/event-stream");
        let error = if streams {
            let Ok(events) = incoming.try_events() else { return Self::Cut };
            match events.last() {
                Some(last) if last.name == "message_stop" => return Self::Served(id),
                Some(last) if last.name == "error" => last.json(),
                _ => return Self::Cut,
            }
        } else {
            let Ok(reply) = incoming.reply() else { return Self::Cut };
            if reply.status == 200 {
                return Self::Served(id);
            }
            reply.json()
        };
        let kind = error["error"]["type"].as_str().unwrap_or_default().to_owned();
        assert!(!kind.is_empty(), "an error without a type: {error}");
        Self::Refused { id, kind }
    }
}

/// What the clients have seen so far.
pub(crate) struct Seen(Mutex<Vec<Fate>>);

impl Seen {
    fn served(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|it| matches!(it, Fate::Served(_))).count()
    }

    /// Waits until so many more requests were served.
    #[track_caller]
    pub(crate) fn until_more(&self, more: usize, what: &str) {
        let before = self.served();
        until(what, || (self.served() >= before + more).then_some(()));
    }
}

/// Has so many clients ask at `address`, each second one for streams, while `story` runs.
pub(crate) fn load(clients: usize, address: &str, story: impl FnOnce(&Seen)) -> Vec<Fate> {
    /// Ends the load, also where the story fails.
    struct Over<'o>(&'o AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (seen, over) = (Seen(Mutex::default()), AtomicBool::new(false));
    let (to_clients, is_over) = (&seen, &over);
    std::thread::scope(|scope| {
        for client in 0..clients {
            scope.spawn(move || {
                let request = if client % 2 == 0 { streaming() } else { plain() };
                while !is_over.load(Ordering::SeqCst) {
                    let fate = Fate::of(&request, address);
                    to_clients.0.lock().unwrap().push(fate);
                }
            });
        }
        let _over = Over(&over);
        story(&seen);
    });
    seen.0.into_inner().unwrap()
}

/// The ids of those that were served.
pub(crate) fn served(fates: &[Fate]) -> Vec<String> {
    let ids = fates.iter().filter_map(|fate| match fate {
        Fate::Served(id) => Some(id.clone()),
        _ => None,
    });
    ids.collect()
}

/// Asserts that every request was served, and has one row; the clients are the only ones with their key.
#[track_caller]
pub(crate) fn assert_all_served_and_counted(database: &Database, fates: &[Fate]) {
    let other = fates.iter().find(|fate| !matches!(fate, Fate::Served(_)));
    assert_eq!(other, None);
    for row in rows::each_once(database, &served(fates)) {
        rows::assert_columns(&row, &[("outcome", "completed")]);
    }
    let all = "select 1 from usage u join api_keys k on k.id = u.key_id where k.name = 'bootstrap'";
    assert_eq!(database.sql(all).len(), fates.len());
}
