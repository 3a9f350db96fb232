//! Refusals at random points of long offline histories: the phone rebuilds, takes a fresh actor,
//! does again what still holds and gives back the rest, and every verb is accounted for.

use std::collections::BTreeMap;

use serde_json::json;
use vanguard_core::id::{DocumentId, EventId, HazardId};
use vanguard_core::model::hazard::{HazardEvent, HazardGrade, Rectification};
use vanguard_core::model::{Author, Role};
use vanguard_core::sync::Options;
use vanguard_core::{NotebookError, Verb};
use vanguard_server::relay::RelayOptions;
use vanguard_tests::dice::Dice;
use vanguard_tests::plain::PlainLog;
use vanguard_tests::verdict::everybody_agrees;
use vanguard_tests::{Fleet, Phone};

use super::{assigned, at_the_console, edit, graded, rectified};

const SEEDS: u64 = if cfg!(debug_assertions) { 6 } else { 60 };
const VERBS: usize = 80;

/// What a verb that said yes has left: the document, and the event's id or the text given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Created,
    Appended(EventId),
    Given(String),
}

type Ledger = BTreeMap<(DocumentId, Left), usize>;

/// One verb by chance; what it has left, where it said yes.
fn verb(
    phone: &mut Phone,
    dice: &mut Dice,
    fleet: &Fleet,
    hazards: &mut Vec<HazardId>,
    at: usize,
) -> Option<(DocumentId, Left)> {
    let spaces = [fleet.plant.first, fleet.plant.second];
    if hazards.is_empty() || dice.percent(15) {
        let space = *dice.one(&spaces);
        let hazard = super::report(phone, space, &format!("隐患{at}"));
        hazards.push(hazard);
        return Some((hazard.into(), Left::Created));
    }
    let hazard = *dice.one(hazards);
    let text = format!("第{at}句");
    if dice.percent(25) {
        let edited = phone.notebook.edit(hazard, edit("place", &text));
        return yes(edited).map(|()| (hazard.into(), Left::Given(text)));
    }
    let event = match dice.below(7) {
        0 | 1 => HazardEvent::Commented { text },
        2 => HazardEvent::ControlMeasure { text },
        3 => graded(HazardGrade::General),
        4 => assigned(fleet.plant.contractor, phone.member()),
        5 => rectified(&text),
        _ => HazardEvent::Rectified(Rectification {
            what: text,
            on_behalf_of: None,
            on_the_spot: true,
            photos: Vec::new(),
        }),
    };
    let made = phone.notebook.act_on_hazard(hazard, &event);
    yes(made).map(|id| (hazard.into(), Left::Appended(id)))
}

fn yes<T>(done: Result<T, NotebookError>) -> Option<T> {
    match done {
        Ok(done) => Some(done),
        Err(NotebookError::Refused(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

fn left_by(verb: &Verb) -> Left {
    match verb {
        Verb::Create { .. } => Left::Created,
        Verb::Append { event } => Left::Appended(event.id),
        Verb::Edit { fields } => Left::Given(fields["place"].as_str().unwrap().to_owned()),
        Verb::Resend => panic!("bytes without words"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_of_a_long_offline_history_is_in_the_log_or_in_the_tray() {
    let mut refusals = 0;
    for seed in 0..SEEDS {
        refusals += history(seed).await;
    }
    assert!(
        refusals > 4 * SEEDS,
        "there is something to refuse: {refusals}"
    );
}

/// Gives how many changes were refused.
async fn history(seed: u64) -> u64 {
    let mut dice = Dice::new(seed);
    let options = RelayOptions {
        grace_ms: 0,
        ..RelayOptions::default()
    };
    let mut fleet = Fleet::with_options(seed, options).await;
    let (first, second) = (fleet.plant.first, fleet.plant.second);
    let mut phone = fleet.enlist("王建国", Role::Member, first).await;
    let mut other = fleet
        .phone(
            "赵安全",
            first,
            &[(Role::SafetyOfficer, first), (Role::SafetyOfficer, second)],
        )
        .await;
    // What is done in these two is refused: they end while the phone is away.
    let mut ending = Vec::new();
    for (role, org) in [(Role::SafetyOfficer, first), (Role::Member, second)] {
        ending.push(fleet.grant(phone.member(), role, org).await);
    }
    fleet.sync(&mut phone).await;
    let (mut ledger, mut hazards) = (Ledger::new(), Vec::new());
    let sent = dice.below(VERBS / 2);
    let mut do_some =
        |phone: &mut Phone, fleet: &Fleet, dice: &mut Dice, from: usize, to: usize| {
            for at in from..to {
                if let Some(done) = verb(phone, dice, fleet, &mut hazards, at) {
                    *ledger.entry(done).or_default() += 1;
                }
            }
        };
    do_some(&mut phone, &fleet, &mut dice, 0, sent);
    fleet.sync(&mut phone).await;
    fleet.sync(&mut other).await;
    do_some(&mut phone, &fleet, &mut dice, sent, VERBS);
    for grant in ending {
        let ended = json!({"event": "ended", "reason": "轮岗"});
        at_the_console(&fleet, Author::OPERATOR, grant, &ended).await;
    }
    fleet.env.advance(1_000);
    let narrow = Options {
        page_bytes: 2_048,
        push_changes: 1 + dice.below(12),
        ..Options::default()
    };
    let mut refused = 0;
    for round in 0..4 {
        let options = if round == 0 {
            narrow
        } else {
            Options::default()
        };
        refused += fleet.sync_with(&mut phone, options).await.refused;
        if dice.percent(50) {
            phone = phone.reopened();
        }
        fleet.sync(&mut other).await;
    }
    assert_eq!(phone.notebook.unsent().unwrap().changes, 0, "seed {seed}");

    let log = PlainLog::read(&fleet.data).unwrap();
    let tray = phone.notebook.returned().unwrap();
    for ((document, left), times) in &ledger {
        let is_in_log = log.documents.get(document).is_some_and(|found| match left {
            Left::Created => true,
            Left::Appended(id) => found.events.iter().any(|event| event.id == *id),
            Left::Given(text) => found.texts.contains(&("place".to_owned(), text.clone())),
        });
        let returned = tray
            .iter()
            .filter(|one| one.document == *document && left_by(&one.verb) == *left)
            .count();
        assert_eq!(*times, 1);
        assert_eq!(
            usize::from(is_in_log) + returned,
            1,
            "seed {seed}: {document} {left:?}: in the log: {is_in_log}, returned {returned} times"
        );
    }
    let accounted = ledger.len();
    assert!(
        accounted >= tray.len(),
        "seed {seed}: nothing comes back that was not done"
    );
    let both = [&phone.notebook, &other.notebook];
    let wrongs = everybody_agrees(&fleet.relay, &log, i64::MIN, &both).await;
    assert_eq!(wrongs, Vec::<String>::new(), "seed {seed}");
    refused
}
