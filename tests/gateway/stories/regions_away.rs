//! A region that is gone: nothing listens there, nothing answers, or every packet is lost. Its endpoint
//! loses each request to the other one, and is left alone after a while.

use std::net::TcpListener;

use serde_json::json;

use super::deadlines::crowd;
use crate::support::endpoints::until_phase;
use crate::support::load::Fate;
use crate::support::pair::Two;
use crate::support::rows;
use crate::support::until;

/// Requests at once: as many faults as open the breaker.
const FAULTS: usize = 5;

/// Tells the story of an endpoint at this address.
fn assert_the_other_serves(address: &str) {
    let two = Two::with(&[
        ("UPSTREAM_CONNECT_TIMEOUT_MS", "500"),
        ("UPSTREAM_FIRST_BYTE_TIMEOUT_MS", "2000"),
    ]);
    two.change_first(&json!({ "runtime_url": format!("http://{address}") }));
    let before = until("the change is known", || {
        let before = two.first.count();
        assert_eq!(two.plain().send(two.world.address()).status, 200);
        (two.first.count() == before).then_some(before)
    });
    let ask = |number: usize| {
        let request = if number.is_multiple_of(2) { two.plain() } else { two.streaming() };
        match Fate::of(&request, two.world.address()) {
            Fate::Served(id) => id,
            other => panic!("{other:?}"),
        }
    };
    let ids: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> =
            (0..FAULTS + 3).map(|number| scope.spawn(move || ask(number))).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for row in rows::each_once(&two.world.database, &ids) {
        let expected = [("endpoint", "second"), ("outcome", "completed")];
        rows::assert_columns(&row, &expected);
    }
    until_phase(&two.world.gateway, "first", "open");
    let row = rows::row(&two.world.database, &ask(0));
    rows::assert_columns(&row, &[("endpoint", "second"), ("routed", "breaker")]);
    assert_eq!(two.first.count(), before, "the region is gone");
}

#[test]
fn a_region_where_nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert_the_other_serves(&address);
}

#[test]
fn a_region_where_nothing_answers() {
    // The kernel takes the connections.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_the_other_serves(&listener.local_addr().unwrap().to_string());
}

#[test]
fn a_region_where_every_packet_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _waiting = crowd(&listener);
    assert_the_other_serves(&listener.local_addr().unwrap().to_string());
}
