//! Lists, pages and search in a notebook.

use vanguard_core::id::{HazardId, ZoneId};
use vanguard_core::model::hazard::Hazard;
use vanguard_core::model::{DocumentKind, Role, Rota, Shift};
use vanguard_core::store::query::{self, Filter};
use vanguard_tests::Fleet;

use super::{one_phone, report};

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_repetition_and_any_characters_are_found() {
    let (_fleet, branch, mut phone) = one_phone(41).await;
    let mut made: Vec<_> = (0..53)
        .map(|number| report(&mut phone, branch, &format!("{number}号电解槽消防通道堵塞")))
        .collect();
    made.reverse();
    let mut listed: Vec<HazardId> = Vec::new();
    let mut after = None;
    loop {
        let page = phone
            .notebook
            .list::<Hazard>(&Filter::default(), after, 10)
            .unwrap();
        listed.extend(
            page.rows
                .iter()
                .map(|row| HazardId::from(row.view.header.id)),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, made);

    let count = |text: &str| {
        let filter = Filter {
            text: Some(text.into()),
            ..Filter::default()
        };
        phone
            .notebook
            .list::<Hazard>(&filter, None, 1_000)
            .unwrap()
            .rows
            .len()
    };
    assert_eq!(
        ["槽", "消防", "电解槽消防", "7号", "防消"].map(count),
        [53, 53, 53, 1, 0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_of_a_list_is_answered_from_an_index_in_order() {
    let mut fleet = Fleet::new(42).await;
    let branch = fleet.plant.first;
    let phone = fleet.enlist("王建国", Role::Member, branch).await;
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default;
    let filters = [
        all(),
        Filter {
            spaces: vec![branch],
            ..all()
        },
        Filter {
            spaces: vec![branch, fleet.plant.second],
            ..all()
        },
        Filter {
            zone: Some(ZoneId(branch.0)),
            ..all()
        },
        Filter {
            unit: Some(fleet.plant.contractor),
            ..all()
        },
        Filter {
            creator: Some(phone.member()),
            ..all()
        },
        Filter {
            assignee: Some(phone.member().0),
            ..all()
        },
        Filter {
            status: vec!["graded".into()],
            ..all()
        },
        Filter {
            status: vec!["graded".into(), "closed".into()],
            ..all()
        },
        Filter {
            category: text("daily"),
            ..all()
        },
        Filter {
            grade: text("major"),
            ..all()
        },
        Filter {
            nature: text("unsafe_act"),
            ..all()
        },
        Filter {
            shift: Some(Shift::Day),
            ..all()
        },
        Filter {
            rota: Some(Rota::A),
            ..all()
        },
        Filter {
            from_ms: Some(1),
            to_ms: Some(2),
            ..all()
        },
        Filter {
            is_open: Some(true),
            ..all()
        },
        Filter {
            overdue_at_ms: Some(1),
            ..all()
        },
        Filter {
            closed_from_ms: Some(1),
            closed_to_ms: Some(2),
            ..all()
        },
        Filter {
            code: text("Z-01"),
            ..all()
        },
        Filter {
            is_conflicted: Some(true),
            ..all()
        },
        Filter {
            is_superseded: Some(true),
            ..all()
        },
        Filter {
            name: text("名称"),
            ..all()
        },
        Filter {
            text: text("消防"),
            ..all()
        },
    ];
    for filter in filters {
        let plan = query::explain(phone.notebook.reader(), DocumentKind::Hazard, &filter).unwrap();
        let is_indexed = plan.iter().all(|step| {
            let scans = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE INDEX");
            !scans && !step.contains("TEMP B-TREE")
        });
        assert!(is_indexed, "{filter:?}: {plan:#?}");
    }
}
