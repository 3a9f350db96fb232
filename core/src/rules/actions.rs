//! What a member may do to a record now, so that a screen offers only what the rules accept.
//!
//! Nothing is decided here. Each action is tried on the record in its best form, with every text
//! said and every part of a plan given, and offered if the rules take it: so an action that is
//! offered can still be refused for what somebody leaves out, but never for who they are or how
//! the record stands.

use serde_json::Value;
use uuid::Uuid;

use super::{Directory, Governed, choose_author};
use crate::calendar::Day;
use crate::id::{EventId, MemberId, UnitId};
use crate::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardGrade, MajorHazardPlan, Party, Rectification,
    RectificationMode,
};
use crate::model::inspection::{Inspection, InspectionEvent};
use crate::model::organisation::{PartyOrg, PartyOrgEvent};
use crate::model::post::{PostEntry, PostEvent, VanguardPost};
use crate::model::team::{TaskTeam, TeamEvent};
use crate::model::violation::{Violation, ViolationEvent};
use crate::model::zone::{ResponsibilityZone, ZoneEvent};
use crate::model::{Event, Shift, View, enumeration};

enumeration! {
    /// What may be done to a hazard.
    HazardAction, "hazard_action" {
        Edit = "edit",
        GradeGeneral = "grade_general",
        GradeMajor = "grade_major",
        AddControlMeasure = "add_control_measure",
        Assign = "assign",
        Extend = "extend",
        Rectify = "rectify",
        RectifyOnBehalf = "rectify_on_behalf",
        RectifyOnTheSpot = "rectify_on_the_spot",
        ReturnForRework = "return_for_rework",
        Verify = "verify",
        CloseOut = "close_out",
        Void = "void",
        Reopen = "reopen",
        ChooseField = "choose_field",
        Comment = "comment",
    }
}

enumeration! {
    /// What may be done to a submitted inspection.
    InspectionAction, "inspection_action" {
        Review = "review",
        Return = "return",
        Correct = "correct",
        Comment = "comment",
    }
}

enumeration! {
    /// What may be done to a violation.
    ViolationAction, "violation_action" {
        Edit = "edit",
        Confirm = "confirm",
        Handle = "handle",
        Withdraw = "withdraw",
        Comment = "comment",
    }
}

enumeration! {
    /// What may be done to a vanguard post.
    PostAction, "post_action" {
        Edit = "edit",
        Name = "name",
        StartReview = "start_review",
        Withdraw = "withdraw",
        WriteEntry = "write_entry",
        ReviewEntry = "review_entry",
    }
}

enumeration! {
    /// What may be done to a responsibility zone.
    ZoneAction, "zone_action" { Edit = "edit", Note = "note", Retire = "retire" }
}

enumeration! {
    /// What may be done to a task team.
    TeamAction, "team_action" { Edit = "edit", Note = "note", End = "end" }
}

enumeration! {
    /// What may be done to a Party organisation.
    PartyOrgAction, "party_org_action" {
        Edit = "edit",
        Approve = "approve",
        Activate = "activate",
        Dissolve = "dissolve",
        Archive = "archive",
    }
}

/// An action in its best form.
#[derive(Debug)]
pub enum Attempt<E> {
    /// A field is given another value.
    Edit,
    /// An event is appended.
    Append(E),
}

/// Kinds of record that a screen offers actions on.
pub trait Actionable: Governed {
    /// Its actions.
    type Action: Copy + 'static;
    /// All of them, in the order in which a screen shows them.
    const ACTIONS: &'static [Self::Action];

    /// The action in its best form; `None` where the record gives it nothing to act on.
    fn attempt(
        action: Self::Action,
        view: &View<Self>,
        member: MemberId,
    ) -> Option<Attempt<Self::Event>>;
}

/// What the member may do to the record as it stands.
pub fn allowed_actions<R: Actionable>(
    directory: &Directory,
    member: MemberId,
    view: &View<R>,
) -> Vec<R::Action> {
    let is_allowed = |action: &R::Action| is_action_allowed(directory, member, view, *action);
    R::ACTIONS.iter().copied().filter(is_allowed).collect()
}

/// Whether the member may do this to the record as it stands.
pub fn is_action_allowed<R: Actionable>(
    directory: &Directory,
    member: MemberId,
    view: &View<R>,
    action: R::Action,
) -> bool {
    let Some(attempt) = R::attempt(action, view, member) else {
        return false;
    };
    let author = choose_author(directory, member, |judge| match &attempt {
        Attempt::Edit => R::may_edit(judge, view),
        Attempt::Append(body) => {
            R::may_append(judge, view, body)?;
            let event = Event {
                id: EventId(Uuid::nil()),
                author: judge.author,
                at_ms: 0,
                seen: Vec::new(),
                body: body.clone(),
            };
            R::apply(&view.state, &event).map(|_| ())
        }
    });
    author.is_ok()
}

/// Any text, where only that something is said counts.
fn said() -> String {
    "·".to_owned()
}

impl Actionable for Hazard {
    type Action = HazardAction;
    const ACTIONS: &'static [HazardAction] = HazardAction::ALL;

    fn attempt(
        action: HazardAction,
        view: &View<Self>,
        member: MemberId,
    ) -> Option<Attempt<HazardEvent>> {
        use HazardAction as A;
        let me = Party::Member(member);
        let assigned = view.state.assignment.as_ref().map(|a| &a.person);
        let graded = |grade| HazardEvent::Graded {
            grade,
            nature: view.state.nature,
            reason: said(),
            criterion: Some(said()),
        };
        let rectified = |on_behalf_of, on_the_spot| {
            HazardEvent::Rectified(Rectification {
                what: said(),
                on_behalf_of,
                on_the_spot,
                photos: Vec::new(),
            })
        };
        Some(Attempt::Append(match action {
            A::Edit => return Some(Attempt::Edit),
            A::GradeGeneral => graded(HazardGrade::General),
            A::GradeMajor => graded(HazardGrade::Major),
            A::AddControlMeasure => HazardEvent::ControlMeasure { text: said() },
            A::Assign => HazardEvent::Assigned(Assignment {
                unit: UnitId(Uuid::nil()),
                person: me,
                mode: RectificationMode::Deadline,
                deadline_ms: 0,
                assurances: None,
                plan: Some(MajorHazardPlan::filled_with(&said())),
            }),
            A::Extend => HazardEvent::Extended {
                deadline_ms: 0,
                reason: said(),
            },
            A::Rectify => rectified(None, false),
            A::RectifyOnBehalf => {
                let other = assigned.filter(|person| **person != me)?;
                rectified(Some(other.clone()), false)
            }
            A::RectifyOnTheSpot => rectified(None, true),
            A::ReturnForRework => HazardEvent::ReturnedForRework { reason: said() },
            A::Verify => HazardEvent::Verified {
                conclusion: said(),
                assessment: Some(said()),
            },
            A::CloseOut => HazardEvent::ClosedOut,
            A::Void => HazardEvent::Voided { reason: said() },
            A::Reopen => HazardEvent::Reopened { reason: said() },
            A::ChooseField => {
                let field = view.conflicts.first()?.field.clone();
                let value = Value::Null;
                HazardEvent::FieldChosen { field, value }
            }
            A::Comment => HazardEvent::Commented { text: said() },
        }))
    }
}

impl Actionable for Inspection {
    type Action = InspectionAction;
    const ACTIONS: &'static [InspectionAction] = InspectionAction::ALL;

    fn attempt(
        action: InspectionAction,
        _: &View<Self>,
        _: MemberId,
    ) -> Option<Attempt<InspectionEvent>> {
        Some(Attempt::Append(match action {
            InspectionAction::Review => InspectionEvent::Reviewed { remark: said() },
            InspectionAction::Return => InspectionEvent::Returned { remark: said() },
            InspectionAction::Correct => InspectionEvent::Corrected {
                text: said(),
                items: Vec::new(),
            },
            InspectionAction::Comment => InspectionEvent::Commented { text: said() },
        }))
    }
}

impl Actionable for Violation {
    type Action = ViolationAction;
    const ACTIONS: &'static [ViolationAction] = ViolationAction::ALL;

    fn attempt(
        action: ViolationAction,
        _: &View<Self>,
        _: MemberId,
    ) -> Option<Attempt<ViolationEvent>> {
        Some(Attempt::Append(match action {
            ViolationAction::Edit => return Some(Attempt::Edit),
            ViolationAction::Confirm => ViolationEvent::Confirmed { remark: said() },
            ViolationAction::Handle => ViolationEvent::Handled { outcome: said() },
            ViolationAction::Withdraw => ViolationEvent::Withdrawn { reason: said() },
            ViolationAction::Comment => ViolationEvent::Commented { text: said() },
        }))
    }
}

impl Actionable for VanguardPost {
    type Action = PostAction;
    const ACTIONS: &'static [PostAction] = PostAction::ALL;

    fn attempt(action: PostAction, view: &View<Self>, _: MemberId) -> Option<Attempt<PostEvent>> {
        Some(Attempt::Append(match action {
            PostAction::Edit => return Some(Attempt::Edit),
            PostAction::Name => PostEvent::Named,
            PostAction::StartReview => PostEvent::ReviewStarted,
            PostAction::Withdraw => PostEvent::Withdrawn { reason: said() },
            PostAction::WriteEntry => PostEvent::Entry(PostEntry {
                day: Day(0),
                shift: Shift::Day,
                kept: Vec::new(),
                done: said(),
                inspection: None,
                hazard: None,
            }),
            PostAction::ReviewEntry => PostEvent::EntryReviewed {
                entry: *view.state.unreviewed.first()?,
                remark: said(),
            },
        }))
    }
}

impl Actionable for ResponsibilityZone {
    type Action = ZoneAction;
    const ACTIONS: &'static [ZoneAction] = ZoneAction::ALL;

    fn attempt(action: ZoneAction, _: &View<Self>, _: MemberId) -> Option<Attempt<ZoneEvent>> {
        Some(Attempt::Append(match action {
            ZoneAction::Edit => return Some(Attempt::Edit),
            ZoneAction::Note => ZoneEvent::Noted { text: said() },
            ZoneAction::Retire => ZoneEvent::Retired { reason: said() },
        }))
    }
}

impl Actionable for TaskTeam {
    type Action = TeamAction;
    const ACTIONS: &'static [TeamAction] = TeamAction::ALL;

    fn attempt(action: TeamAction, _: &View<Self>, _: MemberId) -> Option<Attempt<TeamEvent>> {
        Some(Attempt::Append(match action {
            TeamAction::Edit => return Some(Attempt::Edit),
            TeamAction::Note => TeamEvent::Noted { text: said() },
            TeamAction::End => TeamEvent::Ended { outcome: said() },
        }))
    }
}

impl Actionable for PartyOrg {
    type Action = PartyOrgAction;
    const ACTIONS: &'static [PartyOrgAction] = PartyOrgAction::ALL;

    fn attempt(
        action: PartyOrgAction,
        view: &View<Self>,
        member: MemberId,
    ) -> Option<Attempt<PartyOrgEvent>> {
        Some(Attempt::Append(match action {
            PartyOrgAction::Edit => return Some(Attempt::Edit),
            PartyOrgAction::Approve => PartyOrgEvent::Approved { secretary: member },
            PartyOrgAction::Activate => PartyOrgEvent::Activated,
            PartyOrgAction::Dissolve => PartyOrgEvent::Dissolved {
                host: view.fields.parent?,
                reason: said(),
            },
            PartyOrgAction::Archive => PartyOrgEvent::Archived,
        }))
    }
}
