//! What a stage needs of a machine, whether it is there, and how it could be had.

use std::collections::BTreeSet;
use std::fmt;

use crate::debian;
use crate::host::{Host, Node, Privilege, System};
use crate::stage::Stage;
use crate::swift::Swift;
use crate::tools::Tool;

/// One thing that a stage needs besides cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// For SQLite, zstd, ring and libFuzzer, which is C++.
    CCompiler,
    /// A clang that makes wasm, for SQLite in the browser.
    Clang,
    /// Python that makes virtual environments.
    Python,
    /// Node and npm.
    Node,
    /// A Node that builds the console.
    ConsoleNode,
    /// Chromium, for looking at the console as people do.
    Chromium,
    /// Fonts that have Chinese.
    ChineseFonts,
    /// `pdftotext`, for reading what the console prints.
    PdfTools,
    /// Rust's standard library for `wasm32-unknown-unknown`.
    WasmLibrary,
    /// A JDK and Maven, for the Kotlin package.
    Maven,
    /// A Swift that is on the machine, or root and debootstrap to bring one.
    Swift,
    /// `ip`, `tc` and `nft`, for a bad network of one's own.
    NetworkTools,
    /// LibreOffice without its windows, for reading workbooks.
    LibreOffice,
    /// A pinned tool from a registry.
    Tool(Tool),
}

/// Whether a need is met on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is there.
    Present,
    /// The tests install it themselves, below `target/`.
    Installable(&'static str),
    /// These Debian packages bring it.
    Packages(&'static [&'static str]),
    /// It is not to be had without a person's help.
    Missing,
}

impl Need {
    /// Looks the need up among what the machine has.
    pub(crate) fn state(self, host: &Host) -> State {
        match self {
            Self::CCompiler => met_or(host.has_c_compiler, host, &["build-essential"]),
            Self::Clang => met_or(host.has_clang, host, &["clang", "llvm"]),
            Self::Python => met_or(host.python.is_some(), host, &["python3", "python3-venv"]),
            Self::Node => match &host.node {
                Node::At(_) => met_or(host.npm.is_some(), host, &["npm"]),
                Node::TooOld => State::Missing,
                Node::None => met_or(false, host, &["nodejs", "npm"]),
            },
            Self::ConsoleNode if host.console_npm.is_some() => State::Present,
            Self::ConsoleNode if host.python.is_some() => State::Installable("PyPI"),
            Self::ConsoleNode => met_or(false, host, &["python3", "python3-venv"]),
            Self::Chromium => met_or(host.chromium.is_some(), host, &["chromium"]),
            Self::ChineseFonts => met_or(
                host.chinese_font.is_some(),
                host,
                &["fontconfig", "fonts-noto-cjk"],
            ),
            Self::PdfTools => met_or(host.has_pdf_tools, host, &["poppler-utils"]),
            Self::WasmLibrary if host.wasm.is_none() && host.has_rustup => {
                State::Installable("rustup, or else Debian packages")
            }
            Self::WasmLibrary => met_or(host.wasm.is_some(), host, debian::RUST_FOR_WASM),
            Self::Maven => met_or(host.has_maven, host, &["default-jdk-headless", "maven"]),
            Self::Swift if host.swift.is_some() => State::Present,
            Self::Swift => match host.system {
                System::Debian(Privilege::Root) => {
                    State::Packages(&["debian-archive-keyring", "debootstrap"])
                }
                System::Debian(_) | System::Other => State::Missing,
            },
            Self::NetworkTools => met_or(host.has_network_tools, host, &["iproute2", "nftables"]),
            Self::LibreOffice => met_or(host.has_libre_office, host, &["libreoffice-calc-nogui"]),
            // The machine's own needs no folder.
            Self::Tool(Tool::Swift) if host.swift == Some(Swift::Local) => State::Present,
            Self::Tool(tool) if host.tools.contains(&tool) => State::Present,
            Self::Tool(tool) => State::Installable(tool.registry()),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CCompiler => "C and C++ compiler",
            Self::Clang => "clang for wasm",
            Self::Python => "Python 3.10 or later with venv",
            Self::Node => "Node 18 or later with npm",
            Self::ConsoleNode => "Node 20.19 or later with npm",
            Self::Chromium => "Chromium",
            Self::ChineseFonts => "fonts with Chinese",
            Self::PdfTools => "pdftotext",
            Self::WasmLibrary => "Rust's library for wasm32-unknown-unknown",
            Self::Maven => "JDK and Maven",
            Self::Swift => "Swift 6, or root and debootstrap",
            Self::NetworkTools => "ip, tc and nft",
            Self::LibreOffice => "LibreOffice Calc",
            Self::Tool(tool) => return tool.fmt(f),
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("present"),
            Self::Installable(how) => write!(f, "installable ({how})"),
            Self::Packages(names) => write!(f, "installable (apt: {})", names.join(" ")),
            Self::Missing => f.write_str("missing"),
        }
    }
}

/// The Debian packages that these stages lack on this machine.
pub(crate) fn packages(stages: &[Stage], host: &Host) -> BTreeSet<&'static str> {
    stages
        .iter()
        .flat_map(|stage| stage.needs())
        .filter_map(|need| match need.state(host) {
            State::Packages(names) => Some(names),
            _ => None,
        })
        .flatten()
        .copied()
        .collect()
}

/// What keeps a stage from running, once all that could be installed is.
pub(crate) fn unmet(stage: Stage, host: &Host) -> Vec<Need> {
    stage
        .needs()
        .into_iter()
        .filter(|need| matches!(need.state(host), State::Packages(_) | State::Missing))
        .collect()
}

/// Present, or in these packages where the system has packages.
fn met_or(is_met: bool, host: &Host, packages: &'static [&'static str]) -> State {
    match (is_met, host.system) {
        (true, _) => State::Present,
        (false, System::Debian(_)) => State::Packages(packages),
        (false, System::Other) => State::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::WasmLibrary;

    /// A Debian with a C compiler and nothing else.
    fn bare_debian() -> Host {
        Host {
            system: System::Debian(Privilege::None),
            has_c_compiler: true,
            has_clang: false,
            python: None,
            node: Node::None,
            npm: None,
            console_npm: None,
            chromium: None,
            has_pdf_tools: false,
            chinese_font: None,
            has_rustup: true,
            wasm: None,
            has_maven: false,
            swift: None,
            has_network_tools: false,
            has_libre_office: false,
            tools: Vec::new(),
        }
    }

    #[test]
    fn a_bare_debian_gets_only_what_the_chosen_stages_lack() {
        let host = bare_debian();
        assert!(packages(&[Stage::Fast, Stage::Crash], &host).is_empty());
        assert_eq!(
            packages(&[Stage::Openapi, Stage::Wasm, Stage::Documents], &host),
            BTreeSet::from([
                "clang",
                "libreoffice-calc-nogui",
                "llvm",
                "nodejs",
                "npm",
                "python3",
                "python3-venv"
            ])
        );
    }

    #[test]
    fn rustup_comes_before_debians_own_rust() {
        let mut host = bare_debian();
        assert!(matches!(
            Need::WasmLibrary.state(&host),
            State::Installable(_)
        ));
        host.has_rustup = false;
        assert_eq!(
            Need::WasmLibrary.state(&host),
            State::Packages(debian::RUST_FOR_WASM)
        );
        host.wasm = Some(WasmLibrary::Debian);
        assert_eq!(Need::WasmLibrary.state(&host), State::Present);
    }

    #[test]
    fn a_node_that_is_there_is_never_replaced() {
        let mut host = bare_debian();
        host.node = Node::TooOld;
        assert_eq!(Need::Node.state(&host), State::Missing);
        host.node = Node::At("node".into());
        assert_eq!(Need::Node.state(&host), State::Packages(&["npm"]));
        host.npm = Some("npm".into());
        assert_eq!(Need::Node.state(&host), State::Present);
    }

    #[test]
    fn elsewhere_what_is_missing_stays_missing_and_stops_only_its_stage() {
        let host = Host {
            system: System::Other,
            has_rustup: false,
            ..bare_debian()
        };
        assert!(packages(&Stage::ALL, &host).is_empty());
        let running: Vec<Stage> = Stage::ALL
            .into_iter()
            .filter(|stage| unmet(*stage, &host).is_empty())
            .collect();
        assert_eq!(
            running,
            [
                Stage::Fast,
                Stage::Faults,
                Stage::Defects,
                Stage::Convergence,
                Stage::Crash,
                Stage::Demo
            ]
        );
        assert_eq!(unmet(Stage::Wasm, &host), [Need::Clang, Need::WasmLibrary]);
    }

    #[test]
    fn pinned_tools_are_always_installable() {
        let mut host = bare_debian();
        let need = Need::Tool(Tool::CargoDeny);
        assert_eq!(need.state(&host), State::Installable("crates.io"));
        host.tools = vec![Tool::CargoDeny];
        assert_eq!(need.state(&host), State::Present);
    }
}
