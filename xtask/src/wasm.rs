//! Building the core for the browser: with the toolchain's own library for wasm, or with
//! Debian's compiler and the library's sources where that library cannot be had.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::host::WasmLibrary;
use crate::process::{self, Call};
use crate::workspace::Workspace;

/// The browser, as rustc calls it.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler; the one on the search path may be another.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// How long rustup may take: where its server is out of reach it may hang for ever.
const RUSTUP_LIMIT: Duration = Duration::from_mins(2);

/// Where the library for wasm would come from at this moment.
pub(crate) fn library(workspace: &Workspace) -> Option<WasmLibrary> {
    if sysroot_has("rustc", workspace, &format!("lib/rustlib/{TARGET}/lib")) {
        Some(WasmLibrary::Toolchain)
    } else if sysroot_has(DEBIAN_RUSTC, workspace, "lib/rustlib/src/rust/library/std")
        && process::answer(&Call::new("wasm-ld").args(["--version"])).is_some()
    {
        Some(WasmLibrary::Debian)
    } else {
        None
    }
}

/// Asks rustup for the library of a target.
pub(crate) fn ask_rustup(workspace: &Workspace, target: &str) -> Result<()> {
    let add = workspace.call("rustup").args(["target", "add", target]);
    println!("$ {add}");
    process::succeed_within(&add, RUSTUP_LIMIT)
}

/// The call that builds the core.
pub(crate) fn build(workspace: &Workspace, library: Option<WasmLibrary>) -> Call {
    let build = workspace
        .cargo(["build", "--package", "vanguard-core", "--lib"])
        .args(["--no-default-features", "--target", TARGET]);
    match library {
        Some(WasmLibrary::Toolchain) | None => build,
        Some(WasmLibrary::Debian) => build
            // Apart from the rest, which another compiler builds: cargo would mix the two.
            .args(["-Zbuild-std=std,panic_abort", "--target-dir"])
            .args([workspace.target.join("wasm-debian")])
            .env("RUSTC", DEBIAN_RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld"),
    }
}

/// Whether a compiler's own folder has this in it.
fn sysroot_has(rustc: &str, workspace: &Workspace, path: &str) -> bool {
    process::answer(&workspace.call(rustc).args(["--print", "sysroot"]))
        .is_some_and(|sysroot| Path::new(&sysroot).join(path).exists())
}
