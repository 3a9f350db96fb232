//! Installing Debian packages, where that is the system and this process may.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::host::{self, Privilege};
use crate::process::{self, Call};

/// Debian's own Rust with the sources of its standard library, and a linker for wasm.
pub(crate) const RUST_FOR_WASM: &[&str] = &["lld", "rust-web-src", "rustc-web"];

/// How packages are installed: nobody is asked, and nothing that is there is taken away.
const INSTALL: [&str; 4] = ["install", "-y", "--no-install-recommends", "--no-remove"];

/// Whether this system installs Debian packages.
pub(crate) fn is_here() -> bool {
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_debian_like(&os_release) && host::on_path("apt-get").is_some()
}

/// Whether `/etc/os-release` describes Debian or a system made from it.
fn is_debian_like(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(key.trim(), "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim().trim_matches(['"', '\'']).split_whitespace())
        .any(|id| id == "debian")
}

/// The one line that somebody with the rights can paste.
pub(crate) fn apt_line(packages: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = packages.iter().copied().collect();
    format!(
        "sudo apt-get update && sudo apt-get {} {}",
        INSTALL.join(" "),
        names.join(" ")
    )
}

/// Installs packages as root, after fetching the lists of what there is.
pub(crate) fn install(packages: &BTreeSet<&str>, privilege: Privilege) -> Result<()> {
    process::succeed(&apt_get(privilege, &["update"]))?;
    let mut packages = packages.clone();
    if packages.contains("rustc-web") && !offers_rust_for_wasm() {
        println!("The rustc-web of this Debian release is missing or too old for this workspace.");
        packages.retain(|package| !RUST_FOR_WASM.contains(package));
    }
    if packages.is_empty() {
        return Ok(());
    }
    let mut args = INSTALL.to_vec();
    args.extend(packages);
    process::succeed(&apt_get(privilege, &args))
}

/// A call of `apt-get` that asks no questions.
fn apt_get(privilege: Privilege, args: &[&str]) -> Call {
    let call = match privilege {
        Privilege::Sudo => {
            Call::new("sudo").args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        }
        Privilege::Root | Privilege::None => {
            Call::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive")
        }
    };
    call.args(args)
}

/// Whether Debian's `rustc-web` is as new as this workspace asks.
fn offers_rust_for_wasm() -> bool {
    let policy = process::answer(&Call::new("apt-cache").args(["policy", "rustc-web"]));
    let needed = host::version(env!("CARGO_PKG_RUST_VERSION"));
    policy.as_deref().and_then(candidate) >= needed
}

/// The version that `apt-cache policy` would install.
fn candidate(policy: &str) -> Option<(u32, u32)> {
    policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))
        .and_then(host::version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_children_are_recognised() {
        let debian =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n";
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\n";
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        for text in [debian, ubuntu, mint] {
            assert!(is_debian_like(text), "{text}");
        }
    }

    #[test]
    fn other_systems_are_not() {
        let fedora = "NAME=\"Fedora Linux\"\nID=fedora\n";
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        let named = "ID=other\nHOME_URL=\"https://not.debian.example\"\nNAME=debian\n";
        for text in [fedora, rocky, named, ""] {
            assert!(!is_debian_like(text), "{text}");
        }
    }

    #[test]
    fn the_apt_line_can_be_pasted() {
        let packages = BTreeSet::from(["npm", "clang"]);
        assert_eq!(
            apt_line(&packages),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends \
             --no-remove clang npm"
        );
    }

    #[test]
    fn the_candidate_is_read_from_the_policy() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n";
        assert_eq!(candidate(policy), Some((1, 96)));
        assert_eq!(candidate("rustc-web:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }
}
