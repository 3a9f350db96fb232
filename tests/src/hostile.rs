//! Hostile devices: enrolled like any other, and free to push whatever bytes they like over HTTP
//! to a relay that serves others at the same time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command};

use automerge::{Automerge, Change, ExpandedChange};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use vanguard_core::batch::{FORMAT, statement};
use vanguard_core::env::{Env, SystemEnv};
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::id::{DeviceId, DocumentId, EventId, GrantId, MemberId, OrgId, UnitId};
use vanguard_core::keys::{Hash, Signature, SoftwareKey, hex, sha256};
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, DocumentKind, Header, Role, SCHEMA};
use vanguard_core::sync::Options;
use vanguard_core::wire::{
    self, BatchEntry, BatchHeader, BatchOutcome, ChangeOutcome, Health, PROTOCOL, SealedBatch,
    SyncRequest, SyncResponse,
};
use vanguard_core::{Composer, NewEvent, Notebook, Verb};
use vanguard_server::relay::Act;

use crate::site::{self, Site};
use crate::{creation, scratch};

fn env() -> std::sync::Arc<dyn Env> {
    SystemEnv::shared()
}

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

/// The reasons of refusals; anything else by its name.
pub fn answers(outcomes: &[ChangeOutcome]) -> Vec<&str> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            ChangeOutcome::Admitted { .. } => "admitted",
            ChangeOutcome::Held => "held",
            ChangeOutcome::Refused { reason } => reason.as_str(),
        })
        .collect()
}

/// Somebody's device that says what it likes.
pub struct Hostile {
    /// What the relay knows it by.
    pub device: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// What it signs with.
    pub key: SoftwareKey,
    /// The fingerprint of its relay.
    pub relay: Hash,
    /// In whose hands it may write.
    pub authors: Vec<Author>,
    /// Its opening.
    pub opening: [u8; 16],
    /// Its next batch's number.
    pub number: u64,
    /// How far it says to have seen the directory.
    pub directory_position: u64,
    /// Its way to the relay.
    pub http: HttpRelay,
    credential: String,
}

impl Hostile {
    /// The same device, once it no longer runs our app.
    pub fn new(notebook: &Notebook, http: HttpRelay) -> Self {
        let identity = notebook.identity().unwrap();
        let grants = notebook.directory().grants_of(identity.member);
        let authors = grants.iter().map(|(grant, stored)| Author {
            member: identity.member,
            role: stored.role,
            grant: *grant,
        });
        Self {
            device: identity.device,
            member: identity.member,
            key: identity.key.clone().unwrap(),
            relay: identity.relay_key.fingerprint(),
            authors: authors.collect(),
            opening: env().random_16(),
            number: 0,
            directory_position: 0,
            http,
            credential: hex(&identity.credential),
        }
    }

    /// The same device in another opening of its notebook.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            key: self.key.clone(),
            authors: self.authors.clone(),
            opening: env().random_16(),
            number: 0,
            http: self.http.clone(),
            credential: self.credential.clone(),
            ..*self
        }
    }

    /// The author in a role.
    pub fn as_role(&self, role: Role) -> Author {
        let found = self.authors.iter().find(|author| author.role == role);
        *found.unwrap()
    }

    /// An actor that never wrote before.
    pub fn actor(&self) -> [u8; 16] {
        let mut actor = env().random_16();
        actor[..8].copy_from_slice(&self.key.public_key().actor_prefix());
        actor
    }

    /// A composer with a new actor in the hand of its first grant.
    pub fn composer(&self) -> Composer {
        self.composer_as(self.authors[0])
    }

    /// A composer with a new actor.
    pub fn composer_as(&self, author: Author) -> Composer {
        Composer::new(self.actor(), author, env().now_ms())
    }

    /// A hazard that it reports.
    pub fn report(&self, space: OrgId, description: &str) -> Made {
        self.report_as(&self.composer(), space, description)
    }

    /// A hazard that it reports, by this composer.
    pub fn report_as(&self, composer: &Composer, space: OrgId, description: &str) -> Made {
        let id = DocumentId(env().uuid_v7());
        self.created(composer, id, space, description)
    }

    /// A hazard that it reports under this id.
    pub fn report_with_id(&self, id: DocumentId, space: OrgId, description: &str) -> Made {
        self.created(&self.composer(), id, space, description)
    }

    fn created(&self, by: &Composer, id: DocumentId, space: OrgId, description: &str) -> Made {
        let header = Header {
            id,
            kind: DocumentKind::Hazard,
            space,
            creator: self.member,
            created_ms: env().now_ms(),
            schema: SCHEMA,
        };
        let fields = map(json!({"description": description, "nature": "unsafe_condition"}));
        let event = Some(event(json!({"event": "reported"})));
        let verb = Verb::Create {
            header,
            fields,
            event,
        };
        let mut doc = Automerge::new();
        let raw = by.perform(&mut doc, &verb, &[]).unwrap().raw;
        Made {
            id,
            space,
            doc,
            raw,
            is_new: true,
        }
    }

    /// Pushes one batch, and gives what became of its changes.
    pub async fn push(&mut self, entries: Vec<BatchEntry>) -> Vec<ChangeOutcome> {
        let batch = self.seal(entries);
        match self.send(vec![batch]).await.unwrap().outcomes.remove(0) {
            BatchOutcome::Judged(outcomes) => outcomes,
            other => panic!("{other:?}"),
        }
    }

    /// A batch with the next number, signed.
    pub fn seal(&mut self, entries: Vec<BatchEntry>) -> SealedBatch {
        let header = BatchHeader {
            format: FORMAT,
            relay: self.relay,
            device: self.device,
            opening: self.opening,
            number: self.number,
            previous: [0; 32],
            directory_position: self.directory_position,
            device_time_ms: env().now_ms(),
            clock_offset_ms: None,
            on_behalf_of: None,
        };
        self.number += 1;
        self.sign(SealedBatch {
            header,
            entries,
            signature: Signature([0; 64]),
        })
    }

    /// Signs a batch, whatever it says.
    pub fn sign(&self, mut batch: SealedBatch) -> SealedBatch {
        batch.signature = self.key.sign(&statement(&batch));
        batch
    }

    /// Sends batches.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn send(&self, batches: Vec<SealedBatch>) -> Result<SyncResponse, HttpError> {
        self.ask(&self.request(batches)).await
    }

    /// A request with these batches and nothing else.
    pub fn request(&self, batches: Vec<SealedBatch>) -> SyncRequest {
        SyncRequest {
            protocol: PROTOCOL,
            cursor: None,
            batches,
            held: Vec::new(),
            scope: [0; 8],
            bootstraps: Vec::new(),
            want: Vec::new(),
            page_bytes: 1_024,
            window_days: 1,
            health: Health::default(),
            photos: Vec::new(),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn ask(&self, request: &SyncRequest) -> Result<SyncResponse, HttpError> {
        let answer = self.post(wire::encode(request)).await?;
        Ok(wire::decode(&answer).unwrap())
    }

    /// Posts any bytes.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
        let credential = Some(self.credential.as_str());
        self.http.post("/v1/sync", credential, body).await
    }
}

/// A change that was made, with its document as it stands after it.
#[derive(Clone)]
pub struct Made {
    /// The document.
    pub id: DocumentId,
    /// Its space.
    pub space: OrgId,
    /// The document after the change.
    pub doc: Automerge,
    /// The change.
    pub raw: Vec<u8>,
    is_new: bool,
}

impl Made {
    /// The batch entry that honest devices would make of it.
    pub fn entry(&self) -> BatchEntry {
        BatchEntry {
            document: (!self.is_new).then_some(self.id),
            space: self.space,
            changes: vec![self.raw.clone().into()],
        }
    }

    /// The next change of the same document.
    #[must_use]
    pub fn then(&self, composer: &Composer, verb: &Verb) -> Self {
        next(&self.doc, self.id, self.space, composer, verb)
    }

    /// The change, altered.
    pub fn forged(&self, alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
        forged(&self.raw, alter)
    }
}

/// The next change of a document, which names as seen all events that no other names.
pub fn next(doc: &Automerge, id: DocumentId, space: OrgId, by: &Composer, verb: &Verb) -> Made {
    let mut doc = doc.clone();
    let seen = frontier(&doc);
    let raw = by.perform(&mut doc, verb, &seen).unwrap().raw;
    Made {
        id,
        space,
        doc,
        raw,
        is_new: false,
    }
}

/// The events of a document that no other event names as seen.
pub fn frontier(doc: &Automerge) -> Vec<EventId> {
    let json = serde_json::to_value(automerge::AutoSerde::from(doc)).unwrap();
    let events: Map<String, Value> = json["events"].as_object().cloned().unwrap_or_default();
    let seen: BTreeSet<&str> = events
        .values()
        .flat_map(|event| event["seen"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let open = events.keys().filter(|id| !seen.contains(id.as_str()));
    open.map(|id| id.parse().unwrap()).collect()
}

/// A change, altered and written again as Automerge writes it.
pub fn forged(raw: &[u8], alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut change = Change::from_bytes(raw.to_vec()).unwrap().decode();
    alter(&mut change);
    Change::from(change).raw_bytes().to_vec()
}

/// A verb that appends an event.
pub fn append(body: Value) -> Verb {
    Verb::Append { event: event(body) }
}

/// A verb that edits fields.
pub fn edit(fields: Value) -> Verb {
    Verb::Edit {
        fields: map(fields),
    }
}

/// A new event.
pub fn event(body: Value) -> NewEvent {
    NewEvent {
        id: EventId(env().uuid_v7()),
        at_ms: env().now_ms(),
        body: map(body),
    }
}

/// An entry for a document that exists.
pub fn entry(id: DocumentId, space: OrgId, changes: &[Vec<u8>]) -> BatchEntry {
    BatchEntry {
        document: Some(id),
        space,
        changes: changes.iter().map(|raw| raw.clone().into()).collect(),
    }
}

/// The map of a JSON object.
pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A chunk with a checksum that fits.
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    hashed.extend(uleb(body.len() as u64));
    hashed.extend(body);
    let mut raw = vec![0x85, 0x6f, 0x4a, 0x83];
    raw.extend(&sha256(&hashed)[..4]);
    raw.extend(hashed);
    raw
}

/// An unsigned number as Automerge writes it.
pub fn uleb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A signed number as Automerge writes it.
pub fn sleb(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// The id of a grant that nobody was ever given.
pub fn no_grant() -> GrantId {
    GrantId(env().uuid_v7())
}
