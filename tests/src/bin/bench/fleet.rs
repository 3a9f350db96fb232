//! A fleet of phones in this process and a relay in another: what the figures are taken of.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{DocumentId, InspectionId, OrgId, ZoneId};
use vanguard_core::invite::Invite;
use vanguard_core::model::inspection::{
    Inspection, InspectionFields, InspectionKind, ItemOutcome, ItemResult,
};
use vanguard_core::model::{DocumentKind, Rota, Shift};
use vanguard_core::store::query::{self, Filter};
use vanguard_core::sync::Options as SyncOptions;
use vanguard_core::{Notebook, SystemEnv};
use vanguard_tests::proxy::{Plan, Proxy};

use crate::places;
use crate::relay::{RelayProcess, Spaces};

/// A phone.
pub(crate) struct Device {
    /// What it holds.
    pub(crate) notebook: Notebook,
    /// Its way to the relay.
    pub(crate) http: HttpRelay,
    branch: OrgId,
}

/// A relay and its phones.
pub(crate) struct Fleet {
    /// The relay.
    pub(crate) relay: RelayProcess,
    /// The phones.
    pub(crate) devices: Vec<Device>,
    /// Where everything of it lies.
    pub(crate) directory: TempDir,
    random: ChaCha8Rng,
}

impl Fleet {
    /// Enrols so many phones, and invites so many supervisors.
    pub(crate) async fn enrol(count: usize, supervisors: usize, spaces: Spaces) -> Self {
        eprintln!("enrolling {count} devices");
        let directory = places::passing();
        let relay =
            RelayProcess::start(&directory.path().join("relay"), count, supervisors, spaces);
        let mut fleet = Self {
            relay,
            devices: Vec::with_capacity(count),
            directory,
            random: ChaCha8Rng::seed_from_u64(1),
        };
        for number in 0..count {
            let mut device = fleet.invite(number, &format!("phone-{number}")).await;
            device.branch = fleet.relay.ready.branches[number];
            device.sync().await;
            fleet.devices.push(device);
        }
        fleet
    }

    /// Enrols the phone of an invite.
    pub(crate) async fn invite(&self, number: usize, name: &str) -> Device {
        let invite = &self.relay.ready.invites[number];
        Device::enrol(self.directory.path(), name, invite).await
    }

    /// Each phone writes so many inspections, offline; each of them then.
    pub(crate) fn write(
        &mut self,
        each: usize,
        mut seen: impl FnMut(usize, &Notebook, InspectionId),
    ) {
        eprintln!("writing {} inspections", self.devices.len() * each);
        for number in 0..self.devices.len() {
            for _ in 0..each {
                let id = self.write_one(number);
                seen(number, &self.devices[number].notebook, id.into());
            }
        }
    }

    /// One phone writes an inspection.
    pub(crate) fn write_one(&mut self, number: usize) -> DocumentId {
        let Self {
            relay,
            devices,
            random,
            ..
        } = self;
        let now_ms = 1_793_462_400_000 + random.random_range(0..2_592_000_000);
        let fields = inspection(&relay.ready.zones, random, now_ms);
        let Device {
            notebook, branch, ..
        } = &mut devices[number];
        notebook
            .create::<Inspection>(*branch, &fields, None)
            .unwrap()
    }

    /// Every phone syncs, all at once.
    pub(crate) async fn sync_all(&mut self) {
        let tasks: Vec<_> = std::mem::take(&mut self.devices)
            .into_iter()
            .map(|mut device| {
                tokio::spawn(async move {
                    device.sync().await;
                    device
                })
            })
            .collect();
        for task in tasks {
            self.devices.push(task.await.unwrap());
        }
    }

    /// Every phone syncs over a connection of its own through a proxy that counts: the bytes of HTTP
    /// on the wire in both directions, heads and bodies.
    pub(crate) async fn sync_all_counted(&mut self) -> u64 {
        let relay = self.relay.ready.url.trim_start_matches("http://");
        let relay = relay.parse().unwrap();
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let proxy = Proxy::start(anywhere, relay, Plan::default()).await;
        let invite = Invite::parse(&self.relay.ready.invites[0]).unwrap();
        for device in &mut self.devices {
            device.http = HttpRelay::new(&proxy.url(), &invite.relay_key).unwrap();
        }
        self.sync_all().await;
        proxy.counts.wire_bytes()
    }

    /// Bytes of bodies that the phones have sent.
    pub(crate) fn up_bytes(&self) -> u64 {
        let devices = self.devices.iter();
        devices.map(|device| device.http.traffic().up_bytes()).sum()
    }

    /// Says that everything that the phones wrote was acknowledged.
    pub(crate) fn assert_acknowledged(&self) {
        for device in &self.devices {
            let unsent = device.notebook.unsent().unwrap();
            assert_eq!(unsent.changes, 0, "all is acknowledged");
        }
    }
}

impl Device {
    /// Enrols by an invite's text.
    pub(crate) async fn enrol(directory: &Path, name: &str, invite: &str) -> Self {
        let invite = Invite::parse(invite).unwrap();
        let path = directory.join(format!("{name}.db"));
        let mut notebook = Notebook::open(&path, SystemEnv::shared()).unwrap();
        let http = HttpRelay::new(&invite.relay_url, &invite.relay_key).unwrap();
        http.enrol(&mut notebook, &invite, name).await.unwrap();
        Self {
            notebook,
            http,
            branch: OrgId::DIRECTORY,
        }
    }

    /// Syncs until it is up to date.
    pub(crate) async fn sync(&mut self) {
        let Self { notebook, http, .. } = self;
        http.sync(notebook, SyncOptions::default(), |_| {})
            .await
            .unwrap();
    }

    /// How many inspections it holds.
    pub(crate) fn held(&self) -> u64 {
        let kind = DocumentKind::Inspection;
        query::count(self.notebook.reader(), kind, &Filter::default()).unwrap()
    }
}

const PLACES: [&str; 8] = [
    "北侧通道",
    "3号槽",
    "整流柜",
    "阳极组装区",
    "净化系统",
    "天车轨道",
    "配电室",
    "原料库",
];
const WORDS: [&str; 12] = [
    "电解槽",
    "护栏完好",
    "劳保用品佩戴齐全",
    "无跑冒滴漏",
    "消防器材在位",
    "地面无积水",
    "作业票齐全",
    "监护人在岗",
    "警示标识清晰",
    "工器具摆放整齐",
    "通风正常",
    "照明良好",
];

/// Sixteen fields, two of them free Chinese text, five checklist items.
pub(crate) fn inspection(
    zones: &[ZoneId],
    random: &mut ChaCha8Rng,
    now_ms: i64,
) -> InspectionFields {
    let mut sentence = |words: usize| {
        let pick = |_| WORDS[random.random_range(0..WORDS.len())];
        (0..words).map(pick).collect::<Vec<_>>().join("，")
    };
    let (summary, coverage) = (sentence(7), sentence(4));
    let mut fields = InspectionFields::new(
        zones[random.random_range(0..zones.len())],
        InspectionKind::NoViolation,
        Shift::ALL[random.random_range(0..4)],
        now_ms,
    );
    fields.rota = Some(Rota::ALL[random.random_range(0..4)]);
    fields.template_version = Some(1);
    fields.summary = summary;
    fields.coverage = coverage;
    fields.covered_people = vec![format!("班长{}", random.random_range(0..400))];
    fields.signboard = Some(format!("ZQ-{:03}", random.random_range(0..20)));
    fields.items = (1..=5)
        .map(|item| ItemResult {
            code: format!("{item}"),
            outcome: ItemOutcome::Normal,
            remark: PLACES[random.random_range(0..PLACES.len())].into(),
            hazard: None,
            violation: None,
        })
        .collect();
    fields
}
