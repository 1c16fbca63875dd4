//! Directories that cannot be used, and what is said about them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ccag::storage::embedded::{self, EmbeddedError};
use nix::unistd::geteuid;

use crate::{options, place, query, start};

fn refusal(data_dir: &Path) -> EmbeddedError {
    embedded::start(&options(data_dir)).unwrap_err()
}

#[test]
fn a_second_gateway_is_told_who_holds_the_directory() {
    let place = place();
    let data = place.path().join("data");
    let first = start(&data);
    let message = refusal(&data).to_string();
    assert!(message.contains(data.to_str().unwrap()), "{message}");
    let holder = format!("process {};", std::process::id());
    assert!(message.contains(&holder), "{message}");
    assert_eq!(query(&first.connection(), "select 1"), "1");
}

#[test]
fn data_of_a_version_that_is_not_installed_stays_untouched() {
    let place = place();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("postgres")).unwrap();
    fs::write(data.join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = refusal(&data);
    assert!(matches!(error, EmbeddedError::VersionMismatch { .. }));
    let message = error.to_string();
    assert!(message.contains("by PostgreSQL 9"), "{message}");
    assert!(message.contains("/bin"), "{message}");
    assert_eq!(fs::read_dir(data.join("postgres")).unwrap().count(), 1);
}

#[test]
fn a_broken_cluster_is_reported_in_the_servers_words() {
    let place = place();
    let data = place.path().join("data");
    drop(start(&data));
    fs::remove_file(data.join("postgres/global/pg_control")).unwrap();
    let message = refusal(&data).to_string();
    assert!(message.contains("pg_control"), "{message}");
}

#[test]
fn a_lost_password_is_named() {
    let place = place();
    let data = place.path().join("data");
    drop(start(&data));
    fs::write(data.join("postgres.password"), "").unwrap();
    let message = refusal(&data).to_string();
    assert!(message.contains("postgres.password"), "{message}");
}

#[test]
fn a_directory_closed_to_the_servers_account_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let place = place();
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let message = refusal(&closed.join("data")).to_string();
    let cannot = format!("cannot enter {};", closed.display());
    assert!(message.contains(&cannot), "{message}");
    // The data directory itself is ours to open.
    let cluster = start(&closed.parent().unwrap().join("closed"));
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
}
