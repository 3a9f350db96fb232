//! `cargo xtask`: every task that a person or CI runs, so that both run the same recipes.
//!
//! A task is a thin layer over cargo and a few pinned tools. It may build, install what it
//! needs below `target/` (and Debian packages, where it is allowed to), and start programs;
//! it knows nothing of what the product does.

mod console;
mod debian;
mod fuzz;
mod host;
mod libtest;
mod needs;
mod phones;
mod process;
mod report;
mod small;
mod stage;
mod steps;
mod swift;
mod test;
mod tools;
mod wasm;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::host::Host;
use crate::phones::Phones;
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
    /// Build the supervisor's console, which the relay's program embeds when it is built next
    Console,
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
    /// Package the library for phones (needs an NDK, or a Mac with Xcode)
    Package {
        /// Which phones.
        #[arg(value_enum)]
        phones: Phones,
    },
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
            if let Err(error) = console::build(&workspace) {
                println!("The demonstration runs without the supervisor's console: {error:#}");
            }
            let demo = workspace
                .cargo(["run", "--release", "--package", "vanguard-server"])
                .args(["--bin", "vanguard", "--", "demo"])
                .args(args);
            process::run(&demo)
        }
        Task::Console => console::build(&workspace).map(|()| 0),
        Task::Bench { args } => {
            let bindings = workspace
                .cargo(["build", "--lib", "--bins", "--package"])
                .args([
                    "vanguard-mobile",
                    "--package",
                    "vanguard-bindgen",
                    "--package",
                    "vanguard-tests",
                ]);
            process::succeed(&bindings)?;
            process::succeed(&small::own(&workspace))?;
            let bench = workspace
                .cargo(["run", "--profile", "dist", "--package", "vanguard-tests"])
                .args(["--bin", "bench", "--"])
                .args(args)
                .env("VANGUARD_TARGET", &workspace.target);
            process::run(&bench)
        }
        Task::Fuzz { target, seconds } => fuzz::run(&workspace, target, seconds),
        Task::Audit => {
            Tool::CargoDeny.install(&workspace, &Host::probe(&workspace))?;
            process::run(&steps::cargo_deny(&workspace, ["advisories"]))
        }
        Task::Package { phones } => {
            phones::package(&workspace, phones)?;
            Ok(0)
        }
        Task::Test { list: true, stages } => {
            report::list(&stage::chosen(&stages));
            Ok(0)
        }
        Task::Test { stages, .. } => Ok(test::run(&workspace, &stage::chosen(&stages))),
    }
}
