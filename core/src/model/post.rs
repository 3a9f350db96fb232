//! 党员先锋岗 and 示范岗: a named post, its commitments, and the record that its holders keep.

use serde::{Deserialize, Serialize};

use super::{DocumentKind, Event, Header, Record, Role, Shift, View, enumeration};
use crate::calendar::Day;
use crate::id::{EventId, HazardId, InspectionId, MemberId, UnitId};
use crate::rules::{Refusal, SUPERIORS, require};

enumeration! {
    /// The kinds of post.
    PostKind, "post_kind" { Vanguard = "vanguard", Model = "model" }
}

enumeration! {
    /// Where a post stands.
    PostStatus, "post_status" {
        Proposed = "proposed",
        Named = "named",
        UnderReview = "under_review",
        Withdrawn = "withdrawn",
    }
}

/// A vanguard post.
#[derive(Clone, Debug, PartialEq)]
pub struct VanguardPost;

/// What is known of a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostFields {
    /// Its name.
    pub name: String,
    /// The code on its signboard.
    pub code: String,
    /// Its kind.
    pub post_kind: PostKind,
    /// Where it is, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<MemberId>,
    /// What its holders have committed themselves to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<String>,
}

/// 履岗记录: one day's record of a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostEntry {
    /// The day.
    pub day: Day,
    /// The shift.
    pub shift: Shift,
    /// For each commitment of the post, in order, whether it was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<bool>,
    /// What was done.
    pub done: String,
    /// An inspection that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<InspectionId>,
    /// A hazard that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<HazardId>,
}

/// What can happen to a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PostEvent {
    /// 命名授牌: it is named, for the first time or again after a review.
    Named,
    /// 复核: a review of it begins.
    ReviewStarted,
    /// 摘牌: its plate is taken down.
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
        #[serde(default, skip_serializing_if = "String::is_empty")]
        remark: String,
    },
}

/// What a post's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostState {
    /// Where it stands.
    pub status: PostStatus,
    /// Entries that nobody has reviewed yet.
    pub unreviewed: Vec<EventId>,
    /// How many entries there are.
    pub entries: u32,
}

impl Record for VanguardPost {
    const KIND: DocumentKind = DocumentKind::Post;
    type Fields = PostFields;
    type Event = PostEvent;
    type State = PostState;

    fn begin(_: &Header, _: &PostFields) -> PostState {
        PostState {
            status: PostStatus::Proposed,
            unreviewed: Vec::new(),
            entries: 0,
        }
    }

    fn apply(state: &PostState, event: &Event<PostEvent>) -> Result<PostState, Refusal> {
        use PostStatus as S;
        let role = event.author.role;
        let is_superior = SUPERIORS.contains(&role);
        let (may, from): (bool, &[S]) = match event.body {
            PostEvent::Named => (is_superior, &[S::Proposed, S::UnderReview]),
            PostEvent::ReviewStarted => (is_superior, &[S::Named]),
            PostEvent::Withdrawn { .. } => (is_superior, &[S::Named, S::UnderReview]),
            PostEvent::Entry(_) => (role != Role::Viewer, &[S::Named, S::UnderReview]),
            PostEvent::EntryReviewed { .. } => (is_superior, PostStatus::ALL),
        };
        require(may, Refusal::Role)?;
        require(from.contains(&state.status), Refusal::Status)?;
        let mut next = state.clone();
        match &event.body {
            PostEvent::Named => next.status = S::Named,
            PostEvent::ReviewStarted => next.status = S::UnderReview,
            PostEvent::Withdrawn { .. } => next.status = S::Withdrawn,
            PostEvent::Entry(_) => {
                next.unreviewed.push(event.id);
                next.entries += 1;
            }
            PostEvent::EntryReviewed { entry, .. } => {
                require(next.unreviewed.contains(entry), Refusal::Status)?;
                next.unreviewed.retain(|id| id != entry);
            }
        }
        Ok(next)
    }

    fn is_open(state: &PostState) -> bool {
        state.status != PostStatus::Withdrawn
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let fields = &view.fields;
        let mut texts = vec![fields.name.as_str(), &fields.code, &fields.place];
        for folded in &view.events {
            if let PostEvent::Entry(entry) = &folded.event.body {
                texts.push(&entry.done);
            }
        }
        texts
    }
}
