//! `GET /queue`: what waits for whoever asks. Records stand in states that somebody decides on next;
//! the rules say, of each, whether that is this person. Nothing is told of that they may not act on.

use std::collections::HashSet;

use axum::extract::State;
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vanguard_core::id::{DocumentId, MemberId, ZoneId};
use vanguard_core::model::hazard::{Hazard, HazardGrade, HazardStatus};
use vanguard_core::model::inspection::{Inspection, InspectionKind};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgKind};
use vanguard_core::model::post::VanguardPost;
use vanguard_core::model::violation::Violation;
use vanguard_core::model::{Record, View};
use vanguard_core::rules::{
    Actionable, HazardAction, InspectionAction, PartyOrgAction, PostAction, ViolationAction,
    is_action_allowed, may_manage_devices,
};
use vanguard_core::store::StoreError;
use vanguard_core::store::query::{self, Filter};

use super::extract::Positioned;
use super::problems::ReadProblems;
use super::reading::Reader;
use crate::access::{Access, DeviceStatus};
use crate::http::auth::ConsoleAuth;
use crate::http::problem::Problem;
use crate::http::state::App;

/// The most rows of a part that are told.
const SHOWN: usize = 50;
/// The most records of a part that are looked at: more wait than anybody works through, and the rest
/// comes when these are done.
const LOOKED_AT: usize = 500;
/// How many of them are read at a time.
const STEP: usize = 100;

/// Why something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Why {
    /// An open hazard is past its deadline.
    Overdue,
    /// A hazard was rectified.
    Verify,
    /// A hazard was verified.
    Close,
    /// A hazard was reported.
    Grade,
    /// A hazard was graded.
    Assign,
    /// A hazard's fields contradict each other.
    Conflict,
    /// A violation was recorded.
    Confirm,
    /// A violation was confirmed.
    Handle,
    /// An inspection was submitted.
    Review,
    /// A temporary branch was proposed.
    Approve,
    /// A post was proposed.
    Name,
    /// A post has entries that nobody has reviewed.
    Entries,
    /// A phone was enrolled.
    Device,
}

/// Something that waits.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Waiting {
    /// The record, or the device.
    id: Uuid,
    /// What it says of itself; empty where the rest has to.
    title: String,
    /// Its zone.
    zone: Option<ZoneId>,
    /// Where it is, what it is for, or what a device is called.
    place: Option<String>,
    /// Of an inspection: its kind.
    inspection_kind: Option<InspectionKind>,
    /// When it was made, in milliseconds.
    at_ms: i64,
    /// Of a device: whose it is.
    member: Option<MemberId>,
    /// Of a post: how many entries wait.
    entries: Option<usize>,
    /// Whether it is past its deadline.
    is_overdue: bool,
    /// Whether it is a Major hazard.
    is_major: bool,
}

/// What waits for one reason.
#[derive(Debug, Serialize, ToSchema)]
struct Part {
    /// The reason.
    why: Why,
    /// How many there are for whoever asks.
    total: usize,
    /// Whether that is all: it is not where very many wait.
    is_whole: bool,
    /// The first of them.
    rows: Vec<Waiting>,
}

/// What waits for whoever asks, the most urgent first; a record that waits for several reasons, for
/// its first.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Queue {
    parts: Vec<Part>,
}

/// 待办. What waits for whoever asks: records and phones on which they may decide now.
#[utoipa::path(
    get, path = "/queue", tag = "decide", security(("session" = [])),
    responses(
        (status = 200, description = "What waits", body = Queue,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn queue(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Result<Positioned<Queue>, Problem> {
    let reader = Reader::of(&app, &auth);
    let now_ms = app.env.now_ms();
    let replica = app.relay.replica();
    let position = replica.position();
    let of_devices = devices(&app, &reader).await?;
    let gathered = replica.read(move |conn| {
        let mut gathering = Gathering {
            conn,
            reader: &reader,
            now_ms,
            seen: HashSet::new(),
            queue: Queue::default(),
        };
        gathering.hazards()?;
        gathering.others()?;
        Ok(gathering.queue)
    });
    let mut queue = gathered.await?;
    queue.take(of_devices);
    Ok(Positioned::ok(position, queue))
}

/// Phones that wait to be confirmed.
async fn devices(app: &App, reader: &Reader) -> Result<Part, Problem> {
    let devices = app.access(Access::devices).await?;
    let mut part = Part::of(Why::Device);
    for device in devices {
        let is_waiting = device.status() == DeviceStatus::Unconfirmed;
        if is_waiting && may_manage_devices(&reader.directory, reader.member, device.member) {
            part.add(|| Waiting {
                id: device.id.0,
                place: Some(device.name),
                at_ms: device.enrolled_at_ms,
                member: Some(device.member),
                ..Waiting::default()
            });
        }
    }
    Ok(part)
}

impl Queue {
    fn take(&mut self, part: Part) {
        if part.total > 0 {
            self.parts.push(part);
        }
    }
}

impl Part {
    const fn of(why: Why) -> Self {
        Self {
            why,
            total: 0,
            is_whole: true,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, waiting: impl FnOnce() -> Waiting) {
        self.total += 1;
        if self.rows.len() < SHOWN {
            self.rows.push(waiting());
        }
    }
}

/// Kinds of record that wait for decisions.
trait Waits: Actionable {
    /// What the queue says of one.
    fn told(view: &View<Self>, now_ms: i64) -> Waiting;
}

/// Gathers what waits, each record once.
struct Gathering<'a> {
    conn: &'a Connection,
    reader: &'a Reader,
    now_ms: i64,
    seen: HashSet<DocumentId>,
    queue: Queue,
}

impl Gathering<'_> {
    fn hazards(&mut self) -> Result<(), StoreError> {
        use HazardStatus as S;
        let overdue = Filter {
            overdue_at_ms: Some(self.now_ms),
            ..Filter::default()
        };
        let of = |status: HazardStatus| Filter {
            status: vec![status.as_str().into()],
            ..Filter::default()
        };
        let contested = Filter {
            is_open: Some(true),
            is_conflicted: Some(true),
            ..Filter::default()
        };
        self.part::<Hazard>(Why::Overdue, overdue, next_for)?;
        self.part::<Hazard>(Why::Verify, of(S::Rectified), next_for)?;
        self.part::<Hazard>(Why::Close, of(S::Verified), next_for)?;
        self.part::<Hazard>(Why::Grade, of(S::Reported), next_for)?;
        self.part::<Hazard>(Why::Assign, of(S::Graded), next_for)?;
        self.part::<Hazard>(Why::Conflict, contested, |_| &[HazardAction::ChooseField])
    }

    fn others(&mut self) -> Result<(), StoreError> {
        let of = |status: &str| Filter {
            status: vec![status.into()],
            ..Filter::default()
        };
        let branches = Filter {
            category: Some(PartyOrgKind::TemporaryBranch.as_str().into()),
            ..of("proposed")
        };
        self.part::<Violation>(Why::Confirm, of("recorded"), |_| {
            &[ViolationAction::Confirm]
        })?;
        self.part::<Violation>(Why::Handle, of("confirmed"), |_| &[ViolationAction::Handle])?;
        self.part::<PartyOrg>(Why::Approve, branches, |_| &[PartyOrgAction::Approve])?;
        self.part::<Inspection>(Why::Review, of("submitted"), |_| {
            &[InspectionAction::Review]
        })?;
        self.part::<VanguardPost>(Why::Name, of("proposed"), |_| &[PostAction::Name])?;
        self.part::<VanguardPost>(Why::Entries, Filter::default(), |_| {
            &[PostAction::ReviewEntry]
        })
    }

    /// The records of a filter to which whoever asks may do one of what comes next.
    fn part<R: Waits>(
        &mut self,
        why: Why,
        mut filter: Filter,
        next: impl Fn(&R::State) -> &'static [R::Action],
    ) -> Result<(), StoreError> {
        self.reader.narrow(R::KIND, &mut filter);
        let Reader { member, directory } = self.reader;
        let mut part = Part::of(why);
        let mut after = None;
        for _ in 0..LOOKED_AT / STEP {
            let page = query::list::<R>(self.conn, &filter, after, STEP)?;
            for view in page.rows.into_iter().map(|row| row.view) {
                let mut actions = next(&view.state).iter();
                let may =
                    |action: &R::Action| is_action_allowed(directory, *member, &view, *action);
                if actions.any(may) && self.seen.insert(view.header.id) {
                    part.add(|| R::told(&view, self.now_ms));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        part.is_whole = after.is_none();
        self.queue.take(part);
        Ok(())
    }
}

/// What somebody decides on next about a hazard. A Major one that lacks what an assignment needs is
/// still for whoever grades it.
fn next_for(state: &<Hazard as Record>::State) -> &'static [HazardAction] {
    use HazardAction as A;
    match state.status {
        HazardStatus::Reported => &[A::GradeGeneral, A::GradeMajor],
        HazardStatus::Graded => &[A::Assign, A::GradeGeneral, A::GradeMajor],
        HazardStatus::Assigned => &[A::Extend],
        HazardStatus::Rectified => &[A::Verify],
        HazardStatus::Verified => &[A::CloseOut],
        HazardStatus::Closed | HazardStatus::Void => &[],
    }
}

impl Waits for Hazard {
    fn told(view: &View<Self>, now_ms: i64) -> Waiting {
        Waiting {
            title: view.fields.description.clone(),
            zone: view.fields.zone,
            place: view.fields.place.clone(),
            is_overdue: view.state.is_overdue(now_ms),
            is_major: view.state.grade == Some(HazardGrade::Major),
            ..of(view)
        }
    }
}

impl Waits for Violation {
    fn told(view: &View<Self>, _: i64) -> Waiting {
        Waiting {
            title: view.fields.description.clone(),
            zone: view.fields.zone,
            place: Some(view.fields.place.clone()),
            ..of(view)
        }
    }
}

impl Waits for Inspection {
    fn told(view: &View<Self>, _: i64) -> Waiting {
        Waiting {
            zone: Some(view.fields.zone),
            inspection_kind: Some(view.fields.inspection_kind),
            ..of(view)
        }
    }
}

impl Waits for PartyOrg {
    fn told(view: &View<Self>, _: i64) -> Waiting {
        Waiting {
            title: view.fields.name.clone(),
            place: view.fields.project.clone(),
            ..of(view)
        }
    }
}

impl Waits for VanguardPost {
    fn told(view: &View<Self>, _: i64) -> Waiting {
        let entries = view.state.unreviewed.len();
        Waiting {
            title: view.fields.name.clone(),
            place: Some(view.fields.place.clone()),
            entries: (entries > 0).then_some(entries),
            ..of(view)
        }
    }
}

fn of<R: Record>(view: &View<R>) -> Waiting {
    Waiting {
        id: view.header.id.0,
        at_ms: view.header.created_ms,
        ..Waiting::default()
    }
}
