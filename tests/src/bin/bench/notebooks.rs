//! The figures of one notebook: a verb, and lists and searches when it is large.

use std::time::Instant;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
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
use crate::table::Table;
use crate::{bindings, limits};

const TIMES: usize = 300;

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A verb, committed: beside one transaction of the same bytes.
pub(crate) fn measure_verbs(table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut fleet = Fleet::new(1).await;
        let branch = fleet.plant.first;
        let mut phone = fleet
            .phone("王建国", branch, &[(Role::Member, branch)])
            .await;
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

    let begun = Instant::now();
    let notebook = Notebook::open(&path, SystemEnv::shared()).unwrap();
    table.put(
        &format!("{count} inspections: open"),
        "ms",
        begun.elapsed().as_secs_f64() * 1e3,
    );
    let filter = Filter {
        zone: Some(zones[3]),
        ..Filter::default()
    };
    table.put(
        "first page of a filtered list",
        "ms",
        time_list(&notebook, &filter),
    );
    for typed in ["槽", "消防", "消防器材在"] {
        let filter = Filter {
            text: Some(typed.into()),
            ..Filter::default()
        };
        let name = format!("search of {} characters", typed.chars().count());
        table.put(&name, "ms", time_list(&notebook, &filter));
    }
    let kind = DocumentKind::Inspection;
    let begun = Instant::now();
    assert_eq!(
        query::count(notebook.reader(), kind, &Filter::default()).unwrap(),
        count as u64
    );
    table.put("count of all", "ms", begun.elapsed().as_secs_f64() * 1e3);
    drop(notebook);
    bindings::measure(&path, count, table);
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
