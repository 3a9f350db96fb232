//! Placeholder: the demo's entry until the operator's commands are merged.
use clap::{Parser, Subcommand};

mod demo;

/// 先锋中继站 · the relay of Vanguard
#[derive(Debug, Parser)]
#[command(name = "vanguard", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 演示：一个组织一个月的工作 · the demo: a month of an organisation's work
    Demo(demo::DemoArgs),
}

/// Runs what was typed.
pub fn run(cli: Cli) -> std::process::ExitCode {
    match cli.command {
        Command::Demo(args) => demo::run(args),
    }
}
