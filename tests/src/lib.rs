//! A fleet for tests: a real relay on a real directory, and notebooks that sync with it, either
//! in process or over HTTP. Deterministic by seed but for keys' use in TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::type_complexity
)]

pub mod blobs;
pub mod crash;
pub mod dice;
pub mod hostile;
pub mod plain;
pub mod proxy;
pub mod site;
pub mod verdict;
pub mod walk;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use vanguard_core::Notebook;
use vanguard_core::env::Env;
use vanguard_core::id::{DeviceId, DocumentId, EventId, GrantId, MemberId, OrgId, UnitId};
use vanguard_core::invite::Invite;
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::photo::{Photo, Thumbnail};
use vanguard_core::model::{Author, Record, Role};
use vanguard_core::sync::{Options, Progress, Session, Step};
use vanguard_core::wire::{self, EnrolResponse, SyncRequest};
use vanguard_server::acts;
use vanguard_server::relay::{Act, Device, Relay, RelayOptions};

/// A photo as a record names it, whose files have hashes of 32 equal bytes and are nowhere.
pub fn photo(n: u8) -> Photo {
    let thumbnail = Thumbnail {
        hash: vanguard_core::keys::hex(&[n + 1; 32]),
        bytes: 9_000,
    };
    Photo::new(&[n; 32], 400_000, (2_560, 1_920), thumbnail)
}

/// A clock that stands still until it is moved, and seeded randomness.
#[derive(Debug)]
pub struct TestEnv {
    now_ms: AtomicI64,
    random: Mutex<ChaCha8Rng>,
}

impl TestEnv {
    /// An environment that begins on 2026-11-01 in China.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            now_ms: AtomicI64::new(1_793_462_400_000),
            random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
        })
    }

    /// Moves the clock on, or back.
    pub fn advance(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Env for TestEnv {
    fn now_ms(&self) -> i64 {
        // A millisecond a look, so that what is made one after the other is dated so.
        self.now_ms.fetch_add(1, Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.random.lock().unwrap().fill_bytes(bytes);
    }
}

/// A member's phone.
pub struct Phone {
    /// Its notebook.
    pub notebook: Notebook,
    /// What the relay knows it by.
    pub device: Device,
    /// Its notebook's file.
    pub path: PathBuf,
    /// Its clock and randomness.
    pub env: Arc<TestEnv>,
}

/// A relay and its phones.
pub struct Fleet {
    /// The relay.
    pub relay: Arc<Relay>,
    /// Where it keeps its data.
    pub data: PathBuf,
    /// The relay's clock and randomness.
    pub env: Arc<TestEnv>,
    /// The organisation.
    pub plant: Plant,
    /// For ids: the relay's threads look at its clock whenever they like.
    ids: Arc<TestEnv>,
    directory: TempDir,
    seed: u64,
    phones: u64,
}

/// A directory of its own, in memory where there is such a place: what survives a crash is tested
/// elsewhere.
pub fn scratch() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// A small organisation: a committee with two branches, and a contractor.
#[derive(Clone, Debug)]
pub struct Plant {
    /// 党委.
    pub committee: OrgId,
    /// 电解一支部.
    pub first: OrgId,
    /// 电解二支部.
    pub second: OrgId,
    /// A contractor.
    pub contractor: UnitId,
}

impl Fleet {
    /// A fleet with a relay and no phone.
    pub async fn new(seed: u64) -> Self {
        Self::with_options(seed, RelayOptions::default()).await
    }

    /// A fleet whose relay judges and serves by other options.
    pub async fn with_options(seed: u64, options: RelayOptions) -> Self {
        let directory = scratch();
        let (env, ids) = (TestEnv::new(seed), TestEnv::new(!seed));
        let data = directory.path().join("relay");
        let relay = Relay::open(&data, options, Arc::clone(&env) as Arc<dyn Env>).unwrap();
        let plant = Plant {
            committee: OrgId((&*ids as &dyn Env).uuid_v7()),
            first: OrgId((&*ids as &dyn Env).uuid_v7()),
            second: OrgId((&*ids as &dyn Env).uuid_v7()),
            contractor: UnitId((&*ids as &dyn Env).uuid_v7()),
        };
        let fleet = Self {
            relay,
            data,
            env,
            plant,
            ids,
            directory,
            seed,
            phones: 0,
        };
        fleet.found().await;
        fleet
    }

    async fn found(&self) {
        let org = |name: &str, org_kind, parent| PartyOrgFields {
            name: name.into(),
            org_kind,
            parent,
            project: None,
        };
        let Plant {
            committee,
            first,
            second,
            contractor,
        } = self.plant;
        let unit = UnitFields {
            name: "宏达检修公司".into(),
            unit_kind: UnitKind::Contractor,
            parent: None,
        };
        let acts = vec![
            self.creation::<PartyOrg>(
                committee.into(),
                &org("铝业公司党委", PartyOrgKind::Committee, None),
            ),
            self.creation::<PartyOrg>(
                first.into(),
                &org("电解一支部", PartyOrgKind::Branch, Some(committee)),
            ),
            self.creation::<PartyOrg>(
                second.into(),
                &org("电解二支部", PartyOrgKind::Branch, Some(committee)),
            ),
            self.creation::<Unit>(contractor.into(), &unit),
        ];
        self.relay.act(Author::OPERATOR, acts).await.unwrap();
    }

    fn creation<R: Record>(&self, id: DocumentId, fields: &R::Fields) -> Act {
        creation::<R>(&*self.ids, id, fields)
    }

    /// Gives a member a role.
    pub async fn grant(&self, member: MemberId, role: Role, org: OrgId) -> GrantId {
        let id = GrantId((&*self.ids as &dyn Env).uuid_v7());
        let fields = GrantFields { member, role, org };
        let act = self.creation::<Grant>(id.into(), &fields);
        self.relay.act(Author::OPERATOR, vec![act]).await.unwrap();
        id
    }

    /// A member of `home` with these roles, and their enrolled phone, not synced yet.
    pub async fn phone(&mut self, name: &str, home: OrgId, roles: &[(Role, OrgId)]) -> Phone {
        let member = MemberId((&*self.ids as &dyn Env).uuid_v7());
        let fields = MemberFields {
            name: name.into(),
            number: format!("{:05}", self.phones + 1),
            home: Some(home),
            unit: None,
        };
        let act = self.creation::<Member>(member.into(), &fields);
        self.relay.act(Author::OPERATOR, vec![act]).await.unwrap();
        for (role, org) in roles {
            self.grant(member, *role, *org).await;
        }
        self.enrol(member, name)
    }

    /// The phone of a member of `org` who has one role, there.
    pub async fn enlist(&mut self, name: &str, role: Role, org: OrgId) -> Phone {
        self.phone(name, org, &[(role, org)]).await
    }

    /// Another phone of a member.
    pub fn enrol(&mut self, member: MemberId, name: &str) -> Phone {
        self.phones += 1;
        let env = TestEnv::new(self.seed.wrapping_mul(1_000_003) + self.phones);
        let path = self
            .directory
            .path()
            .join(format!("phone-{}.db", self.phones));
        let mut notebook = Notebook::open(&path, Arc::clone(&env) as Arc<dyn Env>).unwrap();
        let invite = Invite {
            relay_url: "http://in.process".into(),
            relay_key: self.relay.key().public_key(),
            secret: [1; 32],
            member_name: name.into(),
        };
        let enrolment = notebook.begin_enrolment(&invite, name).unwrap();
        let device = Device {
            id: DeviceId((&*env as &dyn Env).uuid_v7()),
            member,
            public_key: enrolment.request.public_key,
        };
        let response = EnrolResponse {
            device: device.id,
            member,
            credential: [2; 32],
            is_confirmed: true,
        };
        notebook.finish_enrolment(&invite, &response).unwrap();
        Phone {
            notebook,
            device,
            path,
            env,
        }
    }

    /// Syncs a phone until it is up to date.
    pub async fn sync(&self, phone: &mut Phone) -> Progress {
        self.sync_with(phone, Options::default()).await
    }

    /// Syncs a phone with other options.
    pub async fn sync_with(&self, phone: &mut Phone, options: Options) -> Progress {
        let mut session = Session::new(options);
        for _ in 0..10_000 {
            match session.next(&mut phone.notebook).unwrap() {
                Step::Exchange(body) => {
                    let answer = self.exchange(&phone.device, &body).await;
                    session.answered(&mut phone.notebook, &answer).unwrap();
                }
                Step::Sign(_) => unreachable!("the notebook has its key"),
                Step::Done(progress) => return progress,
            }
        }
        panic!("a sync does not end: {:?}", session.progress());
    }

    /// One request as bytes, answered by the relay as bytes.
    pub async fn exchange(&self, device: &Device, body: &[u8]) -> Vec<u8> {
        let request: SyncRequest = wire::decode(body).unwrap();
        wire::encode(&self.relay.sync(device, request).await.unwrap())
    }
}

impl Fleet {
    /// A copy of the relay's data directory as it is now.
    pub async fn copy_of_relay(&self) -> TempDir {
        self.relay.close().await;
        let copy = scratch();
        copy_files(&self.data, copy.path());
        copy
    }

    /// Puts the relay back to a copy of its data directory, without telling anybody.
    #[must_use]
    pub fn put_back(self, copy: &std::path::Path) -> Self {
        let Self {
            relay, data, env, ..
        } = self;
        drop(relay);
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir(&data).unwrap();
        copy_files(copy, &data);
        let clock = Arc::clone(&env) as Arc<dyn Env>;
        let relay = Relay::open(&data, RelayOptions::default(), clock).unwrap();
        Self {
            relay,
            data,
            env,
            ..self
        }
    }
}

fn copy_files(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_files(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Phone {
    /// Closes the notebook, does something to its file, and opens it again.
    #[must_use]
    pub fn while_closed(self, deed: impl FnOnce(&std::path::Path)) -> Self {
        let Self {
            notebook,
            device,
            path,
            env,
        } = self;
        drop(notebook);
        deed(&path);
        let notebook = Notebook::open(&path, Arc::clone(&env) as Arc<dyn Env>).unwrap();
        Self {
            notebook,
            device,
            path,
            env,
        }
    }

    /// Closes the notebook and opens it again.
    #[must_use]
    pub fn reopened(self) -> Self {
        self.while_closed(|_| ())
    }

    /// Whose phone it is.
    pub fn member(&self) -> MemberId {
        self.device.member
    }
}

/// The ids of events, in the order in which they count.
pub fn event_ids<R: Record>(view: &vanguard_core::model::View<R>) -> Vec<EventId> {
    view.events.iter().map(|folded| folded.event.id).collect()
}

/// A creation in the directory, by the operator.
pub fn creation<R: Record>(env: &dyn Env, id: DocumentId, fields: &R::Fields) -> Act {
    creation_in::<R>(env, OrgId::DIRECTORY, id, fields)
}

/// A creation in a space, by the operator.
pub fn creation_in<R: Record>(
    env: &dyn Env,
    space: OrgId,
    id: DocumentId,
    fields: &R::Fields,
) -> Act {
    acts::create::<R>(id.0, space, fields, env.now_ms())
}

/// Says that a test was not run, and why, even where what tests print is not shown.
pub fn skipped(reason: &str) {
    use std::io::Write as _;
    let line = format!("SKIPPED: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// An HTTP client without any trust of its own, for plain HTTP.
pub fn plain_client() -> reqwest::Client {
    // Whoever comes first installs it; it is the same for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
