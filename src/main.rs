//! The `ccag` binary.

use std::process::ExitCode;

use ccag::storage::embedded::launcher;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == launcher::SUBCOMMAND)
    {
        let Err(error) = launcher::run(arguments);
        eprintln!("{}: {error}", launcher::SUBCOMMAND);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
