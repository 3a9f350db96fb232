//! Where the workspace and what is built in it lie on this machine.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::Call;

/// The checkout that the tasks work in.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// The folder of everything that is built.
    pub(crate) target: PathBuf,
    /// The cargo that started this task.
    cargo: OsString,
}

impl Workspace {
    /// Finds the workspace that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .context("xtask's own folder has no parent")?
            .to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(folder));
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Self {
            root,
            target,
            cargo,
        })
    }

    /// A call of cargo in the root of the workspace.
    pub(crate) fn cargo<const N: usize>(&self, args: [&str; N]) -> Call {
        self.call(&self.cargo).args(args)
    }

    /// A call of any program in the root of the workspace.
    pub(crate) fn call(&self, program: impl Into<OsString>) -> Call {
        Call::new(program).within(&self.root)
    }

    /// Where pinned tools are installed, out of the way of the user's own.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
