//! Writes the Kotlin or Swift face of a built `vanguard-mobile`, from what the library itself says
//! of its exports. Called by the packages' own builds; what it writes is never committed.
//!
//! `vanguard-bindgen kotlin LIBRARY FOLDER`: `vanguard.kt` in its package's folder.
//! `vanguard-bindgen swift LIBRARY FOLDER`: `Vanguard.swift`, and beneath `VanguardFFI` the header
//! and module map of the C face that it calls.

use std::fs;

use anyhow::{Result, bail};
use uniffi::{GenerateOptions, SwiftBindingsOptions, TargetLanguage};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [language, library, folder] = arguments.as_slice() else {
        bail!("vanguard-bindgen kotlin|swift LIBRARY FOLDER");
    };
    match language.as_str() {
        "kotlin" => uniffi::generate(GenerateOptions {
            languages: vec![TargetLanguage::Kotlin],
            source: library.into(),
            out_dir: folder.into(),
            ..GenerateOptions::default()
        }),
        "swift" => {
            let ffi = format!("{folder}/VanguardFFI");
            fs::create_dir_all(&ffi)?;
            uniffi::generate_swift_bindings(SwiftBindingsOptions {
                generate_swift_sources: true,
                source: library.into(),
                out_dir: folder.into(),
                ..SwiftBindingsOptions::default()
            })?;
            uniffi::generate_swift_bindings(SwiftBindingsOptions {
                generate_headers: true,
                generate_modulemap: true,
                modulemap_filename: Some("module.modulemap".into()),
                module_name: Some("VanguardFFI".into()),
                source: library.into(),
                out_dir: ffi.into(),
                ..SwiftBindingsOptions::default()
            })
        }
        other => bail!("{other} is neither kotlin nor swift"),
    }
}
