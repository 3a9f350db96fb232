//! `cargo xtask`: every task that a person or CI runs, so that both run the same recipes.
//!
//! A task is a thin layer over cargo and a few pinned tools. It may build, install what it
//! needs below `target/` (and Debian packages, where it is allowed to), and start programs;
//! it knows nothing of what the product does.

mod debian;
mod fuzz;
mod host;
mod libtest;
mod needs;
mod process;
mod report;
mod stage;
mod steps;
mod test;
mod tools;
mod wasm;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::host::Host;
use crate::stage::Stage;
use crate::tools::Tool;
use crate::workspace::Workspace;

/// Tasks of the Vanguard workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    /// What to do.
    #[command(subcommand)]
    task: Task,
}

/// One task.
#[derive(Subcommand)]
enum Task {
    /// Run the demonstration: a relay, a fleet of phones, one ledger (arguments go to `vanguard demo`)
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Measure against the limits of this machine (arguments go to the bench program)
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Fuzz a target by coverage; what it finds goes into `target/fuzz`
    Fuzz {
        /// Which one.
        #[arg(value_enum)]
        target: fuzz::Target,
        /// For how many seconds.
        #[arg(long, default_value_t = 600)]
        seconds: u32,
    },
    /// Look the dependencies up in the RustSec advisory database (needs it within reach)
    Audit,
    /// Run every test, or only the stages that are named
    Test {
        /// Stages to run; all of them when none is named.
        #[arg(value_enum)]
        stages: Vec<Stage>,
        /// List the stages with what each does and needs, and run nothing.
        #[arg(long)]
        list: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one task; the answer is the exit code of the process.
fn run(task: Task) -> Result<u8> {
    let workspace = Workspace::find()?;
    match task {
        Task::Demo { args } => {
            let demo = workspace
                .cargo(["run", "--release", "--package", "vanguard-server"])
                .args(["--bin", "vanguard", "--", "demo"])
                .args(args);
            process::run(&demo)
        }
        Task::Bench { args } => {
            let bench = workspace
                .cargo(["run", "--release", "--package", "vanguard-tests"])
                .args(["--bin", "bench", "--"])
                .args(args);
            process::run(&bench)
        }
        Task::Fuzz { target, seconds } => fuzz::run(&workspace, target, seconds),
        Task::Audit => {
            Tool::CargoDeny.install(&workspace, &Host::probe(&workspace))?;
            process::run(&steps::cargo_deny(&workspace, ["advisories"]))
        }
        Task::Test { list: true, stages } => {
            report::list(&stage::chosen(&stages));
            Ok(0)
        }
        Task::Test { stages, .. } => Ok(test::run(&workspace, &stage::chosen(&stages))),
    }
}
