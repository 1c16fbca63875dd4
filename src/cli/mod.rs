//! The command line: one binary for the gateway and what goes with it.

mod call;
mod client;
mod demo;
mod doctor;
mod failure;
mod healthcheck;
mod login;
mod migrate;
pub mod nouns;
mod output;
mod profile;

use std::process::ExitCode;

use actix::System;
use clap::{
    Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};
use clap_complete::Shell;

use self::client::Client;
use self::failure::Failure;
use crate::app::{self, AppError};
use crate::config::Config;

/// Claude Code AWS Gateway: serves the Anthropic Messages API from Claude on Amazon Bedrock.
///
/// `serve` and its kin are configured by environment variables; README.md lists them. The others
/// manage a gateway from afar: sign in with `ccag login` first.
///
/// Exit codes: 0 done; 1 failed, or the gateway cannot be reached; 2 wrong command line; 3 refused by
/// the gateway; 4 not signed in, or not allowed; 64 wrong configuration; 70 an actor died too often.
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
    /// Sign in to a gateway, to manage it.
    Login {
        /// The gateway, such as https://ccag.example.com.
        url: String,
        /// With the admin key, read from the standard input, instead of a browser.
        #[arg(long)]
        admin_key: bool,
    },
    /// Forget the sign-in.
    Logout,
    /// Show who is signed in.
    Whoami,
    /// Show how the gateway is.
    Status,
    /// Check a deployment from this machine: the way to it, streams, the WAF, and Claude Code's settings.
    Doctor(doctor::Options),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let given = command().get_matches();
    if let Some((noun, verb)) = managed(&given) {
        return end(System::new().block_on(manage(noun, verb, &given)));
    }
    let command = match Arguments::from_arg_matches(&given) {
        Ok(arguments) => arguments.command.unwrap_or(Command::Serve),
        Err(error) => error.exit(),
    };
    match command {
        Command::Serve => with_config(|config| app::serve(&config, |_| {})),
        Command::Demo => with_config(demo::demo),
        Command::Migrate => with_config(|config| migrate::migrate(&config)),
        Command::Healthcheck => with_config(|config| healthcheck::healthcheck(&config)),
        Command::Login { url, admin_key } => {
            end(System::new().block_on(login::login(&url, admin_key)))
        }
        Command::Logout => end(profile::Profile::forget()),
        Command::Whoami => end(System::new().block_on(show("/admin/me", &given))),
        Command::Status => end(System::new().block_on(show("/admin/status", &given))),
        Command::Doctor(options) => {
            let (url, as_json) = (given.get_one("url"), given.get_flag("json"));
            end(System::new().block_on(doctor::run(&options, url, as_json)))
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut self::command(), "ccag", &mut std::io::stdout());
            ExitCode::SUCCESS
        }
    }
}

/// The whole command line.
#[must_use]
pub fn command() -> clap::Command {
    let url = Arg::new("url").long("url").global(true).value_name("URL");
    let json = Arg::new("json").long("json").global(true).action(ArgAction::SetTrue);
    Arguments::command()
        .arg(url.help("The gateway to manage, instead of CCAG_URL and the one signed in to"))
        .arg(json.help("Show JSON"))
        .subcommands(nouns::NOUNS.iter().map(|noun| nouns::command(noun)))
}

fn managed(given: &ArgMatches) -> Option<(&'static nouns::Noun, &ArgMatches)> {
    let (name, verb) = given.subcommand()?;
    nouns::NOUNS.iter().find(|noun| noun.name == name).map(|noun| (*noun, verb))
}

async fn manage(
    noun: &'static nouns::Noun,
    given: &ArgMatches,
    global: &ArgMatches,
) -> Result<(), Failure> {
    let unknown = || Failure::Usage(format!("what is to be done with {}?", noun.name));
    let (name, given) = given.subcommand().ok_or_else(unknown)?;
    let verb = noun.verbs.iter().find(|verb| verb.name == name).ok_or_else(unknown)?;
    let client = Client::open(global.get_one("url")).await?;
    call::run(&client, verb, given, global.get_flag("json")).await
}

/// Shows what a route answers.
async fn show(path: &str, given: &ArgMatches) -> Result<(), Failure> {
    let client = Client::open(given.get_one("url")).await?;
    output::show(&client.json("GET", path, None).await?, &[], given.get_flag("json"));
    Ok(())
}

fn end(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::tell(&format!("ccag: {failure}"));
            failure.exit_code()
        }
    }
}

fn with_config(run: impl FnOnce(Config) -> Result<(), AppError>) -> ExitCode {
    let done = Config::from_env().map_err(AppError::Config).and_then(|config| {
        config.telemetry.start();
        run(config)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::tell(&error.to_string());
            error.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
