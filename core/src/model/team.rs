//! 突击队, 攻坚组, 先锋队: members who come together for a task.

use serde::{Deserialize, Serialize};

use super::{DocumentKind, Event, Header, Record, Role, View, enumeration};
use crate::id::{MemberId, UnitId};
use crate::rules::{KEEPERS, Refusal, require};

enumeration! {
    /// The kinds of task team.
    TeamKind, "team_kind" { Shock = "shock", KeyTask = "key_task", Vanguard = "vanguard" }
}

/// A task team.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTeam;

/// What is known of a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub team_kind: TeamKind,
    /// What it is to achieve.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub goal: String,
    /// Who leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<MemberId>,
    /// Who belongs to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberId>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
}

/// What can happen to a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamState {
    /// Whether its task is over.
    pub is_ended: bool,
}

impl Record for TaskTeam {
    const KIND: DocumentKind = DocumentKind::Team;
    type Fields = TeamFields;
    type Event = TeamEvent;
    type State = TeamState;

    fn begin(_: &Header, _: &TeamFields) -> TeamState {
        TeamState { is_ended: false }
    }

    fn apply(state: &TeamState, event: &Event<TeamEvent>) -> Result<TeamState, Refusal> {
        require(!state.is_ended, Refusal::Status)?;
        let role = event.author.role;
        match event.body {
            TeamEvent::Noted { .. } => {
                require(role != Role::Viewer, Refusal::Role)?;
                Ok(state.clone())
            }
            TeamEvent::Ended { .. } => {
                require(KEEPERS.contains(&role), Refusal::Role)?;
                Ok(TeamState { is_ended: true })
            }
        }
    }

    fn is_open(state: &TeamState) -> bool {
        !state.is_ended
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        vec![&view.fields.name, &view.fields.goal]
    }
}
