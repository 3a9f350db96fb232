//! The relay of the bench, in a process of its own: so that its memory is its own, and it can be
//! killed.

use std::path::Path;
use std::process::Child;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use vanguard_core::SystemEnv;
use vanguard_core::env::Env;
use vanguard_core::id::{GrantId, MemberId, OrgId, ZoneId};
use vanguard_core::invite::Invite;
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, PartyOrgKind};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Role};
use vanguard_server::{Config, Server};
use vanguard_tests::creation;

use crate::process;

/// What makes this program a relay.
pub(crate) const COMMAND: &str = "relay";

/// What a relay tells the bench when it is ready.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Its address.
    pub(crate) url: String,
    /// The branch of each device.
    pub(crate) branches: Vec<OrgId>,
    /// Twenty zones; only their ids are needed.
    pub(crate) zones: Vec<ZoneId>,
    /// An invite for each device, the last ones for supervisors.
    pub(crate) invites: Vec<String>,
}

/// Where the phones of a bench work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spaces {
    /// Each in a branch of its own: one phone's storm is not another's page.
    Apart,
    /// All in one branch, so that everybody follows everything.
    Together,
}

/// A relay process.
pub(crate) struct RelayProcess {
    child: Child,
    /// What it said.
    pub(crate) ready: Ready,
}

impl RelayProcess {
    /// Starts a relay on `data` with so many members who inspect and so many who supervise; 0 of
    /// both for one that goes on with what is there.
    pub(crate) fn start(data: &Path, members: usize, supervisors: usize, spaces: Spaces) -> Self {
        let branches = match spaces {
            Spaces::Apart => members,
            Spaces::Together => members.min(1),
        };
        let (child, ready) = process::start(COMMAND, data, &[members, supervisors, branches]);
        Self { child, ready }
    }

    /// The most memory that it ever had resident, in bytes.
    pub(crate) fn peak_bytes(&self) -> f64 {
        peak_bytes(&self.child.id().to_string())
    }

    /// Kills it at once (`SIGKILL`).
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process ever had resident, in bytes; not a number where the system does
/// not say it.
pub(crate) fn peak_bytes(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or(f64::NAN)
        * 1_024.0
}

/// Runs the relay until its standard input ends.
pub(crate) fn run(args: &[String]) {
    let [data, members, supervisors, branches] = args else {
        eprintln!("relay DATA MEMBERS SUPERVISORS BRANCHES");
        std::process::exit(2);
    };
    let [members, supervisors, branches] =
        [members, supervisors, branches].map(|number| number.parse().unwrap());
    let mut config = Config::new(data);
    config.auto_confirm = true;
    config.limits.connections = 5_000;
    process::serve(config, async |server| {
        let ready = found(server, members, supervisors, branches).await;
        (ready, JoinSet::new())
    });
}

async fn found(server: &Server, members: usize, supervisors: usize, branches: usize) -> Ready {
    let env: Arc<dyn Env> = SystemEnv::shared();
    let org = |name: String, org_kind, parent| PartyOrgFields {
        name,
        org_kind,
        parent,
        project: None,
    };
    let committee = OrgId(env.uuid_v7());
    let branches: Vec<OrgId> = (0..branches).map(|_| OrgId(env.uuid_v7())).collect();
    let home_of = |number: usize| branches[number % branches.len()];
    let mut acts = Vec::new();
    if members + supervisors > 0 {
        let fields = org("铝业公司党委".into(), PartyOrgKind::Committee, None);
        acts.push(creation::<PartyOrg>(&*env, committee.into(), &fields));
    }
    for (number, branch) in branches.iter().enumerate() {
        let name = format!("第{number}支部");
        let fields = org(name, PartyOrgKind::Branch, Some(committee));
        acts.push(creation::<PartyOrg>(&*env, (*branch).into(), &fields));
    }
    let mut ids = Vec::new();
    for number in 0..members + supervisors {
        let member = MemberId(env.uuid_v7());
        let home = if number < members {
            home_of(number)
        } else {
            committee
        };
        let fields = MemberFields {
            name: format!("党员{number}"),
            number: format!("{number:05}"),
            home: Some(home),
            unit: None,
        };
        let role = if number < members {
            Role::Member
        } else {
            Role::Supervisor
        };
        let grant = GrantFields {
            member,
            role,
            org: home,
        };
        acts.push(creation::<Member>(&*env, member.into(), &fields));
        acts.push(creation::<Grant>(
            &*env,
            GrantId(env.uuid_v7()).into(),
            &grant,
        ));
        ids.push(member);
    }
    server.relay().act(Author::OPERATOR, acts).await.unwrap();
    let invites = ids.iter().map(|member| {
        let invite = Invite {
            relay_url: server.ready().public_url.clone(),
            relay_key: server.ready().relay_key,
            secret: server
                .access()
                .create_invite(*member, 3_600_000, MemberId::OPERATOR)
                .unwrap(),
            member_name: String::new(),
        };
        invite.to_text()
    });
    Ready {
        url: server.ready().public_url.clone(),
        branches: (0..members).map(home_of).collect(),
        invites: invites.collect(),
        zones: (0..20).map(|_| ZoneId(env.uuid_v7())).collect(),
    }
}
