//! Placeholder.
use clap::Parser;
/// x
#[derive(Parser)]
pub struct Cli {}
/// x
pub fn run(_: Cli) -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
