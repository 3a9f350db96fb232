//! The figures of the phone library: its size, and what calling it from Kotlin costs. They are
//! taken by the Kotlin package itself, on a notebook that this program has filled.

use std::path::Path;
use std::process::Command;

use crate::table::Table;

/// What a phone's library may weigh, in MB.
const LARGEST_MB: f64 = 6.0;
/// One frame of a screen, in milliseconds: no page of a list may hold it up for longer.
const FRAME_MS: f64 = 16.0;

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
        .args(["-Dtest=ListBench", "-Dvanguard.built=true"])
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
    for line in std::fs::read_to_string(figures).unwrap().lines() {
        let (name, value) = line.split_once('=').unwrap();
        let value: f64 = value.parse().unwrap();
        match name {
            "call_us" => table.put("a call from Kotlin that does nothing (median)", "µs", value),
            "list_s" => table.put(
                &format!("{count} rows through Kotlin in pages of 50"),
                "s",
                value,
            ),
            _ => {
                let limit = ("a frame", FRAME_MS);
                table.put_beside("the longest of these pages", "ms", value, limit, 1.0);
            }
        }
    }
}
