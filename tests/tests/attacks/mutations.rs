//! Valid changes with one to three bytes changed and a checksum that fits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use vanguard_core::env::Env as _;
use vanguard_core::id::{MemberId, OrgId, ZoneId};
use vanguard_core::model::inspection::{Inspection, InspectionFields, InspectionKind};
use vanguard_core::model::people::{Grant, GrantFields};
use vanguard_core::model::violation::{Violation, ViolationFields, ViolationKind};
use vanguard_core::model::{Role, Shift};
use vanguard_core::wire::BatchEntry;
use vanguard_tests::dice::Dice;
use vanguard_tests::hostile::{Hostile, Made, Scene, answers, append, edit, next, tampered};
use vanguard_tests::photo;

/// As many as the issue asks for where the code is optimised, fewer where it is not.
const MUTATIONS: usize = if cfg!(debug_assertions) {
    4_000
} else {
    100_000
};
const SEED: u64 = 2026;

#[tokio::test(flavor = "multi_thread")]
async fn mutated_changes_are_refused_or_harmless() {
    println!("seed {SEED}, {MUTATIONS} mutations");
    let panics = count_panics();
    let mut scene = Scene::new().await;
    let first = scene.first;
    let roles = [
        (Role::SafetyOfficer, first),
        (Role::Member, first),
        (Role::Admin, first),
    ];
    let mut hostile = scene.hostile(&roles).await;
    let mut dice = Dice::new(SEED);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut left = MUTATIONS;
    while left > 0 {
        // Documents that stand still would be spoilt by the first mutation that gets in, and
        // documents that grow would make the later ones slow: each lives for some hundred.
        let hazard = scene.honest_hazard().await;
        let doc = scene.document(hazard);
        let by = hostile.composer();
        let verbs = [
            append(json!({"event": "commented", "text": "现场已确认，需要处理"})),
            append(json!({
                "event": "graded", "grade": "general", "nature": "unsafe_act", "reason": "一般",
            })),
            append(json!({"event": "field_chosen", "field": "description", "value": "择定"})),
            edit(json!({"place": "二车间 3# 炉南侧", "photos": [photo(0xab), photo(0xcd)]})),
            edit(json!({"description": "改过的描述"})),
        ];
        let mut bases: Vec<Made> = verbs
            .iter()
            .map(|verb| next(&doc, hazard, first, &by, verb))
            .collect();
        bases.push(hostile.report_as(&by, first, "煤气管道法兰泄漏，现场有明显异味"));
        bases.extend(others(&hostile, first));
        let entries: Vec<BatchEntry> = (0..500.min(left))
            .map(|_| {
                let base = dice.one(&bases).clone();
                let raw = tampered(&mut dice, &base.raw);
                BatchEntry {
                    changes: vec![raw.into()],
                    ..base.entry()
                }
            })
            .collect();
        left -= entries.len();
        for answer in answers(&hostile.push(entries).await) {
            *counts.entry(answer.to_owned()).or_default() += 1;
        }
    }
    for (answer, count) in &counts {
        println!("{count:6}  {answer}");
    }
    println!(
        "{:6}  panics, all of them caught",
        panics.load(Ordering::Relaxed)
    );
    assert!(counts["malformed"] > MUTATIONS / 2);
    // Everything that was admitted loads, here and on a phone, for ever.
    scene.honest_sync().await;
    let log = scene.log();
    let ids: std::collections::BTreeSet<_> = log.iter().map(|(id, _)| *id).collect();
    for id in ids {
        let doc = scene_document(&log, id);
        assert!(!doc.get_heads().is_empty(), "{id}");
        automerge::Automerge::load(&doc.save()).unwrap();
    }
    let damaged: u64 = scene
        .honest()
        .reader()
        .query_row(
            "SELECT count(*) FROM document WHERE condition <> 'good'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(damaged, 0);
    scene.is_unharmed().await;
}

/// What else a device may write, rights among it, and what follows on it.
fn others(by: &Hostile, first: OrgId) -> Vec<Made> {
    let at_work = by.composer_as(by.as_role(Role::Member));
    let (zone, now_ms) = (ZoneId(first.0), vanguard_core::SystemEnv.now_ms());
    let round = InspectionFields::new(zone, InspectionKind::Daily, Shift::Day, now_ms);
    let violation = ViolationFields::new(
        ViolationKind::OperationViolation,
        "未系安全带",
        "三号塔",
        "高处作业规程",
    );
    let in_charge = by.composer_as(by.as_role(Role::Admin));
    let member = MemberId(first.0);
    let grant = GrantFields {
        member,
        role: Role::Rectifier,
        org: first,
    };
    let granted = by.create::<Grant>(&in_charge, OrgId::DIRECTORY, &grant);
    let ended = append(json!({"event": "ended", "reason": "调离"}));
    vec![
        by.create::<Inspection>(&at_work, first, &round),
        by.create::<Violation>(&at_work, first, &violation),
        granted.then(&in_charge, &ended),
        granted,
    ]
}

fn scene_document(
    log: &[(vanguard_core::id::DocumentId, Vec<u8>)],
    id: vanguard_core::id::DocumentId,
) -> automerge::Automerge {
    let raws = log.iter().filter(|(of, _)| *of == id).map(|(_, raw)| raw);
    automerge::Automerge::load(&raws.flatten().copied().collect::<Vec<_>>()).unwrap()
}

/// Counts panics, and keeps quiet about those in Automerge: admission catches them.
fn count_panics() -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let is_automerge = info
            .location()
            .is_some_and(|at| at.file().contains("automerge") || at.file().contains("hexane"));
        if is_automerge {
            counted.fetch_add(1, Ordering::Relaxed);
        } else {
            hook(info);
        }
    }));
    count
}
