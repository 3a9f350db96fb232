use super::*;
use crate::id::OrgId;
use crate::model::hazard::{Assignment, FiveAssurances, HazardEvent, HazardFields, Rectification};
use crate::model::inspection::{Inspection, InspectionFields, InspectionKind};
use crate::model::organisation::{Unit, UnitFields, UnitKind};
use crate::model::people::{Member, MemberFields, Person, PersonFields};
use crate::model::photo::sample as photo;
use crate::model::{Author, Shift};
use crate::store::history::{ChangeKind, history};
use crate::store::testing::World;

/// A hazard with its whole life, as of the last second of which `now_ms` is given.
fn world() -> (World, DocumentId, i64) {
    let mut world = World::new(5);
    let space = OrgId(world.uuid(1));
    let admin = world.author(Role::Admin);
    let directory = OrgId::DIRECTORY;
    let unit = UnitFields {
        name: "电解二分厂".into(),
        unit_kind: UnitKind::Plant,
        parent: None,
    };
    let unit = world.create::<Unit>(admin, directory, &unit, None, 10);
    let hand = |world: &mut World, name: &str, role| {
        let fields = MemberFields {
            name: name.into(),
            number: name.into(),
            home: None,
            unit: Some(unit.into()),
        };
        let member = world.create::<Member>(admin, directory, &fields, None, 11);
        let author = world.author(role);
        Author {
            member: member.into(),
            ..author
        }
    };
    let finder = hand(&mut world, "王强", Role::Member);
    let officer = hand(&mut world, "李敏", Role::SafetyOfficer);
    let person = PersonFields {
        name: "赵师傅".into(),
        unit: unit.into(),
    };
    let person = world.create::<Person>(admin, directory, &person, None, 12);
    let start = Day::from_ymd(2026, 11, 20).start_ms() + 8 * 3_600_000 + 5 * 60_000;
    let round = InspectionFields::new(
        crate::id::ZoneId(world.uuid(1)),
        InspectionKind::Daily,
        Shift::Day,
        start,
    );
    let round = world.create::<Inspection>(finder, space, &round, None, start + 60_000);
    let mut fields = HazardFields::new("=灭火器过期", HazardNature::UnsafeCondition);
    fields.place = Some("3号槽北侧".into());
    fields.inspection = Some(round.into());
    fields.photos = vec![photo(0xaa)];
    let at_ms = start + 90_000;
    let reported = Some(&HazardEvent::Reported);
    let id = world.create::<Hazard>(finder, space, &fields, reported, at_ms);
    let assurances = FiveAssurances {
        funds: "800元".into(),
        contingency_plan: "备用灭火器".into(),
        ..FiveAssurances::default()
    };
    let life = [
        HazardEvent::Graded {
            grade: HazardGrade::General,
            nature: HazardNature::ManagementDefect,
            reason: "漏检".into(),
            criterion: None,
        },
        HazardEvent::Assigned(Assignment {
            unit: unit.into(),
            person: Party::Person(person.into()),
            mode: RectificationMode::Deadline,
            deadline_ms: at_ms + 1_000_000,
            assurances: Some(assurances),
            plan: None,
        }),
        HazardEvent::Rectified(Rectification {
            what: "已更换".into(),
            on_behalf_of: Some(Party::Person(person.into())),
            on_the_spot: false,
            photos: vec![photo(0xbb)],
        }),
        HazardEvent::Verified {
            conclusion: "合格".into(),
            assessment: None,
        },
    ];
    for (step, event) in (1..).zip(&life) {
        let is_rectified = matches!(event, HazardEvent::Rectified(_));
        let author = if is_rectified { finder } else { officer };
        world.append::<Hazard>(id, author, event, at_ms + step * 1_000);
    }
    (world, id, at_ms + 5_000)
}

fn only_row(world: &World, language: Language, now_ms: i64) -> LedgerRow {
    let reader = Reader { language, now_ms };
    let page = rows(world.store.reader(), &Filter::default(), reader, None, 10).unwrap();
    assert_eq!(page.next, None);
    page.rows.into_iter().next().unwrap()
}

#[test]
fn a_row_says_who_what_where_by_name() {
    let (mut world, id, now_ms) = world();
    let row = only_row(&world, Language::Chinese, now_ms);
    let text = |column| row.text(column, Language::Chinese);
    assert!(row.number.starts_with("20261120-") && row.number.len() == 17);
    assert_eq!(text(LedgerColumn::InspectedAt), "2026-11-20 08:05");
    assert_eq!(text(LedgerColumn::InspectingUnit), "电解二分厂");
    assert_eq!(text(LedgerColumn::Inspector), "王强");
    assert_eq!(text(LedgerColumn::Place), "3号槽北侧");
    assert_eq!(text(LedgerColumn::Nature), "管理缺陷");
    assert_eq!(text(LedgerColumn::ResponsiblePerson), "赵师傅");
    assert_eq!(text(LedgerColumn::Funds), "800元");
    assert_eq!(text(LedgerColumn::Verifier), "李敏");
    assert_eq!(text(LedgerColumn::PhotosAfter), "1");
    assert_eq!(
        (row.photos_before, row.photos_after),
        (vec![photo(0xaa)], vec![photo(0xbb)])
    );
    assert!(!row.is_overdue);

    let late = only_row(&world, Language::English, now_ms + 2_000_000);
    assert!(late.is_overdue, "verified is not closed");
    let closed_out = late.text(LedgerColumn::ClosedOut, Language::English);
    assert_eq!(closed_out, "To be closed out overdue");

    let officer = world.author(Role::SafetyOfficer);
    world.append::<Hazard>(id, officer, &HazardEvent::ClosedOut, now_ms);
    let closed = only_row(&world, Language::English, now_ms + 2_000_000);
    assert!(!closed.is_overdue && closed.closed_at_ms == Some(now_ms));
    assert_eq!(closed.number, late.number);
}

#[test]
fn a_notice_is_dated_as_its_assignment_and_again_when_it_is_assigned_again() {
    let (mut world, id, now_ms) = world();
    let graded_ms = now_ms - 4_000;
    let row = only_row(&world, Language::Chinese, now_ms);
    assert_eq!(row.assigned_at_ms, Some(graded_ms + 1_000));
    let officer = world.author(Role::SafetyOfficer);
    let returned = HazardEvent::ReturnedForRework {
        reason: "未见签字".into(),
    };
    world.append::<Hazard>(id, officer, &returned, now_ms);
    let assigned = HazardEvent::Assigned(Assignment {
        unit: crate::id::UnitId(world.uuid(1)),
        person: Party::Member(officer.member),
        mode: RectificationMode::Deadline,
        deadline_ms: now_ms + 5_000_000,
        assurances: None,
        plan: None,
    });
    world.append::<Hazard>(id, officer, &assigned, now_ms + 1_000);
    let row = only_row(&world, Language::Chinese, now_ms + 9_000);
    assert_eq!(row.assigned_at_ms, Some(now_ms + 1_000));
}

#[test]
fn what_was_closed_out_in_a_time_is_found_whenever_it_was_reported() {
    let (mut world, id, now_ms) = world();
    let found = |world: &World, from_ms, to_ms| {
        let filter = Filter {
            closed_from_ms: Some(from_ms),
            closed_to_ms: Some(to_ms),
            ..Filter::default()
        };
        let language = Language::Chinese;
        let reader = Reader { language, now_ms };
        let page = rows(world.store.reader(), &filter, reader, None, 10);
        page.unwrap().rows.len()
    };
    assert_eq!(found(&world, 0, i64::MAX), 0, "verified is not closed");
    let officer = world.author(Role::SafetyOfficer);
    world.append::<Hazard>(id, officer, &HazardEvent::ClosedOut, now_ms);
    assert_eq!(found(&world, now_ms, now_ms + 1), 1);
    assert_eq!(found(&world, now_ms + 1, i64::MAX), 0);
    assert_eq!(found(&world, 0, now_ms), 0);
    let supervisor = world.author(Role::Supervisor);
    let reopened = HazardEvent::Reopened {
        reason: "复发".into(),
    };
    world.append::<Hazard>(id, supervisor, &reopened, now_ms + 1);
    assert_eq!(found(&world, 0, i64::MAX), 0, "what is open again is not");
}

#[test]
fn the_history_tells_every_change() {
    let (world, id, _) = world();
    let changes = history(world.store.reader(), id).unwrap().unwrap();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds[0], ChangeKind::Create);
    assert!(kinds[1..].iter().all(|kind| *kind == ChangeKind::Append));
    let events: Vec<_> = changes
        .iter()
        .map(|c| c.event_kind.as_deref().unwrap())
        .collect();
    assert_eq!(
        events,
        ["reported", "graded", "assigned", "rectified", "verified"]
    );
    assert!(changes[0].fields.contains(&"description".to_owned()));
    let positions: Vec<_> = changes
        .iter()
        .map(|change| change.position.unwrap())
        .collect();
    assert!(positions.is_sorted());
    assert!(changes.iter().all(|change| change.author.is_some()));
}
