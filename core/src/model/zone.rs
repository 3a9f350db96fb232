//! 党员责任区: a place that named members answer for.

use serde::{Deserialize, Serialize};

use super::template::Duty;
use super::{DocumentKind, Event, Header, Record, Role, View, enumeration};
use crate::id::{MemberId, TemplateId, UnitId};
use crate::rules::{KEEPERS, Refusal, require};

enumeration! {
    /// The kinds of responsibility zone.
    ZoneKind, "zone_kind" {
        Production = "production",
        Safety = "safety",
        Environment = "environment",
    }
}

/// A responsibility zone.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponsibilityZone;

/// A point in a zone where something can go wrong (风险点).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RiskPoint {
    /// What and where it is.
    pub name: String,
    /// What is done about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub measures: String,
}

/// What is known of a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZoneFields {
    /// Its name.
    pub name: String,
    /// The code on its signboard, as the QR code and the NFC tag carry it.
    pub code: String,
    /// Its kind.
    pub zone_kind: ZoneKind,
    /// Where it is, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Its boundary where known: a GeoJSON geometry (RFC 7946) as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    /// Its risk points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_points: Vec<RiskPoint>,
    /// The members who answer for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<MemberId>,
    /// 包保对象: the people in charge there whom the holders watch over, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered_people: Vec<String>,
    /// The unit whose ground it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Who inspects how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<Duty>,
    /// The checklist that inspections of it answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
}

/// What can happen to a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZoneState {
    /// Whether it is given up.
    pub is_retired: bool,
}

impl Record for ResponsibilityZone {
    const KIND: DocumentKind = DocumentKind::Zone;
    type Fields = ZoneFields;
    type Event = ZoneEvent;
    type State = ZoneState;

    fn begin(_: &Header, _: &ZoneFields) -> ZoneState {
        ZoneState { is_retired: false }
    }

    fn apply(state: &ZoneState, event: &Event<ZoneEvent>) -> Result<ZoneState, Refusal> {
        let role = event.author.role;
        match event.body {
            ZoneEvent::Noted { .. } => {
                require(role != Role::Viewer, Refusal::Role)?;
                Ok(state.clone())
            }
            ZoneEvent::Retired { .. } => {
                require(KEEPERS.contains(&role), Refusal::Role)?;
                require(!state.is_retired, Refusal::Status)?;
                Ok(ZoneState { is_retired: true })
            }
        }
    }

    fn is_open(state: &ZoneState) -> bool {
        !state.is_retired
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let fields = &view.fields;
        let points = fields.risk_points.iter().map(|point| point.name.as_str());
        [fields.name.as_str(), &fields.code, &fields.place]
            .into_iter()
            .chain(points)
            .collect()
    }
}
