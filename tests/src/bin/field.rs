//! A phone in a process of its own, told what to do: `field INVITE NOTEBOOK`. Each line of its input
//! is a command, each line of its output an answer, said when it is so:
//! `digits 123456` at first, where somebody has to compare them; `report TEXT` answers `reported ID`
//! when the hazard is on disk, `stop VIOLATION` (JSON) answers `stopped ID` alike, `edit ID FIELDS` and `act ID EVENT` (JSON) answer `done` when that is,
//! `sync` answers `synced` or `offline`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead as _, Write as _};
use std::path::Path;

use serde::de::DeserializeOwned;
use vanguard_core::Notebook;
use vanguard_core::env::SystemEnv;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{HazardId, OrgId};
use vanguard_core::invite::Invite;
use vanguard_core::model::Role;
use vanguard_core::model::hazard::{HazardEvent, HazardFields, HazardNature};
use vanguard_core::model::violation::{Violation, ViolationFields};
use vanguard_core::sync::Options;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, invite, path] = arguments.as_slice() else {
        panic!("field INVITE NOTEBOOK");
    };
    let invite = Invite::parse(invite).unwrap();
    let mut notebook = Notebook::open(Path::new(path), SystemEnv::shared()).unwrap();
    let relay = HttpRelay::new(&invite.relay_url, &invite.relay_key).unwrap();
    let digits = relay.enrol(&mut notebook, &invite, "手机").await.unwrap();
    say(&format!("digits {}", digits.unwrap_or_default()));
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (command, text) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "report" => say(&format!("reported {}", report(&mut notebook, text))),
            "stop" => say(&format!("stopped {}", stop(&mut notebook, text))),
            "edit" => {
                let (id, fields) = of_hazard(text);
                notebook.edit(id, fields).unwrap();
                say("done");
            }
            "act" => {
                let (id, event) = of_hazard::<HazardEvent>(text);
                notebook.act_on_hazard(id, &event).unwrap();
                say("done");
            }
            "sync" => {
                let synced = relay.sync(&mut notebook, Options::default(), |_| {}).await;
                say(if synced.is_ok() { "synced" } else { "offline" });
            }
            other => panic!("{other}?"),
        }
    }
}

/// Reports a hazard where the phone's owner is a member.
fn report(notebook: &mut Notebook, text: &str) -> String {
    let fields = HazardFields::new(text, HazardNature::UnsafeCondition);
    let space = home(notebook);
    notebook.report_hazard(space, &fields).unwrap().to_string()
}

/// Records a violation there.
fn stop(notebook: &mut Notebook, text: &str) -> String {
    let fields: ViolationFields = serde_json::from_str(text).unwrap();
    let space = home(notebook);
    let id = notebook.create::<Violation>(space, &fields, None);
    id.unwrap().to_string()
}

/// Where the phone's owner is a member.
fn home(notebook: &mut Notebook) -> OrgId {
    let member = notebook.identity().unwrap().member;
    let directory = notebook.directory();
    let held = directory.grants_of(member);
    let home = held.iter().find(|(_, grant)| grant.role == Role::Member);
    home.unwrap().1.org
}

/// A hazard's id, and what is said of it as JSON.
fn of_hazard<T: DeserializeOwned>(text: &str) -> (HazardId, T) {
    let (id, said) = text.split_once(' ').unwrap();
    (id.parse().unwrap(), serde_json::from_str(said).unwrap())
}

/// Nothing is said before it is out of this process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
