//! `vanguard`: the relay and the tools around it.

use std::process::ExitCode;

use clap::Parser as _;

/// Many small documents are made and dropped on several threads at once, which the C library's
/// allocator answers with twice the memory and a tenth more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    vanguard_server::cli::run(vanguard_server::cli::Cli::parse())
}
