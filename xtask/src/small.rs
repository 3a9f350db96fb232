//! How the library that apps carry is made small, beside what its profile in `Cargo.toml` says:
//! C without what nobody calls, a linker that keeps one of several equal functions and drops what
//! only bindings are generated from. `docs/decisions/0016-what-a-phone-carries.md` has the figures.
//! What frame pointers bring was measured on one dependency alone.

use std::path::PathBuf;

use crate::process::Call;
use crate::workspace::Workspace;

/// SQLite without what this library never uses; full-text search and JSON stay.
const SQLITE: &str = "-USQLITE_ENABLE_API_ARMOR -USQLITE_ENABLE_COLUMN_METADATA \
    -USQLITE_ENABLE_DBSTAT_VTAB -USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS \
    -USQLITE_ENABLE_RTREE -USQLITE_ENABLE_STAT4 -USQLITE_SOUNDEX -USQLITE_ENABLE_LOAD_EXTENSION \
    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE \
    -DSQLITE_OMIT_COMPILEOPTION_DIAGS -DSQLITE_OMIT_TCL_VARIABLE -DSQLITE_OMIT_GET_TABLE \
    -DSQLITE_OMIT_COMPLETE -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_UNTESTABLE \
    -DSQLITE_OMIT_AUTHORIZATION -DSQLITE_OMIT_TRACE -DSQLITE_OMIT_UTF16 -DSQLITE_OMIT_DESERIALIZE \
    -DSQLITE_OMIT_INTROSPECTION_PRAGMAS";
/// zstd with the ways of compressing that level 3 uses, and one way of decompressing.
const ZSTD: &str = "-DHUF_FORCE_DECOMPRESS_X1=1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT=1 \
    -DZSTD_NO_INLINE=1 -DZSTD_STRIP_ERROR_STRINGS=1 -DDYNAMIC_BMI2=0 \
    -DZSTD_EXCLUDE_GREEDY_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_LAZY_BLOCK_COMPRESSOR \
    -DZSTD_EXCLUDE_LAZY2_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_BTLAZY2_BLOCK_COMPRESSOR \
    -DZSTD_EXCLUDE_BTOPT_BLOCK_COMPRESSOR -DZSTD_EXCLUDE_BTULTRA_BLOCK_COMPRESSOR";
/// No panic travels through C, so its functions need no tables of how to unwind them. (On ELF
/// systems; Apple's linker makes its own.)
const NO_UNWINDING: &str = "-fno-asynchronous-unwind-tables -fno-unwind-tables";

/// What the linker of an ELF system is told: equal functions are kept once.
const FOLD: &str = "-Wl,--icf=all";
/// Relocations are packed; so that the system's loader knows it.
const PACK: &str = "-Wl,-z,pack-relative-relocs";
/// The same for the oldest Android that is supported, which knows another packing.
const PACK_ANDROID: &str = "-Wl,--pack-dyn-relocs=android";
/// What was left out and is called after all is an error here, and not on a phone.
const COMPLETE: &str = "-Wl,-z,defs";
/// Strings that end as others do are kept once.
const STRINGS: &str = "-Wl,-O2";
/// Leaves out what only bindings are generated from.
const NO_METADATA: &str = "mobile-bindings/no-metadata.ld";

/// What several functions have in common becomes one of its own, where that saves so many bytes: each
/// new function costs an entry in the tables of how to unwind, which is more than the least saving.
const OUTLINE: [&str; 2] = [
    "-enable-machine-outliner=always",
    "-outliner-benefit-threshold=30",
];

/// What Cargo wants between flags that may have spaces in them.
const SEPARATOR: &str = "\u{1f}";

/// What the compiler is told of the library itself, for Android or for this machine.
pub(crate) fn library(workspace: &Workspace, is_android: bool) -> Vec<String> {
    let script = workspace.root.join(NO_METADATA);
    let discard = format!("-Wl,-T,{}", script.display());
    let pack = if is_android { PACK_ANDROID } else { PACK };
    let link = [FOLD, pack, COMPLETE, STRINGS, &discard].map(|flag| format!("-Clink-arg={flag}"));
    let outline = OUTLINE.map(|flag| format!("-Cllvm-args={flag}"));
    link.into_iter().chain(outline).collect()
}

/// What every crate is compiled with, beside its profile: frame pointers, with which the tables of
/// how to unwind are smaller than they themselves are; and no folder's name of whoever builds it.
pub(crate) fn rust(call: Call, workspace: &Workspace, more: &[String]) -> Call {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let indexes = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    let indexes = indexes.into_iter().flatten().flatten();
    let folders = indexes
        .map(|index| index.path())
        .chain([workspace.root.clone()]);
    let forget = |folder: PathBuf| format!("--remap-path-prefix={}/=", folder.display());
    let flags: Vec<String> = std::iter::once("-Cforce-frame-pointers=yes".to_owned())
        .chain(folders.map(forget))
        .chain(more.iter().cloned())
        .collect();
    call.env("CARGO_ENCODED_RUSTFLAGS", flags.join(SEPARATOR))
}

/// The call, with small C libraries.
pub(crate) fn c(call: Call, is_elf: bool) -> Call {
    let flags = if is_elf {
        format!("{NO_UNWINDING} {ZSTD}")
    } else {
        ZSTD.to_owned()
    };
    call.env("LIBSQLITE3_FLAGS", SQLITE).env("CFLAGS", flags)
}

/// The call that makes this machine's own small library, as `cargo xtask bench` weighs it and
/// calls it from Kotlin.
pub(crate) fn own(workspace: &Workspace) -> Call {
    let build = workspace
        .cargo(["rustc", "--profile", "mobile", "--package"])
        .args(["vanguard-mobile", "--lib", "--crate-type", "cdylib"]);
    let is_elf = cfg!(target_os = "linux");
    let build = rust(c(build, is_elf), workspace, &[]);
    if is_elf {
        // For the library alone: build scripts, which run here, are linked as they always are.
        build.args(["--"]).args(library(workspace, false))
    } else {
        build
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_sqlite_is_one_that_its_build_understands() {
        for flag in SQLITE.split_whitespace() {
            assert!(
                flag.starts_with("-DSQLITE_") || flag.starts_with("-USQLITE_"),
                "{flag}"
            );
        }
    }
}
