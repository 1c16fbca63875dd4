//! `with_database CMD ARGS…`: runs a command with a database that is made for it and thrown away.
//!
//! The command finds how to connect in `CCAG_TEST_DATABASE_URL`.

use std::error::Error;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use ccag::storage::embedded::{self, Cluster, Options};
use tokio_postgres::config::Host;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("usage: with_database CMD ARGS…")?;
    // target/<profile>/examples/with_database → target/<profile>/ccag
    let this = std::env::current_exe()?;
    let launcher = this
        .ancestors()
        .nth(2)
        .map(|profile| profile.join("ccag"))
        .filter(|launcher| launcher.is_file())
        .ok_or("the ccag binary is not built: cargo build --bin ccag")?;
    let directory = tempfile::Builder::new()
        .prefix("ccag-database-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir()?;
    let mut cluster = embedded::start(&Options {
        data_dir: directory.path().join("data"),
        launcher,
        database: "ccag".to_owned(),
        start_timeout: Duration::from_secs(60),
        durable: false,
    })?;
    let status = Command::new(program)
        .args(arguments)
        .env("CCAG_TEST_DATABASE_URL", keywords(&cluster)?)
        .status()?;
    cluster.stop();
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    Ok(ExitCode::from(u8::try_from(code.unwrap_or(1)).unwrap_or(1)))
}

/// The connection in libpq's `keyword=value` form.
fn keywords(cluster: &Cluster) -> Result<String, Box<dyn Error>> {
    let config = cluster.connection();
    let [Host::Unix(directory)] = config.get_hosts() else {
        return Err("the cluster has no socket".into());
    };
    let directory = directory.to_str().ok_or("the socket's path is no UTF-8")?;
    let user = config.get_user().ok_or("no user")?;
    let password = std::str::from_utf8(config.get_password().ok_or("no password")?)?;
    let database = config.get_dbname().ok_or("no database")?;
    Ok(format!("host='{directory}' user={user} password={password} dbname={database}"))
}
