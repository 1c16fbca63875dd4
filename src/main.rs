//! The `ccag` binary.

use std::process::ExitCode;

use ccag::storage::embedded::launcher;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == launcher::SUBCOMMAND) {
        let Err(error) = launcher::run(arguments);
        eprintln!("{}: {error}", launcher::SUBCOMMAND);
        return ExitCode::FAILURE;
    }
    // Two providers are in the tree; without a default, TLS would panic.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    ccag::actors::tree::install_panic_hook();
    ccag::cli::run()
}
