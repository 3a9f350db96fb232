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
use vanguard_tests::Fleet;

use crate::fleet::inspection;
use crate::relay::peak_bytes;
use crate::table::Table;
use crate::{bindings, limits, process};

const TIMES: usize = 300;

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A verb, committed: beside one transaction of the same bytes.
pub(crate) fn measure_verbs(table: &mut Table) {
    process::runtime().block_on(async {
        let mut fleet = Fleet::new(1).await;
        let branch = fleet.plant.first;
        let mut phone = fleet.enlist("王建国", Role::Member, branch).await;
        fleet.sync(&mut phone).await;
        let zones: Vec<ZoneId> = (0..20)
            .map(|_| ZoneId((&SystemEnv as &dyn Env).uuid_v7()))
            .collect();
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut took = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        for _ in 0..TIMES {
            let fields = inspection(&zones, &mut random, 1_793_462_400_000);
            let begun = Instant::now();
            let id = phone
                .notebook
                .create::<Inspection>(branch, &fields, None)
                .unwrap();
            took.push(begun.elapsed().as_secs_f64());
            let row = phone.notebook.get::<Inspection>(id).unwrap();
            bytes = serde_json::to_vec(&row.view).unwrap().len() * 3; // change, view, verb
        }
        let directory = tempfile::tempdir().unwrap();
        let bare_ms = median(limits::bare_commits(directory.path(), bytes, TIMES)) * 1e3;
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

/// A notebook of `count` inspections.
pub(crate) fn measure_large(count: usize, table: &mut Table) {
    eprintln!("filling a notebook with {count} inspections");
    let directory = tempfile::tempdir().unwrap();
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
    for (characters, took_ms) in figures.searches_ms {
        let name = format!("search of {characters} characters");
        put(&name, "ms", took_ms, 30.0);
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
    /// By the number of characters.
    searches_ms: Vec<(usize, f64)>,
    count_ms: f64,
    peak_mib: f64,
}

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
    let filtered_ms = time_list(&notebook, &filter);
    let searches = ["槽", "消防", "消防器材在"].map(|typed| {
        let filter = Filter {
            text: Some(typed.into()),
            ..Filter::default()
        };
        (typed.chars().count(), time_list(&notebook, &filter))
    });
    let kind = DocumentKind::Inspection;
    let begun = Instant::now();
    let all = query::count(notebook.reader(), kind, &Filter::default()).unwrap();
    let count_ms = begun.elapsed().as_secs_f64() * 1e3;
    assert_eq!(all.to_string(), *count);
    let figures = Figures {
        open_ms,
        filtered_ms,
        searches_ms: searches.into(),
        count_ms,
        peak_mib: peak_bytes("self") / 1_048_576.0,
    };
    println!("{}", serde_json::to_string(&figures).unwrap());
}

fn time_list(notebook: &Notebook, filter: &Filter) -> f64 {
    let mut took = Vec::new();
    for _ in 0..11 {
        let begun = Instant::now();
        let page = notebook.list::<Inspection>(filter, None, 50).unwrap();
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(page.rows.len(), 50);
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
        let made: Vec<(DocumentId, Composed)> = (0..1_000.min(count - made_so_far))
            .map(|_| {
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
                let fields = inspection(zones, &mut random, now_ms);
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
