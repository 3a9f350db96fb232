//! Swift for the tests: the machine's own, or else Debian trixie's in a folder of its own below
//! `target/`, which root enters by chroot. What is mounted there is mounted in a mount namespace
//! of the call, so that it is gone with the call, however that ends.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::host;
use crate::process::{self, Call};
use crate::tools::remove;
use crate::workspace::Workspace;

/// The Debian release that the folder is made of.
const SUITE: &str = "trixie";
/// The version of Swift in it.
const VERSION: &str = "6.0.3";
/// Swift, and what it links with. (`swift build` asks git for the revision.)
const PACKAGES: &str = "swiftlang,g++,libc6-dev,ca-certificates,git";
/// What compiling and testing do without, a gigabyte in all: debuggers, servers for editors, and
/// libraries for programs that carry Swift in them. Below [`INSTALLED`].
const UNUSED: [&str; 9] = [
    "bin/clangd",
    "bin/docc",
    "bin/lldb-server",
    "bin/sourcekit-lsp",
    "lib/liblldb.so.17.0.0",
    "lib/libsourcekitdInProc.so",
    "lib/swift/FrameworkABIBaseline",
    "lib/swift/embedded",
    "lib/swift_static",
];
/// Where the folder has what Debian's package of Swift brings.
const INSTALLED: &str = "usr/libexec/swift";
/// The oldest Swift that the package is written for.
const OLDEST: (u32, u32) = (6, 0);

/// Where Swift comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swift {
    /// It is on the search path.
    Local,
    /// Root can make the folder, and enter it.
    Folder,
}

/// Which Swift this machine could run.
pub(crate) fn find(is_root: bool) -> Option<Swift> {
    let said = process::answer(&Call::new("swift").args(["--version"]));
    // “Swift version 6.0.3 (…)”, after the driver's own version on some systems.
    let version = said.as_deref().and_then(|said| {
        let after = said.split("Swift version ").nth(1)?;
        host::version(after)
    });
    if version >= Some(OLDEST) {
        Some(Swift::Local)
    } else if is_root && host::on_path("debootstrap").is_some() {
        Some(Swift::Folder)
    } else {
        None
    }
}

/// Where the folder is.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("swift")
}

/// What decides what is in the folder.
pub(crate) fn pinned() -> String {
    format!("{SUITE} {VERSION} {PACKAGES}")
}

/// Makes the folder.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    let folder = folder(workspace);
    remove(&folder)?;
    fs::create_dir_all(&folder)?;
    let make = workspace
        .call("debootstrap")
        .args(["--variant=minbase"])
        .args([format!("--include={PACKAGES}")])
        .args([SUITE])
        .args([&folder]);
    println!("$ {make}");
    process::succeed(&make)?;
    remove(&folder.join("var/cache/apt/archives"))?;
    for unused in UNUSED {
        remove(&folder.join(INSTALLED).join(unused))?;
    }
    let call = within(
        workspace,
        Path::new("/"),
        &Call::new("swift").args(["--version"]),
    );
    let said = process::answer(&call).context("the new Swift does not start")?;
    if !said.contains(VERSION) {
        bail!("{SUITE} has another Swift than {VERSION}: {said}");
    }
    Ok(())
}

/// Runs the Swift package's tests.
pub(crate) fn test(workspace: &Workspace, swift: Option<Swift>) -> Call {
    let built = workspace.target.join("debug");
    let package = workspace.root.join("mobile-bindings/swift");
    let test = Call::new("swift")
        .args(["test", "--scratch-path"])
        .args([workspace.target.join("swift")])
        .env("VANGUARD_SITE", built.join("site"))
        .env("VANGUARD_BUILD", built)
        .within(&package);
    match swift {
        Some(Swift::Local) | None => test,
        Some(Swift::Folder) => within(workspace, &package, &test),
    }
}

/// The same call within the folder, where the workspace lies at its own path.
fn within(workspace: &Workspace, start: &Path, call: &Call) -> Call {
    // $0 is the folder; then come the workspace, the target folder, and what to run.
    const ENTER: &str = "set -e; workspace=$1; target=$2; shift 2; \
        for outside in \"$workspace\" \"$target\" /dev; do \
        mkdir -p \"$0$outside\"; mount --bind \"$outside\" \"$0$outside\"; done; \
        mount -t proc proc \"$0/proc\"; exec chroot \"$0\" env \"$@\"";
    let folder = folder(workspace);
    Call::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", ENTER])
        .args([folder.as_path(), &workspace.root, &workspace.target])
        .args(["--chdir".into(), start.as_os_str().to_owned()])
        .args(["HOME=/root", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"])
        .args(call.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_entered_by_one_line_that_ends_in_what_is_run() {
        let workspace = Workspace::find().unwrap();
        let call = test(&workspace, Some(Swift::Folder)).to_string();
        assert!(call.starts_with("unshare --mount --propagation private sh -c set -e; "));
        assert!(
            !call.contains(['\n', '\t']) && !call.contains("  "),
            "{call}"
        );
        let run = format!(
            " swift test --scratch-path {}",
            workspace.target.join("swift").display()
        );
        assert!(call.ends_with(&run), "{call}");
    }

    #[test]
    fn a_swift_of_the_machines_own_needs_no_folder() {
        let workspace = Workspace::find().unwrap();
        assert!(
            !test(&workspace, Some(Swift::Local))
                .to_string()
                .contains("chroot")
        );
    }
}
