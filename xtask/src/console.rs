//! Building the supervisor's console, which the relay's program embeds: with the machine's Node
//! where it is new enough, else with one from PyPI below `target/`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::host::Host;
use crate::process::{self, Call};
use crate::tools::{self, Tool};
use crate::workspace::Workspace;

/// The oldest Node that Vite runs on.
pub(crate) const OLDEST_NODE: (u32, u32) = (20, 19);

/// Everything that the page is made of, below the root.
const SOURCES: [&str; 6] = [
    "core/catalogue",
    "server/console/index.html",
    "server/console/package-lock.json",
    "server/console/src",
    "server/console/tsconfig.json",
    "server/console/vite.config.ts",
];

/// Builds the page, unless it is newer than everything that it is made of: a page that did not
/// change would have the relay's program be compiled anew.
///
/// # Errors
/// Where there is no Node and none can be had, or the build fails.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    if is_current(workspace) {
        println!("The console is built and current.");
        return Ok(());
    }
    let host = Host::probe(workspace);
    Tool::Console.install(workspace, &host)?;
    process::succeed(&npm(workspace, &host)?.args(["run", "build"]))
}

/// A call of npm in the console's folder: the machine's, or the one from PyPI.
///
/// # Errors
/// Where the search path cannot be written down.
pub(crate) fn npm(workspace: &Workspace, host: &Host) -> Result<Call> {
    let npm = host.console_npm.clone();
    let npm = npm.unwrap_or_else(|| tools::npm(workspace));
    let found = env::var_os("PATH").unwrap_or_default();
    // What npm starts looks for the Node beside it.
    let beside = npm.parent().map(Path::to_path_buf);
    let path = env::join_paths(beside.into_iter().chain(env::split_paths(&found)))?;
    let call = Call::new(npm).env("PATH", path);
    Ok(call.within(&self::folder(workspace)))
}

/// The console's folder.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("server/console")
}

fn is_current(workspace: &Workspace) -> bool {
    let page = self::folder(workspace).join("dist/page/index.html");
    let built = fs::metadata(page).and_then(|page| page.modified()).ok();
    let sources = SOURCES
        .iter()
        .map(|path| newest(&workspace.root.join(path)));
    match (built, sources.collect::<Option<Vec<_>>>()) {
        (Some(built), Some(changed)) => changed.iter().all(|changed| *changed < built),
        _ => false,
    }
}

/// When a file, or the latest below a folder, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok()?;
    let Ok(entries) = fs::read_dir(path) else {
        return Some(own);
    };
    let below = entries.flatten().filter_map(|entry| newest(&entry.path()));
    Some(below.fold(own, SystemTime::max))
}
