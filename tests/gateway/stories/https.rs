//! HTTPS by the gateway itself, without a load balancer.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::answers::MODEL;
use crate::support::client::Request;
use crate::support::gateway::{KEY, Process};
use crate::support::tls::{Authority, Issued, Verified};
use crate::support::until;
use crate::support::world::World;

/// Where HTTPS listens.
fn address(process: &Process) -> String {
    let said = |line: &String| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["message"] == "Listening with TLS.")
            .then(|| line["address"].as_str().unwrap().to_owned())
    };
    process.lines().iter().find_map(said).expect("HTTPS listens")
}

fn message(stream: bool) -> Vec<u8> {
    let body = format!(
        r#"{{"model":"{MODEL}","max_tokens":64,"stream":{stream},"messages":[{{"role":"user","content":"Good day"}}]}}"#
    );
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn write(folder: &Path, issued: &Issued) {
    fs::write(folder.join("key.pem"), &issued.key).unwrap();
    fs::write(folder.join("cert.pem"), &issued.chain).unwrap();
}

/// A gateway with a certificate that may be replaced in `folder`.
fn with_files(folder: &Path) -> World {
    let path = |name: &str| folder.join(name).display().to_string();
    World::with(&[
        ("TLS_CERT", &path("cert.pem")),
        ("TLS_KEY", &path("key.pem")),
        ("TLS_PORT", "0"),
    ])
}

#[test]
fn a_certificate_of_its_own_serves_this_machine_by_http_1_1() {
    let world = World::with(&[("TLS_SELF_SIGNED", "true"), ("TLS_PORT", "0")]);
    let process = &world.gateway.process;
    let file = process.data_dir().join("tls/certificate.pem");
    let roots = fs::read_to_string(&file).unwrap();
    for stream in [false, true] {
        let mut client = Verified::connect(&address(process), &roots).unwrap();
        assert_eq!(client.protocol(), Some(&b"http/1.1"[..]), "HTTP/2 was offered");
        let reply = client.exchange(&message(stream)).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert_eq!(reply.contains("event: message_stop"), stream, "{reply}");
    }
    assert!(Verified::connect(&address(process), &Authority::new().pem()).is_err());
    assert_eq!(Request::get("/health").send(world.address()).status, 200, "plain HTTP is gone");
}

#[test]
fn a_replaced_certificate_is_shown_to_new_connections_and_a_broken_one_is_not() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (first, second) = (authority.issue(), authority.issue());
    write(folder.path(), &first);
    let world = with_files(folder.path());
    let process = &world.gateway.process;
    let connect = || Verified::connect(&address(process), &authority.pem()).unwrap();
    let mut before = connect();
    assert_eq!(before.certificate(), first.der());
    fs::write(folder.path().join("cert.pem"), &second.chain).unwrap();
    until("the mismatch is noticed", || {
        let lines = process.lines();
        lines.iter().any(|line| line.contains("is not the key of")).then_some(())
    });
    assert_eq!(connect().certificate(), first.der(), "a certificate without its key is shown");
    write(folder.path(), &second);
    until("the new certificate is shown", || {
        (connect().certificate() == second.der()).then_some(())
    });
    let reply = before.exchange(&message(false)).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "an old connection broke: {reply}");
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let mixed = Issued { chain: authority.issue().chain, key: authority.issue().key };
    write(folder.path(), &mixed);
    let world = World::start();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let start = |key: &str| {
        let setup = world.setup.another().env("TLS_PORT", "0").env("TLS_CERT", &path("cert.pem"));
        let mut process = setup.env("TLS_KEY", key).run(&["serve"]);
        assert_eq!(process.wait().code(), Some(1));
        process.lines().join("\n")
    };
    let said = start(&path("key.pem"));
    assert!(said.contains("is not the key of"), "{said}");
    let said = start("/nowhere/key.pem");
    assert!(said.contains("/nowhere/key.pem"), "{said}");
}
