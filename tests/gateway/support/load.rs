//! Load: clients that go on asking until the story is over, and what became of each request.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::client::Request;
use super::database::Database;
use super::until;
use super::world::{plain, streaming};

/// How long a client thinks about an answer before it asks again.
const THINKING: Duration = Duration::from_millis(20);

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
    load_of(&[streaming(), plain()], clients, address, story)
}

/// As [`load`], with these requests in turn among the clients.
pub(crate) fn load_of(
    requests: &[Request],
    clients: usize,
    address: &str,
    story: impl FnOnce(&Seen),
) -> Vec<Fate> {
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
                let request = &requests[client % requests.len()];
                while !is_over.load(Ordering::SeqCst) {
                    let fate = Fate::of(request, address);
                    to_clients.0.lock().unwrap().push(fate);
                    std::thread::sleep(THINKING);
                }
            });
        }
        let _over = Over(&over);
        story(&seen);
    });
    seen.0.into_inner().unwrap()
}

/// The ids of those that were served.
pub(crate) fn served(fates: &[Fate]) -> HashSet<&str> {
    let ids = fates.iter().filter_map(|fate| match fate {
        Fate::Served(id) => Some(id.as_str()),
        _ => None,
    });
    ids.collect()
}

/// Waits until each request that was served has its row, and asserts that no request has two. Other rows with
/// the clients' key are of requests whose end no client saw: there are at the most so many.
#[track_caller]
pub(crate) fn assert_counted(database: &Database, fates: &[Fate], unseen: usize) {
    let served = served(fates);
    let rows = until("each request that was served has its row", || {
        let query = "select u.request_id, u.outcome from usage u \
                     join api_keys k on k.id = u.key_id where k.name = 'bootstrap'";
        let rows = database.sql(query);
        let written: HashSet<_> = rows.iter().filter_map(|row| row["request_id"].clone()).collect();
        served.iter().all(|id| written.contains(*id)).then_some(rows)
    });
    let (mut seen, mut others) = (HashSet::new(), 0);
    for row in &rows {
        let id = row["request_id"].as_deref().unwrap();
        assert!(seen.insert(id), "{id} has two rows");
        match served.contains(id) {
            true => assert_eq!(row["outcome"].as_deref(), Some("completed"), "{id}"),
            false => others += 1,
        }
    }
    assert!(others <= unseen, "{others} rows are of no request that was served");
}

/// Asserts that every request was served, and that there is one row of each and none besides.
#[track_caller]
pub(crate) fn assert_all_served_and_counted(database: &Database, fates: &[Fate]) {
    let other = fates.iter().find(|fate| !matches!(fate, Fate::Served(_)));
    assert_eq!(other, None, "a request was not served");
    assert_counted(database, fates, 0);
}
