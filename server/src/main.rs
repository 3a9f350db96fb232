//! `vanguard`: the relay and the tools around it.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    vanguard_server::cli::run(vanguard_server::cli::Cli::parse())
}
