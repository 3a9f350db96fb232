//! Changes that say something untrue, or write where they must not.

use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, ExpandedChange, ObjType, ReadDoc, ScalarValue};
use serde_json::json;
use vanguard_core::id::DocumentId;
use vanguard_core::model::Role;
use vanguard_tests::hostile::{Hostile, Made, Scene, answers, append, edit, entry, next, no_grant};

/// A scene with a hazard that somebody honest has reported, and a hostile officer's next change
/// to it: an event, and an edit.
struct Desk {
    scene: Scene,
    hostile: Hostile,
    hazard: DocumentId,
    comment: Made,
    edit: Made,
}

impl Desk {
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        let first = scene.first;
        let hostile = scene.hostile(&[(Role::SafetyOfficer, first)]).await;
        let hazard = scene.honest_hazard().await;
        let doc = scene.document(hazard);
        let by = hostile.composer();
        let comment = append(json!({"event": "commented", "text": "备注"}));
        let comment = next(&doc, hazard, first, &by, &comment);
        let edit = next(
            &doc,
            hazard,
            first,
            &by,
            &edit(json!({"description": "改了"})),
        );
        Self {
            scene,
            hostile,
            hazard,
            comment,
            edit,
        }
    }

    async fn attack(&mut self, raw: Vec<u8>) -> String {
        let entry = entry(self.hazard, self.scene.first, &[raw]);
        let outcomes = self.scene.attack(&mut self.hostile, entry).await;
        answers(&outcomes).join(" ")
    }
}

/// The operation that makes the event's map under `events`.
fn event_op(change: &mut ExpandedChange) -> &mut Op {
    let made = change
        .operations
        .iter_mut()
        .find(|op| matches!(op.action, OpType::Make(ObjType::Map)));
    made.unwrap()
}

fn put(obj: ObjectId, key: &str, value: &str) -> Op {
    Op {
        action: OpType::Put(ScalarValue::Str(value.into())),
        obj,
        key: Key::Map(key.into()),
        pred: SortedVec::new(),
        insert: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_place_in_its_document_is_refused() {
    let mut desk = Desk::new().await;
    let start =
        |op: u64| move |change: &mut ExpandedChange| change.start_op = NonZeroU64::new(op).unwrap();
    let honest = {
        let mut honest = 0;
        desk.edit.forged(|change| honest = change.start_op.get());
        honest
    };
    for (op, answer) in [
        (1, "malformed"),
        (honest - 1, "malformed"),
        (honest + 1, "malformed"),
        (honest + 1_000, "malformed"),
        (u64::from(u32::MAX) - 1, "malformed"),
        (u64::from(u32::MAX), "malformed"),
        (u64::from(u32::MAX) + 1, "too_large"),
        (u64::MAX / 2, "too_large"),
    ] {
        let raw = desk.edit.forged(start(op));
        assert_eq!(desk.attack(raw).await, answer, "start_op {op}");
    }
    for (seq, answer) in [
        (2, "malformed"),
        (1_000, "malformed"),
        (1 << 40, "too_large"),
    ] {
        let raw = desk.edit.forged(|change| change.seq = seq);
        assert_eq!(desk.attack(raw).await, answer, "seq {seq}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_hand_is_refused() {
    let mut desk = Desk::new().await;
    let stranger = ActorId::from(&[9_u8; 16][..]);
    let raw = desk.edit.forged(|change| change.actor_id = stranger);
    assert_eq!(desk.attack(raw).await, "forged", "another's actor");
    let doc = desk.scene.document(desk.hazard);
    let theirs = doc.get_changes(&[])[0].actor_id().clone();
    let raw = desk.comment.forged(|change| change.actor_id = theirs);
    assert_eq!(
        desk.attack(raw).await,
        "forged",
        "the honest device's actor"
    );
    let short = ActorId::from(&desk.hostile.actor()[..8]);
    let raw = desk.edit.forged(|change| change.actor_id = short);
    assert_eq!(desk.attack(raw).await, "malformed", "a short actor");

    let me = desk.hostile.as_role(Role::SafetyOfficer);
    let other = desk.scene.honest().member().unwrap();
    for (message, answer) in [
        (None, "malformed"),
        (Some("王建国".to_owned()), "malformed"),
        (Some(format!("{}/admin", me.member)), "malformed"),
        (
            Some(format!("{other}/safety_officer/{}", me.grant)),
            "forged",
        ),
        (
            Some(format!("{}/supervisor/{}", me.member, me.grant)),
            "grant_unknown",
        ),
        (
            Some(format!("{}/safety_officer/{}", me.member, no_grant())),
            "grant_unknown",
        ),
        (Some("x".repeat(5_000)), "too_large"),
    ] {
        let raw = desk
            .edit
            .forged(|change| change.message.clone_from(&message));
        assert_eq!(desk.attack(raw).await, answer, "{message:?}");
    }
    // The event says another author than its change.
    for (key, value) in [
        ("member", other.to_string()),
        ("role", "admin".to_owned()),
        ("grant", no_grant().to_string()),
    ] {
        let raw = desk.comment.forged(|change| {
            let op = change
                .operations
                .iter_mut()
                .find(|op| op.key == Key::Map(key.into()));
            op.unwrap().action = OpType::Put(ScalarValue::Str(value.clone().into()));
        });
        assert_eq!(desk.attack(raw).await, "forged", "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_time_or_history_is_refused() {
    let mut desk = Desk::new().await;
    for time in [-1, 253_402_300_800, i64::MIN, i64::MAX] {
        let raw = desk.edit.forged(|change| change.time = time);
        assert_eq!(desk.attack(raw).await, "malformed", "{time}");
    }
    for at_ms in [-1, i64::MAX] {
        let raw = desk.comment.forged(|change| {
            let op = change
                .operations
                .iter_mut()
                .find(|op| op.key == Key::Map("at_ms".into()));
            op.unwrap().action = OpType::Put(ScalarValue::Int(at_ms));
        });
        assert_eq!(desk.attack(raw).await, "forged", "{at_ms}");
    }
    // An event that says to have seen nothing, or something that does not exist.
    let raw = desk.comment.forged(|change| {
        let at = change
            .operations
            .iter()
            .position(|op| op.key == Key::Map("seen".into()));
        let list = OpId::new(change.start_op.get() + at.unwrap() as u64, &change.actor_id);
        let element = change
            .operations
            .iter_mut()
            .find(|op| op.obj == ObjectId::Id(list.clone()));
        let unseen = uuid::Uuid::from_u128(7).to_string();
        element.unwrap().action = OpType::Put(ScalarValue::Str(unseen.into()));
    });
    assert_eq!(desk.attack(raw).await, "forged");
    let raw = desk
        .edit
        .forged(|change| change.deps = vec![automerge::ChangeHash([7; 32])]);
    assert_eq!(
        desk.attack(raw).await,
        "held",
        "a dependency that nobody has"
    );
    let raw = desk.edit.forged(|change| change.deps.clear());
    assert_eq!(desk.attack(raw).await, "malformed", "no dependency");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_over_the_work_of_others() {
    let mut desk = Desk::new().await;
    let doc = desk.scene.document(desk.hazard);
    let object = |name: &str| match doc.get(automerge::ROOT, name).unwrap().unwrap().1 {
        automerge::ObjId::Id(counter, actor, _) => ObjectId::Id(OpId::new(counter, &actor)),
        automerge::ObjId::Root => ObjectId::Root,
    };
    let (fields, events) = (object("fields"), object("events"));
    let honest_event = {
        let (_, events) = doc.get(automerge::ROOT, "events").unwrap().unwrap();
        let key = doc.keys(&events).next().unwrap();
        let (_, id) = doc.get(&events, key.as_str()).unwrap().unwrap();
        let automerge::ObjId::Id(counter, actor, _) = id else {
            unreachable!()
        };
        (key, OpId::new(counter, &actor))
    };

    let raw = desk
        .edit
        .forged(|change| change.operations[0].pred = SortedVec::new());
    assert_eq!(desk.attack(raw).await, "overwrites", "a put without pred");
    let raw = desk
        .edit
        .forged(|change| change.operations.push(put(ObjectId::Root, "space", "别处")));
    assert_eq!(desk.attack(raw).await, "overwrites", "at the root");
    let raw = desk.edit.forged(|change| {
        change.operations = vec![Op {
            action: OpType::Make(ObjType::Map),
            ..put(ObjectId::Root, "events", "")
        }];
    });
    assert_eq!(desk.attack(raw).await, "overwrites", "over all events");
    let raw = desk.edit.forged(|change| {
        change.operations = vec![put(ObjectId::Id(honest_event.1.clone()), "event", "voided")];
    });
    assert_eq!(desk.attack(raw).await, "overwrites", "into another's event");
    let raw = desk.edit.forged(|change| {
        let pred = SortedVec::from(vec![honest_event.1.clone()]);
        change.operations = vec![Op {
            action: OpType::Delete,
            pred,
            ..put(events.clone(), &honest_event.0, "")
        }];
    });
    assert_eq!(
        desk.attack(raw).await,
        "overwrites",
        "deleting another's event"
    );
    let raw = desk.comment.forged(|change| {
        event_op(change).key = Key::Map(honest_event.0.as_str().into());
    });
    assert_eq!(
        desk.attack(raw).await,
        "overwrites",
        "under another's event's id"
    );
    let raw = desk
        .comment
        .forged(|change| event_op(change).key = Key::Map("不是编号".into()));
    assert_eq!(
        desk.attack(raw).await,
        "malformed",
        "an event without an id"
    );
    let raw = desk
        .comment
        .forged(|change| change.operations.push(put(fields.clone(), "place", "顺手")));
    assert_eq!(
        desk.attack(raw).await,
        "malformed",
        "an edit hidden in a comment"
    );
    let raw = desk.comment.forged(|change| {
        let again = change.operations.clone();
        change.operations.extend(again);
    });
    assert_eq!(
        desk.attack(raw).await,
        "overwrites",
        "two events in one change"
    );
    let raw = desk.edit.forged(|change| {
        change.operations[0].action = OpType::Increment(1);
    });
    assert_eq!(desk.attack(raw).await, "malformed", "a counter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_of_one_document_in_one_space_for_ever() {
    let mut desk = Desk::new().await;
    let (first, second) = (desk.scene.first, desk.scene.second);
    let other = desk.scene.honest_hazard().await;
    let edit = desk.edit.raw.clone();
    let created = desk
        .scene
        .log()
        .into_iter()
        .find(|(id, _)| *id == desk.hazard)
        .unwrap()
        .1;
    let mine = desk.hostile.report(first, "我的");
    for (what, document, space, raw, answer) in [
        ("an edit in another document", other, first, &edit, "held"),
        (
            "an edit in another space",
            desk.hazard,
            second,
            &edit,
            "forged",
        ),
        (
            "another's creation in another document",
            other,
            first,
            &created,
            "forged",
        ),
        (
            "its own creation in another document",
            other,
            first,
            &mine.raw,
            "already_created",
        ),
        (
            "its own creation in another space",
            mine.id,
            second,
            &mine.raw,
            "forged",
        ),
    ] {
        let entry = entry(document, space, std::slice::from_ref(raw));
        let outcomes = desk.scene.attack(&mut desk.hostile, entry).await;
        assert_eq!(answers(&outcomes), [answer], "{what}");
    }
    // A new document under the id of one that is there.
    let squatter = desk
        .hostile
        .report_with_id(desk.hazard, first, "占位")
        .entry();
    let outcomes = desk.scene.attack(&mut desk.hostile, squatter).await;
    assert_eq!(answers(&outcomes), ["already_created"]);
}
