//! Where the bench writes: below the folder of the build, on one disk. A system's place for passing
//! files may lie in memory, where a commit costs nothing: a figure and its limit would say nothing of
//! the disk, and on two places nothing of each other.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder for what stays: `bench` beside the profile's folder that this program was built into.
pub(crate) fn kept() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(2).unwrap_or(Path::new("."));
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder that passes, on the same disk.
pub(crate) fn passing() -> TempDir {
    tempfile::tempdir_in(kept()).unwrap()
}
