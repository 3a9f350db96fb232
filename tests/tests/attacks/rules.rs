//! Well-made changes by people who may not do what they do.

use automerge::Automerge;
use serde_json::{Value, json};
use vanguard_core::id::{DocumentId, MemberId};
use vanguard_core::model::photo::Photo;
use vanguard_core::model::{Author, Role};
use vanguard_tests::hostile::{Hostile, Scene, answers, append, edit, next, no_grant};
use vanguard_tests::photo;

/// A hazard that lives in the log, and whatever is done to it.
struct Life {
    scene: Scene,
    hazard: DocumentId,
}

impl Life {
    async fn begin() -> Self {
        let mut scene = Scene::new().await;
        let hazard = scene.honest_hazard().await;
        Self { scene, hazard }
    }

    fn doc(&self) -> Automerge {
        self.scene.document(self.hazard)
    }

    /// Somebody does something that they may do.
    async fn done(&mut self, by: &mut Hostile, author: Author, body: Value) {
        let answer = self.try_to(by, author, body).await;
        assert_eq!(answer, "admitted");
    }

    async fn try_to(&mut self, by: &mut Hostile, author: Author, body: Value) -> String {
        let (composer, first) = (by.composer_as(author), self.scene.first);
        let made = next(&self.doc(), self.hazard, first, &composer, &append(body));
        answers(&by.push(vec![made.entry()]).await).join(" ")
    }

    /// Somebody tries something that they may not do: it leaves no trace.
    async fn refused(&mut self, by: &mut Hostile, author: Author, body: Value) -> String {
        let (composer, first) = (by.composer_as(author), self.scene.first);
        let made = next(&self.doc(), self.hazard, first, &composer, &append(body));
        let outcomes = self.scene.attack(by, made.entry()).await;
        answers(&outcomes).join(" ")
    }
}

fn graded(grade: &str) -> Value {
    json!({
        "event": "graded", "grade": grade, "nature": "unsafe_condition", "reason": "现场确认",
        "criterion": "判定标准第三条",
    })
}

fn measure() -> Value {
    json!({"event": "control_measure", "text": "已设警戒"})
}

fn assigned(scene: &Scene, person: MemberId, plan: bool) -> Value {
    let said = "已落实";
    let plan = json!({
        "goals_and_tasks": said, "methods_and_measures": said, "funds_and_supplies": said,
        "body_and_people": said, "time_limit_and_requirements": said,
        "safety_measures_and_contingency_plan": said, "principal": said,
    })
    .as_object()
    .filter(|_| plan)
    .cloned();
    let mut body = json!({
        "event": "assigned", "unit": scene.unit, "person": {"member": person},
        "mode": "deadline", "deadline_ms": 1_900_000_000_000_i64,
    });
    if let Some(plan) = plan {
        body["plan"] = Value::Object(plan);
    }
    body
}

fn rectified(on_behalf_of: Option<MemberId>) -> Value {
    let mut body = json!({"event": "rectified", "what": "已清理"});
    if let Some(member) = on_behalf_of {
        body["on_behalf_of"] = json!({"member": member});
    }
    body
}

fn verified() -> Value {
    json!({"event": "verified", "conclusion": "复查合格", "assessment": "治理有效"})
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_never_held_ended_or_of_another_space_give_no_right() {
    let mut life = Life::begin().await;
    let (first, second) = (life.scene.first, life.scene.second);
    let roles = [(Role::Member, first), (Role::SafetyOfficer, second)];
    let mut hostile = life.scene.hostile(&roles).await;
    let (member, officer) = (
        hostile.as_role(Role::Member),
        hostile.as_role(Role::SafetyOfficer),
    );
    let honest = life.scene.honest().directory().clone();
    let honest_member = life.scene.honest().member().unwrap();
    let honest_grant = honest.grants_of(honest_member)[0].0;

    for (what, author, answer) in [
        (
            "never given",
            Author {
                grant: no_grant(),
                ..officer
            },
            "grant_unknown",
        ),
        (
            "somebody else's",
            Author {
                grant: honest_grant,
                ..officer
            },
            "grant_unknown",
        ),
        (
            "in another role",
            Author {
                role: Role::SafetyOfficer,
                ..member
            },
            "grant_unknown",
        ),
        ("a member's", member, "role"),
        ("of another space", officer, "outside_space"),
        ("the operator's", Author::OPERATOR, "forged"),
    ] {
        assert_eq!(
            life.refused(&mut hostile, author, graded("general")).await,
            answer,
            "{what}"
        );
    }
    let by = hostile.composer_as(officer);
    let elsewhere = hostile.report_as(&by, first, "无权上报");
    let outcomes = life.scene.attack(&mut hostile, elsewhere.entry()).await;
    assert_eq!(answers(&outcomes), ["outside_space"]);

    let seen = life.scene.log().len() as u64;
    life.scene.end_grant(member.grant).await;
    let before = life.scene.log();
    hostile.directory_position = life.scene.log().len() as u64;
    let (hazard, comment) = (life.hazard, json!({"event": "commented", "text": "备注"}));
    let made = next(
        &life.doc(),
        hazard,
        first,
        &hostile.composer_as(member),
        &append(comment.clone()),
    );
    assert_eq!(
        answers(&hostile.push(vec![made.entry()]).await),
        ["grant_ended"]
    );
    assert!(life.scene.log() == before);
    // Whoever says not to have seen the end is taken at their word, and marked.
    hostile.directory_position = seen;
    life.done(&mut hostile, member, comment).await;
    assert_eq!(life.scene.rows("change WHERE is_late"), 1);
    life.scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_verifies_what_they_rectified_or_recorded() {
    for on_behalf in [false, true] {
        let mut life = Life::begin().await;
        let first = life.scene.first;
        let mut officer = life.scene.hostile(&[(Role::SafetyOfficer, first)]).await;
        let mut worker = life.scene.hostile(&[(Role::SafetyOfficer, first)]).await;
        let (by, worker_as) = (
            officer.as_role(Role::SafetyOfficer),
            worker.as_role(Role::SafetyOfficer),
        );
        life.done(&mut officer, by, graded("general")).await;
        let person = if on_behalf {
            worker.member
        } else {
            officer.member
        };
        let assigned = assigned(&life.scene, person, false);
        life.done(&mut officer, by, assigned).await;
        let behalf = on_behalf.then_some(worker.member);
        life.done(&mut officer, by, rectified(behalf)).await;
        assert_eq!(life.refused(&mut officer, by, verified()).await, "own_hand");
        if on_behalf {
            assert_eq!(
                life.refused(&mut worker, worker_as, verified()).await,
                "own_hand"
            );
        }
        // Nor by closing an eye to the rectification: then there is nothing to verify.
        assert_eq!(
            life.refused(&mut officer, by, json!({"event": "closed_out"}))
                .await,
            "status"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_major_hazard_needs_its_measure_its_plan_and_another_hand_to_close_it() {
    let mut life = Life::begin().await;
    let first = life.scene.first;
    let mut officer = life.scene.hostile(&[(Role::SafetyOfficer, first)]).await;
    let mut supervisor = life.scene.hostile(&[(Role::Supervisor, first)]).await;
    let mut other = life.scene.hostile(&[(Role::Supervisor, first)]).await;
    let by = officer.as_role(Role::SafetyOfficer);
    let as_supervisor = supervisor.as_role(Role::Supervisor);
    let as_other = other.as_role(Role::Supervisor);

    let mut bare = graded("major");
    bare.as_object_mut().unwrap().remove("criterion");
    assert_eq!(
        life.refused(&mut officer, by, bare).await,
        "criterion_missing"
    );
    life.done(&mut officer, by, graded("major")).await;
    let (with_plan, without) = (
        assigned(&life.scene, officer.member, true),
        assigned(&life.scene, officer.member, false),
    );
    let on_the_spot = json!({"event": "rectified", "what": "当场", "on_the_spot": true});
    assert_eq!(
        life.refused(&mut officer, by, on_the_spot).await,
        "on_the_spot_major"
    );
    let answer = life.refused(&mut officer, by, with_plan.clone()).await;
    assert_eq!(answer, "control_measure_missing");
    life.done(&mut officer, by, measure()).await;
    assert_eq!(
        life.refused(&mut officer, by, without).await,
        "plan_missing"
    );
    let mut empty = with_plan.clone();
    empty["plan"]["principal"] = json!(" ");
    assert_eq!(life.refused(&mut officer, by, empty).await, "plan_missing");
    life.done(&mut officer, by, with_plan).await;
    life.done(&mut officer, by, rectified(None)).await;
    let mut unassessed = verified();
    unassessed.as_object_mut().unwrap().remove("assessment");
    let answer = life
        .refused(&mut supervisor, as_supervisor, unassessed)
        .await;
    assert_eq!(answer, "assessment_missing");
    life.done(&mut supervisor, as_supervisor, verified()).await;
    let close = json!({"event": "closed_out"});
    let answer = life
        .refused(&mut supervisor, as_supervisor, close.clone())
        .await;
    assert_eq!(answer, "verifier_closes");
    assert_eq!(life.refused(&mut officer, by, close.clone()).await, "role");
    life.done(&mut other, as_other, close).await;
}

/// An author who hides from themselves what they know does not get round the rules: what they say
/// they knew is judged, and what the relay knows decides whether it counts.
#[tokio::test(flavor = "multi_thread")]
async fn who_builds_on_an_old_state_decides_nothing() {
    let mut life = Life::begin().await;
    let first = life.scene.first;
    let mut officer = life.scene.hostile(&[(Role::SafetyOfficer, first)]).await;
    let by = officer.as_role(Role::SafetyOfficer);
    life.done(&mut officer, by, graded("general")).await;
    let old = life.doc();
    let void = json!({"event": "voided", "reason": "误报"});
    life.done(&mut officer, by, void.clone()).await;
    let again = next(
        &old,
        life.hazard,
        first,
        &officer.composer_as(by),
        &append(void),
    );
    assert_eq!(
        answers(&officer.push(vec![again.entry()]).await),
        ["admitted"]
    );
    life.scene.honest_sync().await;
    let hazard = life.hazard;
    let honest = life.scene.honest();
    let view = honest
        .get::<vanguard_core::model::hazard::Hazard>(hazard)
        .unwrap()
        .view;
    let counts: Vec<bool> = view
        .events
        .iter()
        .map(|event| event.superseded.is_none())
        .collect();
    assert_eq!(counts, [true, true, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_leaves_a_record_that_its_rules_would_let_be_made() {
    let mut life = Life::begin().await;
    let first = life.scene.first;
    let mut hostile = life.scene.hostile(&[(Role::Member, first)]).await;
    let nowhere = Photo {
        hash: "../../../etc/passwd".into(),
        ..photo(0xab)
    };
    for (fields, answer) in [
        (json!({"description": ""}), "text_missing"),
        (json!({"description": "  \n"}), "text_missing"),
        (json!({"description": null}), "too_new"),
        (json!({"description": 7}), "too_new"),
        (json!({"nature": "不是性质"}), "too_new"),
        (json!({"photos": "不是清单"}), "too_new"),
        (json!({"photos": vec![photo(0xab); 21]}), "too_many_photos"),
        (json!({"photos": [nowhere]}), "malformed"),
    ] {
        let verb = edit(fields.clone());
        let made = next(&life.doc(), life.hazard, first, &hostile.composer(), &verb);
        let outcomes = life.scene.attack(&mut hostile, made.entry()).await;
        assert_eq!(answers(&outcomes), [answer], "{fields}");
    }
}

/// 择定 says which value was chosen; it must be the one that is shown then.
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_writes_what_it_says() {
    let mut life = Life::begin().await;
    let first = life.scene.first;
    let mut hostile = life.scene.hostile(&[(Role::SafetyOfficer, first)]).await;
    let composer = hostile.composer();
    let choice = |value: &str| {
        append(json!({"event": "field_chosen", "field": "description", "value": value}))
    };
    let honest = next(
        &life.doc(),
        life.hazard,
        first,
        &composer,
        &choice("护栏断裂"),
    );
    let lie = honest.forged(|change| {
        let (key, text) = (automerge::legacy::Key::Map("value".into()), "护栏完好");
        let op = change.operations.iter_mut().find(|op| op.key == key);
        op.unwrap().action =
            automerge::legacy::OpType::Put(automerge::ScalarValue::Str(text.into()));
    });
    let entry = vanguard_tests::hostile::entry(life.hazard, first, &[lie]);
    let outcomes = life.scene.attack(&mut hostile, entry).await;
    assert_eq!(answers(&outcomes), ["forged"]);
    let silent = honest.forged(|change| {
        change
            .operations
            .retain(|op| op.key != automerge::legacy::Key::Map("description".into()));
    });
    let entry = vanguard_tests::hostile::entry(life.hazard, first, &[silent]);
    let outcomes = life.scene.attack(&mut hostile, entry).await;
    assert!(
        ["forged", "malformed"].contains(&answers(&outcomes)[0]),
        "{outcomes:?}"
    );
    assert_eq!(
        answers(&hostile.push(vec![honest.entry()]).await),
        ["admitted"]
    );
    life.scene.is_unharmed().await;
}
