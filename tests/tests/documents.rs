//! Every document is a plain Automerge file: another implementation, which nobody here wrote,
//! loads what the relay serves and reads the same values.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use vanguard_core::id::DocumentId;
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardNature};
use vanguard_core::model::inspection::{
    Inspection, InspectionFields, InspectionKind, ItemOutcome, ItemResult,
};
use vanguard_core::model::{Author, Role, Shift, View};
use vanguard_tests::{Fleet, Phone};

/// Runs the reader over files; `NODE` names the program where it is not `node`.
fn read_with_javascript(files: &[&Path]) -> Vec<Value> {
    let node = std::env::var_os("NODE").unwrap_or_else(|| "node".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("documents/read.mjs");
    let output = Command::new(node).arg(script).args(files).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn served(fleet: &Fleet, phone: &Phone, id: DocumentId) -> Vec<u8> {
    fleet
        .relay
        .document(phone.member(), id)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_reads_the_same_record_conflicts_and_authors_included() {
    let mut fleet = Fleet::new(11).await;
    let branch = fleet.plant.first;
    let mut one = fleet.enlist("王建国", Role::Member, branch).await;
    let mut two = fleet.enlist("李明", Role::SafetyOfficer, branch).await;
    fleet.sync(&mut one).await;
    fleet.sync(&mut two).await;

    let zone = vanguard_core::id::ZoneId(uuid_of(&one));
    let mut fields = InspectionFields::new(
        zone,
        InspectionKind::NoViolation,
        Shift::Night,
        1_793_462_400_000,
    );
    fields.summary = "3号槽“北侧”护栏完好 — OK".into();
    fields.items.push(ItemResult {
        code: "1".into(),
        outcome: ItemOutcome::Normal,
        remark: "无".into(),
        hazard: None,
        violation: None,
    });
    let inspection = one
        .notebook
        .create::<Inspection>(branch, &fields, None)
        .unwrap();
    let report = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    let hazard = one.notebook.report_hazard(branch, &report).unwrap();
    fleet.sync(&mut one).await;
    fleet.sync(&mut two).await;
    let place = |text: &str| Map::from_iter([("place".to_owned(), json!(text))]);
    one.notebook.edit(hazard, place("北侧")).unwrap();
    two.notebook.edit(hazard, place("南侧")).unwrap();
    let comment = HazardEvent::Commented {
        text: "已通知班长".into(),
    };
    two.notebook.act_on_hazard(hazard, &comment).unwrap();
    for _ in 0..2 {
        fleet.sync(&mut one).await;
        fleet.sync(&mut two).await;
    }

    let directory = tempfile::tempdir().unwrap();
    let files = [("inspection", inspection), ("hazard", hazard.into())]
        .map(|(name, id)| (directory.path().join(name), id));
    for (path, id) in &files {
        std::fs::write(path, served(&fleet, &one, *id).await).unwrap();
    }
    let paths: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
    let read = read_with_javascript(&paths);

    let view = one.notebook.get::<Inspection>(inspection).unwrap().view;
    assert_same(&read[0], &view);
    let view = one.notebook.get::<Hazard>(hazard).unwrap().view;
    assert_same(&read[1], &view);
    let conflict = &view.conflicts[0];
    let values: Vec<&Value> = conflict.values.iter().map(|value| &value.value).collect();
    let theirs: Vec<&Value> = read[1]["fields"]["place"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(theirs, values, "both values, the shown one last");
    assert_eq!(read[1]["changes"], 4);
    let authors: Vec<Author> = read[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| Author::from_message(message.as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(
        authors
            .iter()
            .filter(|author| author.member == two.member())
            .count(),
        2
    );
}

fn uuid_of(phone: &Phone) -> uuid::Uuid {
    use vanguard_core::env::Env;
    (&*phone.env as &dyn Env).uuid_v7()
}

/// Header, fields and events as the other implementation reads them.
fn assert_same<R: vanguard_core::model::Record>(read: &Value, view: &View<R>) {
    let document = &read["document"];
    assert_eq!(
        document["fields"],
        serde_json::to_value(&view.fields).unwrap()
    );
    let header = serde_json::to_value(&view.header).unwrap();
    for (name, value) in header.as_object().unwrap() {
        assert_eq!(&document[name], value, "{name}");
    }
    let events = document["events"].as_object().unwrap();
    assert_eq!(events.len(), view.events.len());
    for folded in &view.events {
        let mut event = serde_json::to_value(&folded.event).unwrap();
        let id = event.as_object_mut().unwrap().remove("id").unwrap();
        assert_eq!(events[id.as_str().unwrap()], event);
    }
}
