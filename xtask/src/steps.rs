//! The recipes: which programs a stage runs, and how each is judged.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::console;
use crate::fuzz::{self, Target};
use crate::host::{Host, Node};
use crate::phones;
use crate::process::Call;
use crate::stage::Stage;
use crate::swift;
use crate::tools::{self, Tool};
use crate::wasm;
use crate::workspace::Workspace;

/// A small demonstration that still has every kind of record in it.
const SMALL_DEMO: [&str; 6] = ["--members", "60", "--days", "7", "--seed", "7"];

/// One program of a stage.
pub(crate) struct Step {
    /// What is run.
    pub(crate) call: Call,
    /// What decides whether it went well.
    pub(crate) judge: Judge,
    /// What must be installed first.
    pub(crate) tool: Option<Tool>,
}

/// What decides whether a step went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// The results of each test, as `cargo test` prints them.
    Tests,
    /// The exit code, which must be this one; the step counts as one test.
    Exit(i32),
    /// Nothing: this machine cannot run it, and it counts as skipped.
    Absent,
}

/// The recipe of a stage.
pub(crate) fn of(stage: Stage, workspace: &Workspace, host: &Host) -> Vec<Step> {
    match stage {
        Stage::Fast => fast(workspace),
        Stage::Wasm => vec![check(wasm::build(workspace, host.wasm))],
        Stage::Web => web(workspace, host),
        Stage::Openapi => {
            let call =
                long_test(workspace, "schema").env("SCHEMATHESIS", tools::schemathesis(workspace));
            vec![tests(call).with(Tool::Schemathesis)]
        }
        Stage::Documents => {
            let call = long_test(workspace, "documents").env("NODE", node(host));
            vec![tests(call).with(Tool::Automerge)]
        }
        Stage::Photos => {
            let client = long_test(workspace, "tus_client").env("NODE", node(host));
            vec![
                tests(client).with(Tool::TusClient),
                tests(long_test(workspace, "weak_network")),
            ]
        }
        Stage::Bindings => bindings(workspace, host),
        Stage::Faults => faults(workspace),
        Stage::Defects => {
            vec![tests(
                long_test(workspace, "defects").args(["--features", "defects"]),
            )]
        }
        Stage::Convergence => vec![tests(long_test(workspace, "convergence"))],
        Stage::Crash => vec![tests(long_test(workspace, "crash"))],
        Stage::Demo => demo(workspace),
    }
}

/// The machine's Node.
fn node(host: &Host) -> PathBuf {
    match &host.node {
        Node::At(path) => path.clone(),
        Node::None | Node::TooOld => "node".into(),
    }
}

/// `cargo deny check …`.
pub(crate) fn cargo_deny<const N: usize>(workspace: &Workspace, checks: [&str; N]) -> Call {
    workspace
        .call(tools::cargo_deny(workspace))
        .args(["--all-features", "check", "--hide-inclusion-graph"])
        .args(checks)
}

/// Everything that is quick.
fn fast(workspace: &Workspace) -> Vec<Step> {
    let lint = workspace
        .cargo(["clippy", "--workspace", "--all-targets", "--all-features"])
        .args(["--", "-D", "warnings"]);
    let document = workspace
        .cargo([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings");
    let short = workspace.cargo(["test", "--workspace", "--no-fail-fast"]);
    let fleet = workspace.cargo(["test", "--no-fail-fast", "--package", "vanguard-tests"]);
    vec![
        check(workspace.cargo(["fmt", "--all", "--check"])),
        check(lint),
        check(document),
        check(cargo_deny(workspace, ["licenses", "bans", "sources"])).with(Tool::CargoDeny),
        tests(short.args(["--exclude", "vanguard-tests"])),
        tests(
            fleet
                .args(["--lib", "--test", "stories", "--test", "over_https"])
                .args(["--test", "attacks", "--test", "fuzzed"])
                .args(["--test", "blobs", "--test", "photos"]),
        ),
    ]
}

/// The library, and both languages' packages on it. Everything is built by one cargo, beside the
/// relay that the stories are told against.
fn bindings(workspace: &Workspace, host: &Host) -> Vec<Step> {
    let built = workspace.target.join("debug");
    let library = workspace
        .cargo(["build", "--bins", "--lib", "--package", "vanguard-mobile"])
        .args([
            "--package",
            "vanguard-bindgen",
            "--package",
            "vanguard-tests",
        ]);
    let property = |name: &str, path: &Path| {
        let mut property = OsString::from(format!("-Dvanguard.{name}="));
        property.push(path);
        property
    };
    let kotlin = workspace
        .call("mvn")
        .args(["--batch-mode", "--no-transfer-progress", "test"])
        .args(["-Dvanguard.built=true"])
        .args([property("build", &built)])
        .args([property("output", &workspace.target.join("kotlin"))])
        .within(&workspace.root.join("mobile-bindings/kotlin"));
    let face = workspace
        .call(built.join("vanguard-bindgen"))
        .args(["swift"])
        .args([built.join("libvanguard_mobile.so")])
        .args(["mobile-bindings/swift/Generated"]);
    let installed = phones::installed(workspace);
    let on_phones = phones::TARGETS.into_iter().map(|target| {
        let mut step = check(phones::check(workspace, target));
        if !installed.contains(&target) {
            step.judge = Judge::Absent;
        }
        step
    });
    [
        check(library),
        tests(kotlin),
        check(face),
        tests(swift::test(workspace, host.swift)).with(Tool::Swift),
    ]
    .into_iter()
    .chain(on_phones)
    .collect()
}

/// The console is built, embedded, checked against the API's types, and used as people use it.
fn web(workspace: &Workspace, host: &Host) -> Vec<Step> {
    let page = workspace.cargo(["xtask", "console"]);
    let program = workspace
        .cargo(["build", "--release", "--package", "vanguard-server"])
        .args(["--package", "vanguard-tests"])
        .args(["--bin", "vanguard", "--bin", "field"]);
    let browser = host.chromium.clone().unwrap_or_else(|| "chromium".into());
    let test = console::npm(workspace, host).unwrap_or_else(|_| workspace.call("npm"));
    let test = test
        .args(["test"])
        .env("VANGUARD", workspace.target.join("release/vanguard"))
        .env("SCREENSHOTS", workspace.target.join("screenshots"))
        .env("CHROMIUM", browser);
    vec![check(page).with(Tool::Console), check(program), check(test)]
}

/// How long each target is fuzzed, in seconds.
const FUZZ_SECONDS: u32 = 60;

/// What hostile devices try and what offline histories meet, many times over; then fuzzing.
fn faults(workspace: &Workspace) -> Vec<Step> {
    let refusals = long_test(workspace, "stories").args(["refusals"]);
    // Its figures at the end, without a line for every input that it keeps.
    let quietly = |target| fuzz::call(workspace, target, FUZZ_SECONDS).args(["-verbosity=0"]);
    let fuzzed = Target::ALL.map(|target| check(quietly(target)));
    [
        tests(long_test(workspace, "attacks")),
        tests(refusals),
        check(fuzz::build(workspace)),
    ]
    .into_iter()
    .chain(fuzzed)
    .collect()
}

/// The demonstration must end well as it is shown to people, since in the small one no phone lets go
/// of what its owner may no longer see; and the small one must notice each sabotage.
fn demo(workspace: &Workspace) -> Vec<Step> {
    let demo = workspace
        .cargo(["run", "--release", "--package", "vanguard-server"])
        .args(["--bin", "vanguard", "--", "demo", "--exit"]);
    let honest = demo
        .clone()
        .args(["--json"])
        .args([workspace.target.join("demo.json")]);
    let small = demo.args(SMALL_DEMO);
    let sabotaged = ["drop-change", "flip-event", "skip-receipt", "lose-photo"]
        .map(|sabotage| small.clone().args(["--sabotage", sabotage]))
        .map(|call| exits(call, 1));
    [check(honest)].into_iter().chain(sabotaged).collect()
}

/// One of the long test programs of `tests/`, optimised.
fn long_test(workspace: &Workspace, name: &str) -> Call {
    workspace
        .cargo(["test", "--release"])
        .args(["--package", "vanguard-tests", "--test", name])
}

/// A step that must end with 0.
fn check(call: Call) -> Step {
    exits(call, 0)
}

/// A step that must end with this code.
fn exits(call: Call, code: i32) -> Step {
    Step {
        call,
        judge: Judge::Exit(code),
        tool: None,
    }
}

/// A step that runs tests.
fn tests(call: Call) -> Step {
    Step {
        call,
        judge: Judge::Tests,
        tool: None,
    }
}

impl Step {
    /// The same step, which needs this tool.
    fn with(mut self, tool: Tool) -> Self {
        self.tool = Some(tool);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_recipe_with_the_tools_that_it_says_it_needs() {
        let workspace = Workspace::find().unwrap();
        let host = Host::probe(&workspace);
        for stage in Stage::ALL {
            let steps = of(stage, &workspace, &host);
            assert!(!steps.is_empty(), "{stage}");
            for tool in steps.iter().filter_map(|step| step.tool) {
                assert!(stage.needs().contains(&crate::needs::Need::Tool(tool)));
            }
        }
    }

    #[test]
    fn the_demo_counts_five_checks_and_four_of_them_must_fail() {
        let workspace = Workspace::find().unwrap();
        let judges: Vec<Judge> = demo(&workspace).iter().map(|step| step.judge).collect();
        assert_eq!(
            judges,
            [
                Judge::Exit(0),
                Judge::Exit(1),
                Judge::Exit(1),
                Judge::Exit(1),
                Judge::Exit(1)
            ]
        );
    }
}
