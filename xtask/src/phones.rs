//! The library for real phones: which of their targets this toolchain can check, and the recipes
//! that package it. The recipes need an NDK or Xcode; no test runs them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::host;
use crate::process::{self, Call};
use crate::small;
use crate::wasm;
use crate::workspace::Workspace;

/// What is checked where the toolchain has it.
pub(crate) const TARGETS: [&str; 2] = ["aarch64-linux-android", "aarch64-apple-ios"];
/// Phones of the last ten years, and the emulator: Android's names and Rust's.
const ABIS: [(&str, &str); 3] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86_64", "x86_64-linux-android"),
];
/// The oldest Android that is supported: 8.0.
const ANDROID_API: &str = "26";
/// Android 15 has memory pages of 16 KB.
const PAGES: &str = "-Wl,-z,max-page-size=16384";
/// iPhones, and the simulator on either kind of Mac.
const IOS: [&str; 3] = [
    "aarch64-apple-ios",
    "aarch64-apple-ios-sim",
    "x86_64-apple-ios",
];

/// Which phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phones {
    /// An AAR's contents: libraries for three ABIs, and the Kotlin face
    Android,
    /// An XCFramework, and the Swift face
    Ios,
}

/// The call that checks the library for a target, without what needs a C compiler for it.
pub(crate) fn check(workspace: &Workspace, target: &str) -> Call {
    workspace
        .cargo(["check", "--package", "vanguard-mobile", "--lib"])
        .args(["--no-default-features", "--target", target])
}

/// Those of [`TARGETS`] that this toolchain can check.
pub(crate) fn installed(workspace: &Workspace) -> Vec<&'static str> {
    installed_of(workspace, &TARGETS)
}

/// Asks rustup for those that this toolchain lacks.
pub(crate) fn ask_rustup(workspace: &Workspace) -> Result<()> {
    let there = installed(workspace);
    let mut lacking = TARGETS.into_iter().filter(|it| !there.contains(it));
    lacking.try_for_each(|target| wasm::ask_rustup(workspace, target))
}

fn installed_of<'a>(workspace: &Workspace, targets: &[&'a str]) -> Vec<&'a str> {
    let ask = workspace.call("rustc").args(["--print", "sysroot"]);
    let rustlib = PathBuf::from(process::answer(&ask).unwrap_or_default()).join("lib/rustlib");
    let is_there = |target: &&str| rustlib.join(target).join("lib").exists();
    targets.iter().copied().filter(is_there).collect()
}

/// Packages the library.
pub(crate) fn package(workspace: &Workspace, phones: Phones) -> Result<()> {
    let out = workspace.target.join("package");
    match phones {
        Phones::Android => android(workspace, &out.join("android")),
        Phones::Ios => ios(workspace, &out.join("ios")),
    }
}

/// The libraries by cargo-ndk (with an NDK of r28 or later, in `ANDROID_NDK_HOME`) and the Kotlin
/// face, laid out as a Gradle module that makes an AAR.
fn android(workspace: &Workspace, out: &Path) -> Result<()> {
    let mut missing = without_targets(workspace, &ABIS.map(|(_, target)| target));
    if host::on_path("cargo-ndk").is_none() {
        missing.push("cargo-ndk: cargo install cargo-ndk".into());
    }
    let ndk = std::env::var_os("ANDROID_NDK_HOME");
    if !ndk.is_some_and(|folder| Path::new(&folder).join("toolchains").exists()) {
        missing.push("an Android NDK of r28 or later, its folder in ANDROID_NDK_HOME".into());
    }
    require(&missing)?;
    let mut build = workspace.cargo(["ndk", "--platform", ANDROID_API]);
    for (abi, _) in ABIS {
        build = build.args(["--target", abi]);
    }
    let build = build
        .args(["--output-dir"])
        .args([out.join("src/main/jniLibs")])
        .args(["build", "--profile", "mobile", "--package"])
        .args(["vanguard-mobile", "--lib"]);
    let mut flags = small::library(workspace, true);
    flags.push(format!("-Clink-arg={PAGES}"));
    let build = small::rust(build, workspace, &flags);
    process::succeed(&small::c(build, true))?;
    face(workspace, "kotlin", &out.join("src/main/kotlin"))?;
    lay(
        workspace,
        "android",
        &["build.gradle.kts", "consumer-rules.pro"],
        out,
    )?;
    println!(
        "\nA Gradle module is at {}: include it, or make an AAR of it with gradle assembleRelease.",
        out.display()
    );
    Ok(())
}

/// One static library for iPhones and one for the simulator, joined by Xcode, and the Swift face,
/// laid out as a SwiftPM package with a binary target.
fn ios(workspace: &Workspace, out: &Path) -> Result<()> {
    let mut missing = without_targets(workspace, &IOS);
    for program in ["xcodebuild", "lipo"] {
        if host::on_path(program).is_none() {
            missing.push(format!(
                "{program}: an XCFramework is made on a Mac with Xcode"
            ));
        }
    }
    require(&missing)?;
    for target in IOS {
        let build = workspace
            .cargo(["rustc", "--profile", "mobile", "--package"])
            .args(["vanguard-mobile"])
            .args(["--lib", "--crate-type", "staticlib", "--target", target]);
        let build = small::rust(build, workspace, &[]);
        process::succeed(&small::c(build, false))?;
    }
    let generated = out.join("generated");
    face(workspace, "swift", &generated)?;
    let library = |target: &str| {
        let folder = workspace.target.join(target).join("mobile");
        folder.join("libvanguard_mobile.a")
    };
    let simulator = generated.join("libvanguard_mobile.a");
    let join = workspace
        .call("lipo")
        .args(["-create"])
        .args([library(IOS[1]), library(IOS[2])])
        .args(["-output"])
        .args([&simulator]);
    process::succeed(&join)?;
    let framework = out.join("VanguardFFI.xcframework");
    if framework.exists() {
        fs::remove_dir_all(&framework)?;
    }
    let mut create = workspace.call("xcodebuild").args(["-create-xcframework"]);
    for library in [library(IOS[0]), simulator] {
        create = create
            .args(["-library"])
            .args([library])
            .args(["-headers"])
            .args([generated.join("VanguardFFI")]);
    }
    process::succeed(&create.args(["-output"]).args([&framework]))?;
    let sources = out.join("Sources/Vanguard");
    fs::create_dir_all(&sources)?;
    fs::copy(
        generated.join("Vanguard.swift"),
        sources.join("Vanguard.swift"),
    )?;
    lay(workspace, "ios", &["Package.swift"], out)?;
    println!(
        "\nA SwiftPM package is at {}: add it to an app as a local package.",
        out.display()
    );
    Ok(())
}

/// What keeps this toolchain from building for these targets.
fn without_targets(workspace: &Workspace, targets: &[&str]) -> Vec<String> {
    let there = installed_of(workspace, targets);
    let missing: Vec<&str> = targets
        .iter()
        .copied()
        .filter(|target| !there.contains(target))
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "Rust for these phones: rustup target add {}",
        missing.join(" ")
    )]
}

/// Says all that is missing at once.
fn require(missing: &[String]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "this machine cannot package for these phones. It lacks:\n  {}",
        missing.join("\n  ")
    )
}

/// Lays the package's own files beside what was built.
fn lay(workspace: &Workspace, phones: &str, files: &[&str], out: &Path) -> Result<()> {
    let folder = workspace.root.join("mobile-bindings").join(phones);
    for file in files {
        fs::copy(folder.join(file), out.join(file))?;
    }
    Ok(())
}

/// Writes a language's face, by this machine's own build of the same library.
fn face(workspace: &Workspace, language: &str, out: &Path) -> Result<()> {
    let build = workspace
        .cargo(["build", "--package", "vanguard-mobile", "--package"])
        .args(["vanguard-bindgen", "--lib", "--bins"]);
    process::succeed(&build)?;
    let write = workspace
        .call(workspace.target.join("debug/vanguard-bindgen"))
        .args([language])
        .args([library(workspace)?])
        .args([out]);
    process::succeed(&write)
}

/// This machine's own build of the library, as tests and generators use it.
pub(crate) fn library(workspace: &Workspace) -> Result<OsString> {
    ["libvanguard_mobile.so", "libvanguard_mobile.dylib"]
        .into_iter()
        .map(|name| workspace.target.join("debug").join(name))
        .find(|path| path.exists())
        .map(OsString::from)
        .context("the library is not built")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_all_at_once() {
        assert!(require(&[]).is_ok());
        let missing = ["cargo-ndk".to_owned(), "an NDK".to_owned()];
        let said = require(&missing).unwrap_err().to_string();
        assert!(missing.iter().all(|thing| said.contains(thing)), "{said}");
        let workspace = Workspace::find().unwrap();
        let said = without_targets(&workspace, &["no-such-phone"]);
        assert_eq!(
            said,
            ["Rust for these phones: rustup target add no-such-phone"]
        );
    }

    #[test]
    fn apps_for_android_get_the_versions_that_were_tested() {
        let workspace = Workspace::find().unwrap();
        let read = |file: &str| {
            let path = workspace.root.join("mobile-bindings").join(file);
            fs::read_to_string(path).unwrap()
        };
        let (tested, packaged) = (read("kotlin/pom.xml"), read("android/build.gradle.kts"));
        let version = |artifact: &str| {
            let (_, after) = tested
                .split_once(&format!("<artifactId>{artifact}</artifactId>"))
                .unwrap();
            let (_, after) = after.split_once("<version>").unwrap();
            after.split_once('<').unwrap().0.to_owned()
        };
        let jna = format!("net.java.dev.jna:jna:{}@aar", version("jna"));
        assert!(packaged.contains(&jna), "{jna}");
        let coroutines = "kotlinx-coroutines-core";
        let version = version(&format!("{coroutines}-jvm"));
        let coroutines = format!("org.jetbrains.kotlinx:{coroutines}:{version}\"");
        assert!(packaged.contains(&coroutines), "{coroutines}");
    }
}
