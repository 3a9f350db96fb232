//! The figures of the phone library: its size, and what calling it from Kotlin costs. They are
//! taken by the Kotlin package itself, on a notebook that this program has filled.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use crate::table::Table;

/// What a phone's library may weigh, in MB.
const LARGEST_MB: f64 = 6.0;
/// One frame of a screen, in milliseconds: no page of a list may hold it up for longer.
const FRAME_MS: f64 = 16.0;
/// A small young generation, as on phones: a server's collector gathers for seconds, and then
/// stops everything for longer than a frame.
const JVM: &str = "-Dvanguard.jvm=-XX:+UseSerialGC -Xmn16m";

/// Measures where `cargo xtask bench` has built the library, and Maven is there.
pub(crate) fn measure(large: &Path, count: usize, table: &mut Table) {
    let Some(target) = std::env::var_os("VANGUARD_TARGET") else {
        return eprintln!("the phone library is measured by cargo xtask bench");
    };
    let target = Path::new(&target);
    let library = target.join("mobile/libvanguard_mobile.so");
    if let Ok(file) = std::fs::metadata(&library) {
        let mb = file.len() as f64 / 1e6;
        let limit = ("what is allowed", LARGEST_MB);
        table.put_beside("the phone library, stripped", "MB", mb, limit, 1.0);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mobile-bindings/kotlin");
    let figures = large.with_extension("figures");
    let property = |name: &str, path: &Path| format!("-Dvanguard.{name}={}", path.display());
    let ran = Command::new("mvn")
        .args(["--batch-mode", "--no-transfer-progress", "--quiet", "test"])
        .args(["-Dtest=ListBench", "-Dvanguard.built=true", JVM])
        .arg(property("build", &target.join("debug")))
        .arg(property("library", &target.join("mobile")))
        .arg(property("output", &target.join("kotlin")))
        .arg(property("large", large))
        .arg(property("figures", &figures))
        .current_dir(root)
        .status();
    if !ran.is_ok_and(|status| status.success()) {
        return eprintln!("the Kotlin package could not measure: are a JDK and Maven there?");
    }
    let figures: HashMap<String, f64> = std::fs::read_to_string(figures)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect();
    let limit = ("JNA alone", figures["jna_ns"]);
    let name = "a call from Kotlin that does nothing (median)";
    table.put_beside(name, "ns", figures["call_ns"], limit, None);
    let name = format!("{count} rows through Kotlin in pages of 50");
    table.put(&name, "s", figures["list_s"]);
    for (name, figure) in [
        ("the median of these pages", "page_ms"),
        ("99 in 100 of them within", "page_99_ms"),
    ] {
        table.put(name, "ms", figures[figure]);
    }
    let limit = ("a frame", FRAME_MS);
    let name = "the longest of these pages";
    table.put_beside(name, "ms", figures["longest_ms"], limit, 1.0);
}
