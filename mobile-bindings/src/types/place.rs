//! 责任区, 先锋岗 and 突击队: places, posts and teams, and the duties that go with them.

use vanguard_core::calendar::Day;
use vanguard_core::id::{EventId, HazardId, InspectionId, MemberId, TemplateId, UnitId};
use vanguard_core::model::Shift;
use vanguard_core::model::post::{
    PostEntry, PostEvent, PostFields, PostKind, PostState, PostStatus,
};
use vanguard_core::model::team::{TeamEvent, TeamFields, TeamKind, TeamState};
// Kotlin has an `Exception` of its own.
use vanguard_core::model::template::{Duty, DutyFrequency, Exception as DutyException};
use vanguard_core::model::zone::{RiskPoint, ZoneEvent, ZoneFields, ZoneKind, ZoneState};
use vanguard_core::rules::{PostAction, TeamAction, ZoneAction};

/// The kinds of responsibility zone.
#[uniffi::remote(Enum)]
pub enum ZoneKind {
    Production,
    Safety,
    Environment,
}

/// 风险点: a point in a zone where something can go wrong.
#[uniffi::remote(Record)]
pub struct RiskPoint {
    /// What and where it is.
    pub name: String,
    /// What is done about it.
    #[uniffi(default = "")]
    pub measures: String,
}

/// How often a duty falls due.
#[uniffi::remote(Enum)]
pub enum DutyFrequency {
    EveryShift,
    Daily,
    Weekly,
}

/// 应查: who inspects and how often.
#[uniffi::remote(Record)]
pub struct Duty {
    /// How often.
    pub frequency: DutyFrequency,
    /// The first day that it holds for.
    pub from: Day,
    /// Days of leave and shutdown that do not count.
    #[uniffi(default = [])]
    pub excepted: Vec<DutyException>,
}

/// Days on which a duty does not hold.
#[uniffi::remote(Record)]
pub struct DutyException {
    /// The first day.
    pub from: Day,
    /// The last day, itself included.
    pub to: Day,
    /// Leave, shutdown, overhaul, ...
    pub reason: String,
}

/// What is known of a zone.
#[uniffi::remote(Record)]
pub struct ZoneFields {
    /// Its name.
    pub name: String,
    /// The code on its signboard, as the QR code and the NFC tag carry it.
    pub code: String,
    /// Its kind.
    pub zone_kind: ZoneKind,
    /// Where it is, in words.
    #[uniffi(default = "")]
    pub place: String,
    /// Its boundary where known: a GeoJSON geometry (RFC 7946) as text.
    #[uniffi(default = None)]
    pub boundary: Option<String>,
    /// Its risk points.
    #[uniffi(default = [])]
    pub risk_points: Vec<RiskPoint>,
    /// The members who answer for it.
    #[uniffi(default = [])]
    pub holders: Vec<MemberId>,
    /// 包保对象: the people in charge there, by name.
    #[uniffi(default = [])]
    pub covered_people: Vec<String>,
    /// The unit whose ground it is.
    #[uniffi(default = None)]
    pub unit: Option<UnitId>,
    /// Who inspects how often.
    #[uniffi(default = None)]
    pub duty: Option<Duty>,
    /// The checklist that inspections of it answer.
    #[uniffi(default = None)]
    pub template: Option<TemplateId>,
}

/// What can happen to a zone.
#[uniffi::remote(Enum)]
pub enum ZoneEvent {
    /// A holder or reviewer notes something.
    Noted {
        /// The note.
        text: String,
    },
    /// It is given up.
    Retired {
        /// Why.
        reason: String,
    },
}

/// What a zone's events come to.
#[uniffi::remote(Record)]
pub struct ZoneState {
    /// Whether it is given up.
    pub is_retired: bool,
}

/// What may be done to a zone.
#[uniffi::remote(Enum)]
pub enum ZoneAction {
    Edit,
    Note,
    Retire,
}

/// The kinds of post.
#[uniffi::remote(Enum)]
pub enum PostKind {
    Vanguard,
    Model,
}

/// Where a post stands.
#[uniffi::remote(Enum)]
pub enum PostStatus {
    Proposed,
    Named,
    UnderReview,
    Withdrawn,
}

/// What may be done to a vanguard post.
#[uniffi::remote(Enum)]
pub enum PostAction {
    Edit,
    Name,
    StartReview,
    Withdraw,
    WriteEntry,
    ReviewEntry,
}

/// What is known of a post.
#[uniffi::remote(Record)]
pub struct PostFields {
    /// Its name.
    pub name: String,
    /// The code on its signboard.
    pub code: String,
    /// Its kind.
    pub post_kind: PostKind,
    /// Where it is, in words.
    #[uniffi(default = "")]
    pub place: String,
    /// Its unit.
    #[uniffi(default = None)]
    pub unit: Option<UnitId>,
    /// Who holds it.
    #[uniffi(default = [])]
    pub holders: Vec<MemberId>,
    /// What its holders have committed themselves to.
    #[uniffi(default = [])]
    pub commitments: Vec<String>,
}

/// 履岗记录: one day's record of a post.
#[uniffi::remote(Record)]
pub struct PostEntry {
    /// The day.
    pub day: Day,
    /// The shift.
    pub shift: Shift,
    /// For each commitment of the post, in order, whether it was kept.
    #[uniffi(default = [])]
    pub kept: Vec<bool>,
    /// What was done.
    pub done: String,
    /// An inspection that belongs to it.
    #[uniffi(default = None)]
    pub inspection: Option<InspectionId>,
    /// A hazard that belongs to it.
    #[uniffi(default = None)]
    pub hazard: Option<HazardId>,
}

/// What can happen to a post.
#[uniffi::remote(Enum)]
pub enum PostEvent {
    /// 命名授牌.
    Named,
    /// 复核.
    ReviewStarted,
    /// 摘牌.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// 履岗记录 is written.
    Entry(PostEntry),
    /// The secretary has reviewed an entry.
    EntryReviewed {
        /// The entry.
        entry: EventId,
        /// What the secretary says to it.
        remark: String,
    },
}

/// What a post's events come to.
#[uniffi::remote(Record)]
pub struct PostState {
    /// Where it stands.
    pub status: PostStatus,
    /// Entries that nobody has reviewed yet.
    pub unreviewed: Vec<EventId>,
    /// How many entries there are.
    pub entries: u32,
}

/// The kinds of task team.
#[uniffi::remote(Enum)]
pub enum TeamKind {
    Shock,
    KeyTask,
    Vanguard,
}

/// What is known of a team.
#[uniffi::remote(Record)]
pub struct TeamFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub team_kind: TeamKind,
    /// What it is to achieve.
    #[uniffi(default = "")]
    pub goal: String,
    /// Who leads it.
    #[uniffi(default = None)]
    pub leader: Option<MemberId>,
    /// Who belongs to it.
    #[uniffi(default = [])]
    pub members: Vec<MemberId>,
    /// Its unit.
    #[uniffi(default = None)]
    pub unit: Option<UnitId>,
}

/// What can happen to a team.
#[uniffi::remote(Enum)]
pub enum TeamEvent {
    /// A member of it notes progress.
    Noted {
        /// The note.
        text: String,
    },
    /// Its task is over.
    Ended {
        /// What came of it.
        outcome: String,
    },
}

/// What a team's events come to.
#[uniffi::remote(Record)]
pub struct TeamState {
    /// Whether its task is over.
    pub is_ended: bool,
}

/// What may be done to a task team.
#[uniffi::remote(Enum)]
pub enum TeamAction {
    Edit,
    Note,
    End,
}
