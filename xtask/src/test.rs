//! `cargo xtask test`: says what is needed, installs what it may, runs the stages, counts.
//!
//! Nothing that fails stops the rest, so that one run shows all that is wrong.

use std::env;
use std::time::Instant;

use anyhow::Result;

use crate::debian;
use crate::host::{self, Host, Privilege, System};
use crate::libtest::{Counter, Tally};
use crate::needs::{self, Need, State};
use crate::phones;
use crate::process;
use crate::report::{self, Outcome};
use crate::stage::Stage;
use crate::steps::{self, Judge, Step};
use crate::wasm;
use crate::workspace::Workspace;

/// The exit code for a machine that lacks packages which only a person can install.
const NEEDS_A_PERSON: u8 = 2;

/// Runs the stages; the answer is the exit code of the process.
pub(crate) fn run(workspace: &Workspace, stages: &[Stage]) -> u8 {
    let mut host = Host::probe(workspace);
    report::needs(stages, &host, host::free_gb(workspace));

    let must_run_all = env::var("CI").is_ok_and(|value| value == "true");
    let mut outcomes = Vec::new();
    ask_rustup(workspace, stages, &mut host);
    if stages.contains(&Stage::Bindings)
        && host.has_rustup
        && let Err(error) = phones::ask_rustup(workspace)
    {
        println!("rustup could not: {error:#}"); // the checks count as skipped
    }
    let packages = needs::packages(stages, &host);
    if let (System::Debian(privilege), false) = (host.system, packages.is_empty()) {
        if privilege == Privilege::None {
            println!("Install what is missing, then start again:\n");
            println!("{}", debian::apt_line(&packages));
            return NEEDS_A_PERSON;
        }
        let installed = debian::install(&packages, privilege);
        outcomes.extend(installed.err().map(|error| not_installed(&error)));
        let has_rustup = host.has_rustup;
        host = Host::probe(workspace);
        host.has_rustup &= has_rustup;
    }

    for &stage in stages {
        let unmet = needs::unmet(stage, &host);
        outcomes.push(if unmet.is_empty() {
            run_stage(stage, workspace, &host)
        } else {
            not_run(stage, &unmet, must_run_all)
        });
    }
    let sum = report::summary(&outcomes);
    u8::from(sum.failed > 0)
}

/// Has rustup install the library for wasm where a stage needs it, and remembers if it cannot.
fn ask_rustup(workspace: &Workspace, stages: &[Stage], host: &mut Host) {
    let is_needed = stages
        .iter()
        .any(|stage| stage.needs().contains(&Need::WasmLibrary));
    if !is_needed || !matches!(Need::WasmLibrary.state(host), State::Installable(_)) {
        return;
    }
    let asked = wasm::ask_rustup(workspace, wasm::TARGET);
    host.wasm = wasm::library(workspace);
    if let Err(error) = asked {
        println!("rustup could not: {error:#}");
        host.has_rustup = false;
    } else if host.wasm.is_none() {
        println!("rustup installed the library for another toolchain than this one.");
        host.has_rustup = false;
    }
}

/// Runs a stage to its end, whatever fails in it.
fn run_stage(stage: Stage, workspace: &Workspace, host: &Host) -> Outcome {
    println!("\n=== {stage}: {}", stage.about());
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for step in steps::of(stage, workspace, host) {
        println!("\n$ {}", step.call);
        let (found, trouble) = run_step(&step, workspace, host)
            .unwrap_or_else(|error| (Tally::FAILED, format!("{error:#}")));
        if found.failed > 0 {
            println!("FAILED: {trouble}");
            failures.push(format!("{stage}: `{}`: {trouble}", step.call));
        }
        tally += found;
    }
    Outcome {
        stage: Some(stage),
        tally,
        minutes: started.elapsed().as_secs_f64() / 60.0,
        free_gb: host::free_gb(workspace),
        failures,
        not_run: None,
    }
}

/// Runs one step; the answer is its tests, and how it ended: its exit code and what failed.
fn run_step(step: &Step, workspace: &Workspace, host: &Host) -> Result<(Tally, String)> {
    if step.judge == Judge::Absent {
        println!("NOT RUN: the toolchain lacks what this needs");
        return Ok((Tally::SKIPPED, String::new()));
    }
    if let Some(tool) = step.tool {
        tool.install(workspace, host)?;
    }
    let mut counter = Counter::default();
    let code = process::run_seen(&step.call, |piece| counter.see(piece))?;
    let mut end = vec![format!("it ended with {code}")];
    end.extend(counter.take_complaints());
    let tally = match step.judge {
        Judge::Tests => counter.judge(code),
        Judge::Exit(expected) if code == expected => Tally::PASSED,
        Judge::Exit(_) => Tally::FAILED,
        Judge::Absent => Tally::SKIPPED,
    };
    Ok((tally, end.join("\n    ")))
}

/// A stage that this machine cannot run.
fn not_run(stage: Stage, unmet: &[Need], must_run_all: bool) -> Outcome {
    let reason = format!("this machine lacks {}", report::join(unmet));
    println!("\n=== {stage}: NOT RUN: {reason}");
    Outcome {
        stage: Some(stage),
        tally: if must_run_all {
            Tally::FAILED
        } else {
            Tally::SKIPPED
        },
        minutes: 0.0,
        free_gb: None,
        failures: Vec::new(),
        not_run: Some(reason),
    }
}

/// Packages that could not be installed.
fn not_installed(error: &anyhow::Error) -> Outcome {
    Outcome {
        stage: None,
        tally: Tally::FAILED,
        minutes: 0.0,
        free_gb: None,
        failures: vec![format!("installing Debian packages: {error:#}")],
        not_run: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_not_run_is_skipped_here_and_fails_where_all_must_run() {
        let unmet = [Need::Clang];
        assert_eq!(not_run(Stage::Wasm, &unmet, false).tally, Tally::SKIPPED);
        assert_eq!(not_run(Stage::Wasm, &unmet, true).tally, Tally::FAILED);
    }
}
