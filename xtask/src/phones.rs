//! The library for real phones: which of their targets this toolchain can check, and the recipes
//! that package it. The recipes need an NDK or Xcode; no test runs them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::host;
use crate::process::{self, Call};
use crate::workspace::Workspace;

/// What is checked where rustup has installed it.
pub(crate) const TARGETS: [&str; 2] = ["aarch64-linux-android", "aarch64-apple-ios"];
/// Phones of the last ten years, and the emulator.
const ABIS: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "x86_64"];
/// The oldest Android that is supported: 8.0.
const ANDROID_API: &str = "26";
/// Android 15 has memory pages of 16 KB.
const PAGES: &str = "-C link-arg=-Wl,-z,max-page-size=16384";
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
    let ask = workspace.call("rustc").args(["--print", "sysroot"]);
    let sysroot = PathBuf::from(process::answer(&ask).unwrap_or_default());
    let has = |target: &&str| {
        sysroot
            .join("lib/rustlib")
            .join(target)
            .join("lib")
            .exists()
    };
    TARGETS.into_iter().filter(has).collect()
}

/// Packages the library.
pub(crate) fn package(workspace: &Workspace, phones: Phones) -> Result<()> {
    let out = workspace.target.join("package");
    fs::create_dir_all(&out)?;
    match phones {
        Phones::Android => android(workspace, &out.join("android")),
        Phones::Ios => ios(workspace, &out.join("ios")),
    }
}

/// The libraries by cargo-ndk (with an NDK of r28 or later, in `ANDROID_NDK_HOME`), where a Gradle
/// module expects them, and the Kotlin face beside them.
fn android(workspace: &Workspace, out: &Path) -> Result<()> {
    if host::on_path("cargo-ndk").is_none() {
        bail!("cargo-ndk is missing: cargo install cargo-ndk, and an Android NDK r28 or later");
    }
    let mut build = workspace.cargo(["ndk", "--platform", ANDROID_API]);
    for abi in ABIS {
        build = build.args(["--target", abi]);
    }
    let build = build
        .args(["--output-dir"])
        .args([out.join("src/main/jniLibs")])
        .args([
            "build",
            "--profile",
            "mobile",
            "--package",
            "vanguard-mobile",
            "--lib",
        ])
        .env("RUSTFLAGS", PAGES);
    process::succeed(&build)?;
    face(workspace, "kotlin", &out.join("src/main/kotlin"))?;
    println!(
        "\nA Gradle module is at {}. Its build file needs:",
        out.display()
    );
    println!("    implementation(\"net.java.dev.jna:jna:5.18.1@aar\")");
    println!("    implementation(\"org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2\")");
    Ok(())
}

/// One static library for iPhones and one for the simulator, joined by Xcode.
fn ios(workspace: &Workspace, out: &Path) -> Result<()> {
    if host::on_path("xcodebuild").is_none() {
        bail!("xcodebuild is missing: an XCFramework is made on a Mac with Xcode");
    }
    for target in IOS {
        let build = workspace
            .cargo([
                "build",
                "--profile",
                "mobile",
                "--package",
                "vanguard-mobile",
            ])
            .args(["--lib", "--target", target]);
        process::succeed(&build)?;
    }
    face(workspace, "swift", out)?;
    let library = |target: &str| {
        let folder = workspace.target.join(target).join("mobile");
        folder.join("libvanguard_mobile.a")
    };
    let simulator = out.join("libvanguard_mobile.a");
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
            .args([out.join("VanguardFFI")]);
    }
    process::succeed(&create.args(["-output"]).args([&framework]))?;
    let folder = workspace.root.join("mobile-bindings/swift");
    let generated = folder.join("Generated");
    fs::create_dir_all(&generated)?;
    fs::copy(out.join("Vanguard.swift"), generated.join("Vanguard.swift"))?;
    println!(
        "\nBuild the Swift package with VANGUARD_XCFRAMEWORK={}",
        framework.display()
    );
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
