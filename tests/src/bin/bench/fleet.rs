//! The figures of a fleet: the storm, the bytes, the catch-up, the reconnect, and what a relay
//! holds that was killed.

use std::path::Path;
use std::time::Instant;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::{InspectionId, OrgId, ZoneId};
use vanguard_core::invite::Invite;
use vanguard_core::model::inspection::{
    Inspection, InspectionFields, InspectionKind, ItemOutcome, ItemResult,
};
use vanguard_core::model::{Rota, Shift};
use vanguard_core::store::query::{self, Filter};
use vanguard_core::sync::Options as SyncOptions;
use vanguard_core::{Notebook, SystemEnv};

use crate::relay::RelayProcess;
use crate::table::Table;
use crate::{Options, limits};

pub(crate) struct Device {
    pub(crate) notebook: Notebook,
    pub(crate) http: HttpRelay,
}

pub(crate) async fn measure(options: &Options, table: &mut Table) {
    let total = options.devices * options.each;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("relay");
    let relay = RelayProcess::start(&data, options.devices, 3);
    let ready = &relay.ready;

    eprintln!("enrolling {} devices", options.devices);
    let mut devices = Vec::new();
    for (number, invite) in ready.invites[..options.devices].iter().enumerate() {
        devices.push(enrol(directory.path(), &format!("phone-{number}"), invite).await);
    }
    eprintln!("writing {total} inspections");
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut packed_json = 0;
    let mut json_bytes = 0;
    for (device, branch) in devices.iter_mut().zip(&ready.branches) {
        let mut json = Vec::new();
        for _ in 0..options.each {
            let id = write_inspection(&mut device.notebook, *branch, &ready.zones, &mut random);
            let row = device.notebook.get::<Inspection>(id).unwrap();
            json.extend(serde_json::to_vec(&row.view).unwrap());
        }
        json_bytes += json.len();
        packed_json += zstd::bulk::compress(&json, 3).unwrap().len();
    }
    eprintln!("a record is {} bytes as JSON", json_bytes / total);

    let bare_s = limits::bare_storm(directory.path(), options.devices, options.each).await;
    let up_before: u64 = devices
        .iter()
        .map(|device| device.http.traffic().up_bytes())
        .sum();
    let begun = Instant::now();
    devices = sync_all(devices).await;
    let storm_s = begun.elapsed().as_secs_f64();
    let up_after: u64 = devices
        .iter()
        .map(|device| device.http.traffic().up_bytes())
        .sum();
    for device in &devices {
        assert_eq!(
            device.notebook.unsent().unwrap().changes,
            0,
            "all is acknowledged"
        );
    }
    let limit = ("bare axum + SQLite FULL", bare_s);
    table.put_beside(
        &format!("upload storm, {total} admitted"),
        "s",
        storm_s,
        limit,
        10.0,
    );
    let limit = ("JSON, zstd-3 for each device", packed_json as f64 / 1e6);
    let up_mb = (up_after - up_before) as f64 / 1e6;
    table.put_beside("bytes up", "MB", up_mb, limit, 1.6);
    table.put(
        "relay peak memory in the storm",
        "MB",
        relay.peak_bytes() / 1e6,
    );

    let before = traffic(&devices);
    let begun = Instant::now();
    devices = sync_all(devices).await;
    table.put(
        "all devices reconnect, no news",
        "s",
        begun.elapsed().as_secs_f64(),
    );
    table.put(
        "their bytes, bodies",
        "KB",
        (traffic(&devices) - before) as f64 / 1e3,
    );

    let mut supervisor = enrol(directory.path(), "first", &ready.invites[options.devices]).await;
    let begun = Instant::now();
    sync(&mut supervisor).await;
    let catch_up_s = begun.elapsed().as_secs_f64();
    let bare_s = limits::bare_catch_up(directory.path(), total);
    let limit = ("insert and index the same rows, SQLite FULL", bare_s);
    table.put_beside(
        &format!("catch-up of {total}, searchable"),
        "s",
        catch_up_s,
        limit,
        10.0,
    );
    table.put(
        "catch-up bytes",
        "MB",
        supervisor.http.traffic().down_bytes() as f64 / 1e6,
    );
    assert_eq!(held(&supervisor.notebook), total as u64);
    let found = Filter {
        text: Some("电解".into()),
        ..Filter::default()
    };
    let page = query::list::<Inspection>(supervisor.notebook.reader(), &found, None, 50).unwrap();
    assert!(!page.rows.is_empty(), "what was caught up is searchable");

    let invite = ready.invites[options.devices + 1].clone();
    relay.kill();
    let again = RelayProcess::start(&data, 0, 0);
    let mut invite = Invite::parse(&invite).unwrap();
    invite.relay_url.clone_from(&again.ready.url);
    let mut witness = enrol(directory.path(), "witness", &invite.to_text()).await;
    sync(&mut witness).await;
    table.put(
        "records held after SIGKILL",
        "",
        held(&witness.notebook) as f64,
    );
}

fn held(notebook: &Notebook) -> u64 {
    let kind = vanguard_core::model::DocumentKind::Inspection;
    query::count(notebook.reader(), kind, &Filter::default()).unwrap()
}

fn traffic(devices: &[Device]) -> u64 {
    let bytes =
        |device: &Device| device.http.traffic().up_bytes() + device.http.traffic().down_bytes();
    devices.iter().map(bytes).sum()
}

pub(crate) async fn enrol(directory: &Path, name: &str, invite: &str) -> Device {
    let invite = Invite::parse(invite).unwrap();
    let path = directory.join(format!("{name}.db"));
    let mut notebook = Notebook::open(&path, SystemEnv::shared()).unwrap();
    let http = HttpRelay::new(&invite.relay_url, &invite.relay_key).unwrap();
    http.enrol(&mut notebook, &invite, name).await.unwrap();
    let mut device = Device { notebook, http };
    if name.starts_with("phone") {
        sync(&mut device).await;
    }
    device
}

async fn sync(device: &mut Device) {
    let Device { notebook, http } = device;
    http.sync(notebook, SyncOptions::default(), |_| {})
        .await
        .unwrap();
}

/// Every device at once.
async fn sync_all(devices: Vec<Device>) -> Vec<Device> {
    let tasks: Vec<_> = devices
        .into_iter()
        .map(|mut device| {
            tokio::spawn(async move {
                sync(&mut device).await;
                device
            })
        })
        .collect();
    let mut synced = Vec::with_capacity(tasks.len());
    for task in tasks {
        synced.push(task.await.unwrap());
    }
    synced
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

fn write_inspection(
    notebook: &mut Notebook,
    org: OrgId,
    zones: &[ZoneId],
    random: &mut ChaCha8Rng,
) -> InspectionId {
    let now_ms = 1_793_462_400_000 + random.random_range(0..2_592_000_000);
    let fields = inspection(zones, random, now_ms);
    InspectionId::from(notebook.create::<Inspection>(org, &fields, None).unwrap())
}
