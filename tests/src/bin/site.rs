//! A relay with one branch, for tests in other languages: `site DATA`. It says who is there, then
//! `ready`, and does what it is told on standard input, one line each:
//!
//! `invite NAME` answers `invite TEXT`; `end NAME` ends what they may do; `revoke NAME` revokes
//! their devices; `down` and `up` stop and start the relay on its port; `hush` puts something in
//! its place that takes connections and never answers, and `heard` waits for the next of them;
//! `stall BYTES` puts a network before it that lets so much of a connection through and then
//! nothing more, and `stalled` waits until that has happened;
//! `strict` has it start again as one that lets nobody in whose digits were not compared, and
//! `confirm DIGITS` says that they were; `newer FILE` makes a notebook one of a newer app; `lock
//! FILE` keeps everybody else from writing to it until `unlock`; `picture FILE` writes what a
//! camera might; these answer `done`. It ends with its input.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use vanguard_core::env::{Env, SystemEnv};
use vanguard_core::id::{
    DocumentId, EventId, GrantId, MemberId, OrgId, TemplateId, UnitId, ZoneId,
};
use vanguard_core::model::inspection::InspectionKind;
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantEvent, GrantFields, Member, MemberFields};
use vanguard_core::model::template::{ChecklistItem, Template, TemplateEvent, TemplateFields};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneFields, ZoneKind};
use vanguard_core::model::{Author, Role};
use vanguard_core::{NewEvent, Verb};
use vanguard_server::Config;
use vanguard_server::relay::Act;
use vanguard_tests::blobs::bytes_of;
use vanguard_tests::proxy::{Plan, Proxy};
use vanguard_tests::site::{Site, config};
use vanguard_tests::{creation, creation_in};

/// Who is there, and what they may do.
const PEOPLE: [(&str, Role); 5] = [
    ("王建国", Role::BranchSecretary),
    ("李安", Role::SafetyOfficer),
    ("赵磊", Role::Member),
    ("陈强", Role::Member),
    ("周敏", Role::Supervisor),
];

/// What the checklist asks.
const QUESTIONS: [(&str, &str); 3] = [
    ("fire", "消防通道畅通，灭火器在有效期内"),
    ("guard", "设备防护罩齐全"),
    ("ppe", "作业人员劳保穿戴规范"),
];

/// The branch, and the grant of each of its people.
struct Branch {
    env: std::sync::Arc<dyn Env>,
    people: HashMap<&'static str, (MemberId, GrantId)>,
}

#[tokio::main]
async fn main() {
    let data = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| panic!("site DATA")),
    );
    let mut is_strict = false;
    let mut site = Some(start(&data, None, is_strict).await);
    let mut locked: Option<rusqlite::Connection> = None;
    let branch = found(site.as_ref().unwrap()).await;
    let mut address = None;
    let mut silence: Option<TcpListener> = None;
    let mut network: Option<Proxy> = None;
    let mut unanswered = Vec::new();
    say("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (command, object) = line.split_once(' ').unwrap_or((&line, ""));
        let person = branch.people.get(object).copied();
        match command {
            "invite" => {
                let invite = site.as_ref().unwrap().invite(person.unwrap().0, object);
                say(&format!("invite {}", invite.to_text()));
                continue;
            }
            "end" => branch.end(site.as_ref().unwrap(), person.unwrap().1).await,
            "revoke" => site.as_ref().unwrap().revoke_devices(person.unwrap().0),
            "down" | "hush" | "strict" => {
                let running = site.take().unwrap();
                address = Some(running.address);
                running.stop().await;
                if command == "hush" {
                    silence = Some(TcpListener::bind(address.unwrap()).unwrap());
                } else if command == "strict" {
                    is_strict = true;
                    site = Some(start(&data, address, is_strict).await);
                }
            }
            "confirm" => assert!(site.as_ref().unwrap().confirm_device(object)),
            "heard" => unanswered.push(silence.as_ref().unwrap().accept().unwrap()),
            "stall" => {
                let running = site.take().unwrap();
                address = Some(running.address);
                running.stop().await;
                let moved = start(&data, None, is_strict).await;
                let plan = Plan {
                    stall_bytes: object.parse().ok(),
                    ..Plan::default()
                };
                network = Some(Proxy::start(address.unwrap(), moved.address, plan).await);
                site = Some(moved);
            }
            "stalled" => has_stalled(network.as_ref().unwrap()).await,
            "up" => {
                unanswered.clear();
                silence = None;
                if let Some(network) = network.take() {
                    network.stop().await;
                    site.take().unwrap().stop().await;
                }
                site = Some(start(&data, address, is_strict).await);
            }
            "lock" => {
                let file = rusqlite::Connection::open(Path::new(object)).unwrap();
                file.execute_batch("BEGIN IMMEDIATE").unwrap();
                locked = Some(file);
            }
            "picture" => picture(Path::new(object)),
            "unlock" => drop(locked.take()),
            "newer" => {
                let file = rusqlite::Connection::open(Path::new(object)).unwrap();
                file.pragma_update(None, "user_version", 99).unwrap();
            }
            other => panic!("{other}?"),
        }
        say("done");
    }
}

/// Waits until nothing more comes through.
async fn has_stalled(network: &Proxy) {
    while network.counts.stalls.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A JPEG picture of 800 × 600, which no other file's is.
fn picture(path: &Path) {
    let seed = path.to_string_lossy().bytes().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let (width, height) = (800_u16, 600_u16);
    let pixels = bytes_of(seed, usize::from(width) * usize::from(height) * 3);
    let encoder = jpeg_encoder::Encoder::new_file(path, 70).unwrap();
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
}

/// A relay that takes nothing of those whose grant has ended.
async fn start(data: &Path, address: Option<SocketAddr>, is_strict: bool) -> Site {
    let mut config: Config = config(data);
    config.auto_confirm = !is_strict;
    config.relay.grace_ms = 0;
    Site::start_as(config, address).await
}

/// Founds the branch, and says who and what is there.
async fn found(site: &Site) -> Branch {
    let env = SystemEnv::shared();
    let new = |_: &str| env.uuid_v7();
    let (org, unit) = (OrgId(new("org")), UnitId(new("unit")));
    let (zone, template) = (ZoneId(new("zone")), TemplateId(new("template")));
    let org_fields = PartyOrgFields {
        name: "电解一支部".into(),
        org_kind: PartyOrgKind::Branch,
        parent: None,
        project: None,
    };
    let unit_fields = UnitFields {
        name: "电解一车间".into(),
        unit_kind: UnitKind::Workshop,
        parent: None,
    };
    let mut acts = vec![
        creation::<PartyOrg>(env.as_ref(), org.into(), &org_fields),
        creation::<Unit>(env.as_ref(), unit.into(), &unit_fields),
    ];
    let mut people = HashMap::new();
    for (number, (name, role)) in PEOPLE.into_iter().enumerate() {
        let (member, grant) = (MemberId(new(name)), GrantId(new(name)));
        let fields = MemberFields {
            name: name.into(),
            number: format!("{:04}", 1001 + number),
            home: Some(org),
            unit: Some(unit),
        };
        acts.push(creation::<Member>(env.as_ref(), member.into(), &fields));
        let fields = GrantFields { member, role, org };
        acts.push(creation::<Grant>(env.as_ref(), grant.into(), &fields));
        people.insert(name, (member, grant));
        say(&format!("member {name} {member}"));
    }
    acts.extend(checklist(env.as_ref(), org, template));
    let zone_fields = ZoneFields {
        name: "电解一车间北区".into(),
        code: "ZR-001".into(),
        zone_kind: ZoneKind::Safety,
        place: "一系列 101–150 号槽".into(),
        boundary: None,
        risk_points: Vec::new(),
        holders: vec![people["赵磊"].0],
        covered_people: vec!["马强".into(), "杨丽".into()],
        unit: Some(unit),
        duty: None,
        template: Some(template),
    };
    acts.push(creation_in::<ResponsibilityZone>(
        env.as_ref(),
        org,
        zone.into(),
        &zone_fields,
    ));
    site.relay.act(Author::OPERATOR, acts).await.unwrap();
    say(&format!("org {org}"));
    say(&format!("unit {unit}"));
    say(&format!("zone {zone}"));
    say(&format!("template {template}"));
    Branch { env, people }
}

/// A checklist and its first version.
fn checklist(env: &dyn Env, org: OrgId, template: TemplateId) -> [Act; 2] {
    let fields = TemplateFields {
        name: "班中安全检查表".into(),
        inspection_kind: InspectionKind::Daily,
        org,
        duty: None,
    };
    let published = TemplateEvent::Published {
        version: 1,
        items: QUESTIONS
            .map(|(code, text)| ChecklistItem {
                code: code.into(),
                text: text.into(),
            })
            .into(),
    };
    [
        creation::<Template>(env, template.into(), &fields),
        append(env, template.into(), &published),
    ]
}

/// An event, by the operator.
fn append(env: &dyn Env, document: DocumentId, body: &impl serde::Serialize) -> Act {
    let serde_json::Value::Object(body) = serde_json::to_value(body).unwrap() else {
        panic!("an event is a map");
    };
    let event = NewEvent {
        id: EventId(env.uuid_v7()),
        at_ms: env.now_ms(),
        body,
    };
    Act {
        document,
        verb: Verb::Append { event },
    }
}

impl Branch {
    async fn end(&self, site: &Site, grant: GrantId) {
        let reason = "调离".to_owned();
        let ended = append(
            self.env.as_ref(),
            grant.into(),
            &GrantEvent::Ended { reason },
        );
        site.relay.act(Author::OPERATOR, vec![ended]).await.unwrap();
    }
}

/// Nothing is said before it is out of this process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
