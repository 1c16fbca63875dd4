//! What the stories are told with: a database, a Bedrock, a gateway and a client, all real sockets.

pub(crate) mod answers;
pub(crate) mod balancer;
pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod collector;
pub(crate) mod database;
pub(crate) mod endpoints;
pub(crate) mod exposition;
pub(crate) mod gateway;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod middlebox;
pub(crate) mod money;
pub(crate) mod pair;
pub(crate) mod postgres;
pub(crate) mod postgres_proxy;
pub(crate) mod provider;
pub(crate) mod rows;
pub(crate) mod secrets_manager;
pub(crate) mod sse;
pub(crate) mod sts;
mod tests;
pub(crate) mod tls;
pub(crate) mod upstream;
pub(crate) mod wire;
pub(crate) mod world;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a story waits for something that must happen; far beyond what it takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again and again until `probe` has an answer.
///
/// # Panics
/// When none came within [`DEADLINE`]; `what` says what was waited for.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < give_up, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Does `attempt` until it began and ended in the same minute of the clock, as limits count them;
/// each gets a number of its own.
pub(crate) fn in_one_minute<T>(mut attempt: impl FnMut(u32) -> T) -> T {
    let minute = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60;
    for number in 0.. {
        let before = minute();
        let result = attempt(number);
        if minute() == before {
            return result;
        }
    }
    unreachable!("some minute has room")
}
