//! What this machine has: facts only, asked for once before the tests and again after installing.

use std::env;
use std::path::{Path, PathBuf};

use crate::console;
use crate::debian;
use crate::process::{self, Call};
use crate::swift::{self, Swift};
use crate::tools::Tool;
use crate::wasm;
use crate::workspace::Workspace;

/// The oldest Python that schemathesis runs on.
const OLDEST_PYTHON: (u32, u32) = (3, 10);
/// The oldest Node that Automerge is tried with.
const OLDEST_NODE: (u32, u32) = (18, 0);

/// The system, as far as packages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Debian, or made from it.
    Debian(Privilege),
    /// Any other; nothing is installed on it.
    Other,
}

/// Whether this process may install packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// It is root.
    Root,
    /// `sudo` asks for no password.
    Sudo,
    /// Neither.
    None,
}

/// The Node of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// There is none.
    None,
    /// There is one that is too old. It is somebody's choice and is left alone.
    TooOld,
    /// This one will do.
    At(PathBuf),
}

/// Where the standard library for wasm comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasmLibrary {
    /// The toolchain has it, from rustup or its distributor.
    Toolchain,
    /// Built from Debian's sources, with Debian's compiler.
    Debian,
}

/// What this machine has.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Where packages come from, and who may install them.
    pub(crate) system: System,
    /// `cc` and `c++` answer.
    pub(crate) has_c_compiler: bool,
    /// A clang that makes wasm.
    pub(crate) has_clang: bool,
    /// A Python that is new enough and makes virtual environments.
    pub(crate) python: Option<PathBuf>,
    /// Its Node.
    pub(crate) node: Node,
    /// npm's path.
    pub(crate) npm: Option<PathBuf>,
    /// Its npm, where its Node is new enough for building the console.
    pub(crate) console_npm: Option<PathBuf>,
    /// A Chromium.
    pub(crate) chromium: Option<PathBuf>,
    /// A font that has Chinese.
    pub(crate) chinese_font: Option<String>,
    /// `pdftotext` answers.
    pub(crate) has_pdf_tools: bool,
    /// `rustup` answers, and has not failed to install what it was asked for.
    pub(crate) has_rustup: bool,
    /// The standard library for wasm.
    pub(crate) wasm: Option<WasmLibrary>,
    /// A JDK with Maven.
    pub(crate) has_maven: bool,
    /// Where Swift comes from.
    pub(crate) swift: Option<Swift>,
    /// `ip`, `tc` and `nft` are there.
    pub(crate) has_network_tools: bool,
    /// LibreOffice, which reads workbooks.
    pub(crate) has_libre_office: bool,
    /// The pinned tools that are installed already.
    pub(crate) tools: Vec<Tool>,
}

impl Host {
    /// Asks the machine.
    pub(crate) fn probe(workspace: &Workspace) -> Self {
        let privilege = privilege();
        Self {
            system: if debian::is_here() {
                System::Debian(privilege)
            } else {
                System::Other
            },
            has_c_compiler: ["cc", "c++"]
                .iter()
                .all(|name| answers(name, &["--version"])),
            has_clang: answers(
                "clang",
                &["--target=wasm32", "-fsyntax-only", "-x", "c", "/dev/null"],
            ),
            python: python(),
            node: node(),
            npm: on_path("npm"),
            console_npm: on_path("node")
                .filter(|node| is_at_least(node, console::OLDEST_NODE))
                .and_then(|_| on_path("npm")),
            chromium: on_path("chromium"),
            chinese_font: process::answer(&Call::new("fc-list").args([":lang=zh-cn"]))
                .filter(|fonts| !fonts.is_empty()),
            has_pdf_tools: answers("pdftotext", &["-v"]),
            has_rustup: answers("rustup", &["--version"]),
            wasm: wasm::library(workspace),
            has_maven: answers("mvn", &["--version"]) && answers("javac", &["--version"]),
            swift: swift::find(privilege == Privilege::Root),
            has_network_tools: [("ip", "-V"), ("tc", "-V"), ("nft", "--version")]
                .iter()
                .all(|(name, flag)| answers(name, &[flag])),
            has_libre_office: on_path("soffice").is_some(),
            tools: Tool::ALL
                .into_iter()
                .filter(|tool| tool.is_installed(workspace))
                .collect(),
        }
    }
}

/// How many gigabytes are free where things are built; `None` where `df` does not say.
pub(crate) fn free_gb(workspace: &Workspace) -> Option<f64> {
    let said = process::answer(&Call::new("df").args(["-Pk"]).args([&workspace.target]))?;
    free_gb_of(&said)
}

/// The same, from what `df -Pk` prints: a heading, then one line whose fourth column is in KiB.
fn free_gb_of(said: &str) -> Option<f64> {
    let kib: f64 = said
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kib * 1024.0 / 1e9)
}

/// Where a program lies, if it is on the search path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The first two numbers of a version, whatever stands before them (`Python 3.11.7`, `v20.20.2`).
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|character: char| character.is_ascii_digit())?;
    let mut numbers = text[start..]
        .split(|character: char| !character.is_ascii_digit())
        .map(str::parse);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
    Some((major, minor))
}

/// Whether a program starts and ends well.
fn answers(program: &str, args: &[&str]) -> bool {
    process::answer(&Call::new(program).args(args)).is_some()
}

/// Whether a program says that it is of this version or a later one.
fn is_at_least(program: &Path, wanted: (u32, u32)) -> bool {
    let said = process::answer(&Call::new(program).args(["--version"]));
    said.as_deref().and_then(version) >= Some(wanted)
}

/// A Python that will do: the first on the path, or else the system's own.
fn python() -> Option<PathBuf> {
    let system = PathBuf::from("/usr/bin/python3");
    on_path("python3")
        .into_iter()
        .chain([system])
        .filter(|python| is_at_least(python, OLDEST_PYTHON))
        .find(|python| {
            let check = Call::new(python).args(["-c", "import ensurepip, venv"]);
            process::answer(&check).is_some()
        })
}

/// The Node on the path.
fn node() -> Node {
    match ["node", "nodejs"].into_iter().find_map(on_path) {
        None => Node::None,
        Some(node) if is_at_least(&node, OLDEST_NODE) => Node::At(node),
        Some(_) => Node::TooOld,
    }
}

/// What this process may do to the system.
fn privilege() -> Privilege {
    if process::answer(&Call::new("id").args(["-u"])).as_deref() == Some("0") {
        Privilege::Root
    } else if answers("sudo", &["-n", "true"]) {
        Privilege::Sudo
    } else {
        Privilege::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_print_them() {
        assert_eq!(version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("1.96.0+dfsg1-1~deb12u2"), Some((1, 96)));
        assert_eq!(version("18"), Some((18, 0)));
        assert_eq!(version("(none)"), None);
    }

    #[test]
    fn free_space_is_read_as_df_prints_it() {
        let said = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
                    /dev/sda1        263174212 42991616  53710936      45% /";
        assert_eq!(free_gb_of(said), Some(53_710_936.0 * 1024.0 / 1e9));
        assert_eq!(free_gb_of("df: nothing"), None);
        assert!(free_gb(&Workspace::find().unwrap()).is_some_and(|free| free > 0.0));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("3.9.2") < Some(OLDEST_PYTHON));
        assert!(version("3.10.0") >= Some(OLDEST_PYTHON));
    }
}
