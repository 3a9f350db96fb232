//! The figures of one notebook: a verb, and lists and searches when it is large.

use std::process::Command;
use std::time::Instant;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use vanguard_core::document::Admitted;
use vanguard_core::env::Env;
use vanguard_core::id::{DocumentId, GrantId, MemberId, OrgId, ZoneId};
use vanguard_core::model::inspection::Inspection;
use vanguard_core::model::{Author, DocumentKind, Header, Role, SCHEMA};
use vanguard_core::store::documents::{self, Incoming};
use vanguard_core::store::query::{self, Filter};
use vanguard_core::store::{Durability, Store, StoreError};
use vanguard_core::{Composed, Composer, Notebook, SystemEnv, Verb};

use crate::fleet::{Fleet, inspection};
use crate::relay::{Spaces, peak_bytes};
use crate::table::Table;
use crate::{bindings, limits, places, process};

const TIMES: usize = 300;

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A verb, committed: beside one transaction of the same bytes in the same folder.
pub(crate) fn measure_verbs(table: &mut Table) {
    process::runtime().block_on(async {
        let mut fleet = Fleet::enrol(1, 0, Spaces::Together).await;
        let (branch, zones) = (fleet.relay.ready.branches[0], &fleet.relay.ready.zones);
        let notebook = &mut fleet.devices[0].notebook;
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut took = Vec::with_capacity(TIMES);
        let before_bytes = committed_bytes(notebook);
        for _ in 0..TIMES {
            let fields = inspection(zones, &mut random, 1_793_462_400_000);
            let begun = Instant::now();
            notebook
                .create::<Inspection>(branch, &fields, None)
                .unwrap();
            took.push(begun.elapsed().as_secs_f64());
        }
        let bytes = (committed_bytes(notebook) - before_bytes) / TIMES;
        eprintln!("a verb commits {bytes} bytes: its change, the view of its record, itself");
        let bare = limits::bare_commits(fleet.directory.path(), bytes, TIMES);
        let bare_ms = median(bare) * 1e3;
        let limit = ("one FULL transaction of the same bytes", bare_ms);
        table.put_beside(
            "a verb, committed (median)",
            "ms",
            median(took) * 1e3,
            limit,
            3.0,
        );
    });
}

/// The bytes that a notebook holds of what verbs commit: raw changes, the views of records, and the
/// verbs that nobody has acknowledged. Indexes are made of these, and not counted.
fn committed_bytes(notebook: &Notebook) -> usize {
    let sql = "SELECT (SELECT coalesce(sum(octet_length(raw)), 0) FROM change)
        + (SELECT coalesce(sum(octet_length(view)), 0) FROM record)
        + (SELECT coalesce(sum(octet_length(verb)), 0) FROM outbox)";
    let bytes: i64 = notebook
        .reader()
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    usize::try_from(bytes).unwrap()
}

/// A notebook of `count` inspections.
pub(crate) fn measure_large(count: usize, table: &mut Table) {
    eprintln!("filling a notebook with {count} inspections");
    let directory = places::passing();
    let path = directory.path().join("large.db");
    let zones: Vec<ZoneId> = (0..20)
        .map(|_| ZoneId((&SystemEnv as &dyn Env).uuid_v7()))
        .collect();
    fill(&path, count, &zones);

    let child = Command::new(std::env::current_exe().unwrap())
        .args([COMMAND.as_ref(), path.as_os_str()])
        .args([count.to_string(), zones[3].to_string()])
        .output()
        .unwrap();
    assert!(child.status.success());
    let figures: Figures = serde_json::from_slice(&child.stdout).unwrap();
    let mut put = |name: &str, unit, value, most| table.put_within(name, unit, value, most);
    put(
        &format!("{count} inspections: open"),
        "ms",
        figures.open_ms,
        50.0,
    );
    put(
        "first page of a filtered list",
        "ms",
        figures.filtered_ms,
        10.0,
    );
    for (what, took_ms) in figures.searches_ms {
        put(&format!("search of {what}"), "ms", took_ms, 30.0);
    }
    put("count of all", "ms", figures.count_ms, 30.0);
    put(
        "most memory of a process that did this",
        "MiB",
        figures.peak_mib,
        64.0,
    );
    bindings::measure(&path, count, table);
}

/// What makes this program one that looks into a large notebook.
pub(crate) const COMMAND: &str = "notebook";

/// What it says.
#[derive(Serialize, Deserialize)]
struct Figures {
    open_ms: f64,
    filtered_ms: f64,
    /// By what is searched for.
    searches_ms: Vec<(String, f64)>,
    count_ms: f64,
    peak_mib: f64,
}

/// How many rows a page has.
const PAGE: usize = 50;
/// One inspection in so many tells of a leak.
const LEAK_IN: usize = 10_000;
const LEAK: &str = "氢氟酸泄漏";

/// What is searched for: what it is, what is typed, and how many of so many inspections have it.
type Search = (&'static str, &'static str, fn(usize) -> usize);
const SEARCHES: [Search; 6] = [
    ("1 character", "槽", |all| all),
    ("2 characters", "消防", |all| all),
    ("5 characters", "消防器材在", |all| all),
    ("a rare word", "氢氟酸", |all| all.div_ceil(LEAK_IN)),
    ("a word that is nowhere", "铀浓缩", |_| 0),
    // Nearly every inspection has each of these characters, and none has them in a row.
    (
        "frequent characters that are nowhere in a row",
        "位在人",
        |_| 0,
    ),
];

/// Opens a notebook of so many inspections, and looks into it: in a process of its own, so that
/// its memory is its own.
pub(crate) fn run(args: &[String]) {
    let [path, count, zone] = args else {
        eprintln!("notebook PATH COUNT ZONE");
        std::process::exit(2);
    };
    let begun = Instant::now();
    let notebook = Notebook::open(path.as_ref(), SystemEnv::shared()).unwrap();
    let open_ms = begun.elapsed().as_secs_f64() * 1e3;
    let filter = Filter {
        zone: Some(zone.parse().unwrap()),
        ..Filter::default()
    };
    let filtered_ms = time_list(&notebook, &filter, PAGE);
    let total: usize = count.parse().unwrap();
    let searches = SEARCHES.map(|(what, typed, is_held)| {
        let filter = Filter {
            text: Some(typed.into()),
            ..Filter::default()
        };
        let held = is_held(total);
        (
            what.to_owned(),
            time_list(&notebook, &filter, held.min(PAGE)),
        )
    });
    let kind = DocumentKind::Inspection;
    let begun = Instant::now();
    let all = query::count(notebook.reader(), kind, &Filter::default()).unwrap();
    let count_ms = begun.elapsed().as_secs_f64() * 1e3;
    assert_eq!(all, total as u64);
    let figures = Figures {
        open_ms,
        filtered_ms,
        searches_ms: searches.into(),
        count_ms,
        peak_mib: peak_bytes("self") / 1_048_576.0,
    };
    println!("{}", serde_json::to_string(&figures).unwrap());
}

/// How long the first page of a list takes, which has so many rows.
fn time_list(notebook: &Notebook, filter: &Filter, rows: usize) -> f64 {
    let mut took = Vec::new();
    for _ in 0..11 {
        let begun = Instant::now();
        let page = notebook.list::<Inspection>(filter, None, PAGE).unwrap();
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(page.rows.len(), rows);
    }
    median(took)
}

fn fill(path: &std::path::Path, count: usize, zones: &[ZoneId]) {
    let env: &dyn Env = &SystemEnv;
    let mut store = Store::open(path, Durability::Rebuildable).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let org = OrgId(env.uuid_v7());
    let author = Author {
        member: MemberId(env.uuid_v7()),
        role: Role::Member,
        grant: GrantId(env.uuid_v7()),
    };
    let (mut position, mut made_so_far) = (0, 0);
    while made_so_far < count {
        let step = made_so_far..(made_so_far + 1_000).min(count);
        let made: Vec<(DocumentId, Composed)> = step
            .map(|number| {
                let now_ms = env.now_ms() - 1_000_000;
                let id = DocumentId(env.uuid_v7());
                let header = Header {
                    id,
                    kind: DocumentKind::Inspection,
                    space: org,
                    creator: author.member,
                    created_ms: now_ms,
                    schema: SCHEMA,
                };
                let mut fields = inspection(zones, &mut random, now_ms);
                if number.is_multiple_of(LEAK_IN) {
                    fields.summary.push_str(LEAK);
                }
                let serde_json::Value::Object(fields) = serde_json::to_value(fields).unwrap()
                else {
                    unreachable!("fields are a map");
                };
                let verb = Verb::Create {
                    header,
                    fields,
                    event: None,
                };
                let composer = Composer::new(env.random_16(), author, now_ms);
                let mut doc = automerge::Automerge::new();
                (id, composer.perform(&mut doc, &verb, &[]).unwrap())
            })
            .collect();
        made_so_far += made.len();
        store
            .transact::<_, StoreError>(|conn| {
                for (id, composed) in &made {
                    position += 1;
                    let admitted = Some(Admitted {
                        position,
                        received_at_ms: env.now_ms(),
                    });
                    let incoming = [Incoming {
                        admitted,
                        raw: &composed.raw,
                    }];
                    documents::take(conn, *id, &incoming, env.now_ms())?;
                }
                Ok(())
            })
            .unwrap();
    }
}
