//! Makes a new cluster, so that one either exists as a whole or not at all.

use std::fs::{self, File};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::directories::{Layout, private_dir, write_for};
use super::error::{During, EmbeddedError};
use super::installation::Installation;
use super::launch::{Launch, run_within};

/// The role that owns everything.
pub(super) const ROLE: &str = "ccag";

/// Makes the cluster under another name and moves it into place.
pub(super) fn initialise(
    layout: &Layout,
    launch: &Launch,
    installation: &Installation,
    durable: bool,
    limit: Duration,
) -> Result<(), EmbeddedError> {
    let nursery = &layout.nursery;
    if nursery.exists() {
        fs::remove_dir_all(nursery).during("remove", nursery)?;
    }
    private_dir(nursery.clone(), launch)?;
    let (cluster, password) = (nursery.join("cluster"), nursery.join("password"));
    write_for(launch, &password, &layout.new_password()?)?;
    let program = installation.program("initdb");
    let mut command = launch.command(&program, Signal::SIGKILL);
    command
        .arg("--pgdata")
        .arg(&cluster)
        .arg("--pwfile")
        .arg(&password)
        .args(["--username", ROLE, "--encoding=UTF8", "--locale=C"])
        .args(["--auth-local=scram-sha-256", "--auth-host=reject"])
        // Small segments: a fresh cluster is 15 MB smaller and made sooner.
        .args(["--data-checksums", "--wal-segsize=1", "--no-instructions"]);
    if !durable {
        command.arg("--no-sync");
    }
    let output = run_within(&mut command, limit).during("run", &program)?;
    if !output.status.success() {
        return Err(EmbeddedError::Ended {
            program: "initdb",
            status: output.status,
            words: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&cluster, &layout.cluster).during("create", &layout.cluster)?;
    fs::remove_dir_all(nursery).during("remove", nursery)?;
    File::open(&layout.root).and_then(|root| root.sync_all()).during("write", &layout.root)
}
