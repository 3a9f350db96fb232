//! A relay with somebody honest, and with devices that are not.

use std::path::PathBuf;
use std::process::{Child, Command};

use automerge::Automerge;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tempfile::TempDir;
use vanguard_core::Notebook;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{DocumentId, GrantId, MemberId, OrgId, UnitId};
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Role};
use vanguard_core::sync::Options;
use vanguard_core::wire::{BatchEntry, ChangeOutcome};
use vanguard_server::relay::Act;

use super::{Hostile, append, env, no_grant};
use crate::site::{self, Site};
use crate::{creation, scratch};

/// A relay of an organisation with two branches, and somebody honest who must not be harmed.
pub struct Scene {
    /// The relay.
    pub site: Site,
    /// Where the relay keeps its data.
    pub data: PathBuf,
    /// 电解一支部.
    pub first: OrgId,
    /// 电解二支部.
    pub second: OrgId,
    /// A contractor.
    pub unit: UnitId,
    folder: TempDir,
    people: usize,
    honest: Option<Honest>,
}

struct Honest {
    notebook: Notebook,
    http: HttpRelay,
}

impl Scene {
    /// Starts the relay, founds the organisation and enrols the honest member.
    pub async fn new() -> Self {
        let folder = scratch();
        let data = folder.path().join("relay");
        let site = Site::start(&data, None).await;
        let mut scene = Self {
            site,
            data,
            first: OrgId(env().uuid_v7()),
            second: OrgId(env().uuid_v7()),
            unit: UnitId(env().uuid_v7()),
            folder,
            people: 0,
            honest: None,
        };
        let branch = |name: &str| PartyOrgFields {
            name: name.into(),
            org_kind: PartyOrgKind::Branch,
            parent: None,
            project: None,
        };
        let unit = UnitFields {
            name: "宏达检修公司".into(),
            unit_kind: UnitKind::Contractor,
            parent: None,
        };
        let acts = vec![
            creation::<PartyOrg>(&*env(), scene.first.into(), &branch("电解一支部")),
            creation::<PartyOrg>(&*env(), scene.second.into(), &branch("电解二支部")),
            creation::<Unit>(&*env(), scene.unit.into(), &unit),
        ];
        scene.act(acts).await;
        let first = scene.first;
        let (notebook, http) = scene.notebook(&[(Role::SafetyOfficer, first)]).await;
        scene.honest = Some(Honest { notebook, http });
        scene
    }

    /// Ends a grant.
    pub async fn end_grant(&self, grant: GrantId) {
        let verb = append(json!({"event": "ended", "reason": "调离"}));
        let document = grant.into();
        self.act(vec![Act { document, verb }]).await;
    }

    async fn act(&self, acts: Vec<Act>) {
        self.site.relay.act(Author::OPERATOR, acts).await.unwrap();
    }

    async fn notebook(&mut self, roles: &[(Role, OrgId)]) -> (Notebook, HttpRelay) {
        self.people += 1;
        let member = MemberId(env().uuid_v7());
        let fields = MemberFields {
            name: format!("人员{}", self.people),
            number: format!("{:05}", self.people),
            home: Some(self.first),
            unit: None,
        };
        let mut acts = vec![creation::<Member>(&*env(), member.into(), &fields)];
        for (role, org) in roles {
            let (role, org) = (*role, *org);
            let fields = GrantFields { member, role, org };
            acts.push(creation::<Grant>(&*env(), no_grant().into(), &fields));
        }
        self.act(acts).await;
        self.device_of(member).await
    }

    /// Another device of a member, synced.
    async fn device_of(&mut self, member: MemberId) -> (Notebook, HttpRelay) {
        self.people += 1;
        let path = self.folder.path().join(format!("phone-{}.db", self.people));
        let mut notebook = Notebook::open(&path, env()).unwrap();
        let http = self.site.enrol(member, &mut notebook).await;
        http.sync(&mut notebook, Options::default(), |_| {})
            .await
            .unwrap();
        (notebook, http)
    }

    /// A member with these roles whose device does not run our app.
    pub async fn hostile(&mut self, roles: &[(Role, OrgId)]) -> Hostile {
        let (notebook, http) = self.notebook(roles).await;
        let mut hostile = Hostile::new(&notebook, http);
        let place = |role: Role| roles.iter().position(|(of, _)| *of == role);
        hostile.authors.sort_by_key(|author| place(author.role));
        hostile
    }

    /// The relay's log: every admitted change in order, with its document.
    pub fn log(&self) -> Vec<(DocumentId, Vec<u8>)> {
        let conn = self.database();
        let mut statement = conn
            .prepare("SELECT d.id, c.raw FROM change c JOIN document d USING (doc) ORDER BY c.seq")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The relay's database, to look into.
    pub fn database(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(self.data.join("log.db"), flags).unwrap()
    }

    /// How many rows a table of the log has.
    pub fn rows(&self, table: &str) -> u64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.database()
            .query_row(&sql, [], |row| row.get(0))
            .unwrap()
    }

    /// A document as the log has it.
    pub fn document(&self, id: impl Into<DocumentId>) -> Automerge {
        let id = id.into();
        let log = self.log();
        let raws = log.iter().filter(|(of, _)| *of == id).map(|(_, raw)| raw);
        Automerge::load(&raws.flatten().copied().collect::<Vec<_>>()).unwrap()
    }

    /// A hazard that somebody honest has reported and everybody has.
    pub async fn honest_hazard(&mut self) -> DocumentId {
        let first = self.first;
        let honest = self.honest.as_mut().unwrap();
        let fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
        let hazard = honest.notebook.report_hazard(first, &fields).unwrap();
        self.honest_sync().await;
        hazard.into()
    }

    /// The honest notebook.
    pub fn honest(&mut self) -> &mut Notebook {
        &mut self.honest.as_mut().unwrap().notebook
    }

    /// Syncs the honest device: everything that it made is acknowledged, nothing is refused.
    pub async fn honest_sync(&mut self) {
        let honest = self.honest.as_mut().unwrap();
        let synced = honest
            .http
            .sync(&mut honest.notebook, Options::default(), |_| {});
        let progress = synced.await.unwrap();
        assert_eq!((progress.refused, progress.held), (0, 0));
        assert_eq!(honest.notebook.unsent().unwrap().changes, 0);
    }

    /// Pushes an entry in one batch with a good document, and gives what became of its changes.
    /// The good document is admitted, the log is otherwise as it was, and somebody honest reports
    /// something and syncs as if nothing had happened.
    pub async fn attack(&mut self, by: &mut Hostile, entry: BatchEntry) -> Vec<ChangeOutcome> {
        let before = self.log();
        let changes = entry.changes.len();
        let good = by.report(self.first, "真实隐患");
        let good_entry = good.entry();
        let mut outcomes = by.push(vec![entry, good_entry]).await;
        let good_outcome = outcomes.pop().unwrap();
        assert!(
            matches!(good_outcome, ChangeOutcome::Admitted { .. }),
            "another document of the same push: {good_outcome:?}"
        );
        assert_eq!(outcomes.len(), changes);
        let after = self.log();
        let (news, old): (Vec<_>, Vec<_>) = after.into_iter().partition(|(id, _)| *id == good.id);
        assert_eq!(news.len(), 1);
        assert!(old == before, "the attack left a trace in the log");
        self.is_unharmed().await;
        outcomes
    }

    /// Somebody honest reports something and syncs.
    pub async fn is_unharmed(&mut self) {
        let hazard = self.honest_hazard().await;
        assert!(self.honest().get::<Hazard>(hazard).is_ok());
    }
}

/// A relay in a process of its own, whose memory can be looked at.
pub struct Outside {
    child: Child,
    honest: Honest,
    first: OrgId,
    _folder: TempDir,
}

impl Scene {
    /// Stops the relay, and starts it again as a program at the same address.
    pub async fn outside(self, program: &str) -> Outside {
        let address = self.site.address;
        self.site.stop().await;
        let mut program = Command::new(program);
        let child = site::start_program(program.arg(&self.data).arg(address.to_string()));
        Outside {
            child,
            honest: self.honest.unwrap(),
            first: self.first,
            _folder: self.folder,
        }
    }
}

impl Outside {
    /// The most memory that the relay has had resident since it started, in MiB.
    pub fn peak_mib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() / 1_024
    }

    /// Somebody honest reports something and syncs.
    pub async fn is_unharmed(&mut self) {
        let fields = HazardFields::new("照常上报", HazardNature::UnsafeCondition);
        let Honest { notebook, http } = &mut self.honest;
        notebook.report_hazard(self.first, &fields).unwrap();
        let synced = http.sync(notebook, Options::default(), |_| {});
        assert_eq!(synced.await.unwrap().refused, 0);
        assert_eq!(notebook.unsent().unwrap().changes, 0);
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
