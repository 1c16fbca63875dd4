//! The command line: one binary for the gateway and what goes with it.

mod demo;
mod healthcheck;
mod migrate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{self, AppError};
use crate::config::Config;

/// Claude Code AWS Gateway: serves the Anthropic Messages API from Claude on Amazon Bedrock.
///
/// Configured by environment variables; README.md lists them.
#[derive(Debug, Parser)]
#[command(name = "ccag", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Serve on a simulated Bedrock, and print how to point Claude Code at it.
    Demo,
    /// Bring the database's schema up to date, and exit.
    Migrate,
    /// Exit with 0 if the gateway on this host answers, else with 1; for containers.
    Healthcheck,
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    let done = Config::from_env().map_err(AppError::Config).and_then(|config| {
        config.telemetry.start();
        match command {
            Command::Serve => app::serve(&config, |_| {}),
            Command::Demo => demo::demo(config),
            Command::Migrate => migrate::migrate(&config),
            Command::Healthcheck => healthcheck::healthcheck(&config),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}
