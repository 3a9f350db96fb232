//! `cargo xtask fuzz`: coverage-guided fuzzing of what reads bytes that nobody has vouched for.
//!
//! The targets are programs of libFuzzer's own, built by the pinned stable compiler: all that it
//! needs are LLVM's coverage passes. (The address sanitizer would need a nightly one; the core
//! forbids unsafe code.) What a run finds goes into `target/fuzz`; the committed seeds stay as
//! they are.

use std::ffi::OsString;
use std::fmt;

use anyhow::Result;
use clap::ValueEnum;

use crate::process::{self, Call};
use crate::workspace::Workspace;

/// What has the compiler write down which edges were taken, and which values were compared.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";
/// An input that takes longer is a finding, in seconds (unoptimised machines included).
const INPUT_LIMIT_S: u32 = 30;
/// A process that takes more is a finding, in MiB.
const MEMORY_LIMIT_MIB: u32 = 2_048;

/// One fuzz target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The bounded reader of changes
    Bounded,
    /// The decoder of what travels
    Wire,
    /// A change through the whole of admission
    Admission,
    /// A relay's answer committed into a notebook
    Page,
}

impl Target {
    /// Every target.
    pub(crate) const ALL: [Self; 4] = [Self::Bounded, Self::Wire, Self::Admission, Self::Page];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// Runs a target for so many seconds; the answer is the exit code of the process.
pub(crate) fn run(workspace: &Workspace, target: Target, seconds: u32) -> Result<u8> {
    process::run(&call(workspace, target, seconds))
}

/// The call that builds all targets.
pub(crate) fn build(workspace: &Workspace) -> Call {
    cargo(workspace, "build").args(["--bins"])
}

/// The call that runs a target for so many seconds.
pub(crate) fn call(workspace: &Workspace, target: Target, seconds: u32) -> Call {
    let folder = workspace.target.join("fuzz");
    let mut artifacts = OsString::from("-artifact_prefix=");
    artifacts.push(folder.join(format!("{target}-")));
    cargo(workspace, "run")
        .args(["--bin".to_owned(), target.to_string(), "--".to_owned()])
        .args([folder.join(target.to_string())])
        .args([format!("fuzz/corpus/{target}")])
        .args([artifacts])
        .args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={INPUT_LIMIT_S}"),
            format!("-rss_limit_mb={MEMORY_LIMIT_MIB}"),
            "-print_final_stats=1".to_owned(),
            "-create_missing_dirs=1".to_owned(),
        ])
}

fn cargo(workspace: &Workspace, what: &str) -> Call {
    // For a target named explicitly the flags reach neither build scripts nor macros, which could
    // not be linked with them.
    workspace
        .cargo([what, "--release", "--locked", "--target", "host-tuple"])
        .args(["--manifest-path", "fuzz/Cargo.toml", "--target-dir"])
        .args([workspace.target.join("fuzz-build")])
        .env("RUSTFLAGS", COVERAGE)
}
