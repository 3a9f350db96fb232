//! Checklist templates with their versions, and the duty that zones and templates carry: who
//! inspects how often.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::inspection::InspectionKind;
use super::{DocumentKind, Event, Header, Record, View, enumeration};
use crate::calendar::{Day, WEEK_DAYS};
use crate::id::OrgId;
use crate::rules::{OVERSEERS, Refusal, require};

enumeration! {
    /// How often a duty falls due.
    DutyFrequency, "duty_frequency" {
        EveryShift = "every_shift",
        Daily = "daily",
        Weekly = "weekly",
    }
}

/// 应查: who inspects and how often, so that 应查/已查 can be computed. The holders of the zone
/// inspect; any one of them fulfils it for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Duty {
    /// How often.
    pub frequency: DutyFrequency,
    /// The first day that it holds for.
    pub from: Day,
    /// Days of leave and shutdown that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excepted: Vec<Exception>,
}

/// Days on which a duty does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exception {
    /// The first day.
    pub from: Day,
    /// The last day, itself included.
    pub to: Day,
    /// Leave, shutdown, overhaul, ...
    pub reason: String,
}

impl Duty {
    /// Whether the duty holds on `day`.
    pub fn holds_on(&self, day: Day) -> bool {
        day >= self.from && !self.excepted.iter().any(|e| (e.from..=e.to).contains(&day))
    }

    /// The periods for which something is owed and that end in `days`: each day that the duty
    /// holds on, or each week, Monday to Sunday, of which it holds on any day, so that a week of
    /// shutdown owes nothing. A week is owed as a whole, on its Sunday: until then it may still be
    /// done, and whichever of its days somebody went is right, those before `days` as well.
    pub fn periods(&self, days: Range<Day>) -> impl Iterator<Item = Range<Day>> {
        let is_weekly = self.frequency == DutyFrequency::Weekly;
        let length = if is_weekly { WEEK_DAYS } else { 1 };
        (days.start.0..days.end.0)
            .map(Day)
            .filter(move |last| !is_weekly || last.weekday() == WEEK_DAYS - 1)
            .map(move |last| Day(last.0 + 1 - length)..Day(last.0 + 1))
            .filter(|period| (period.start.0..period.end.0).any(|day| self.holds_on(Day(day))))
    }

    /// How many inspections fulfil one of its periods; `shifts` is how many shifts the plant works
    /// a day.
    pub fn each(&self, shifts: u32) -> u32 {
        match self.frequency {
            DutyFrequency::EveryShift => shifts,
            DutyFrequency::Daily | DutyFrequency::Weekly => 1,
        }
    }
}

/// A checklist template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template;

/// What is known of a template, its checklists apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateFields {
    /// Its name.
    pub name: String,
    /// The kind of inspection that it is for.
    pub inspection_kind: InspectionKind,
    /// The organisation that keeps it; those below it use it too.
    pub org: OrgId,
    /// The duty of zones that use it and have none of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<Duty>,
}

/// One question of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecklistItem {
    /// Its name within the template, kept across versions.
    pub code: String,
    /// What to look at.
    pub text: String,
}

/// What can happen to a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TemplateEvent {
    /// A version of its checklist is issued.
    Published {
        /// The version's number, one above the last.
        version: u32,
        /// The questions in order.
        items: Vec<ChecklistItem>,
    },
    /// It is no longer to be used.
    Retired,
}

/// What a template's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateState {
    /// The latest version's number; 0 before the first.
    pub version: u32,
    /// Its questions.
    pub items: Vec<ChecklistItem>,
    /// Whether it is retired.
    pub is_retired: bool,
}

impl Record for Template {
    const KIND: DocumentKind = DocumentKind::Template;
    type Fields = TemplateFields;
    type Event = TemplateEvent;
    type State = TemplateState;

    fn begin(_: &Header, _: &TemplateFields) -> TemplateState {
        TemplateState {
            version: 0,
            items: Vec::new(),
            is_retired: false,
        }
    }

    fn apply(
        state: &TemplateState,
        event: &Event<TemplateEvent>,
    ) -> Result<TemplateState, Refusal> {
        require(OVERSEERS.contains(&event.author.role), Refusal::Role)?;
        match &event.body {
            TemplateEvent::Published { version, items } => {
                let is_next = !state.is_retired && *version == state.version + 1;
                require(is_next, Refusal::Status)?;
                Ok(TemplateState {
                    version: *version,
                    items: items.clone(),
                    is_retired: false,
                })
            }
            TemplateEvent::Retired => Ok(TemplateState {
                is_retired: true,
                ..state.clone()
            }),
        }
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let items = view.state.items.iter().map(|item| item.text.as_str());
        std::iter::once(view.fields.name.as_str())
            .chain(items)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_and_shutdown_are_not_owed() {
        let from = Day::from_ymd(2026, 11, 2); // a Monday
        let shutdown = Exception {
            from: Day(from.0 + 7),
            to: Day(from.0 + 13),
            reason: "检修".into(),
        };
        let duty = |frequency| Duty {
            frequency,
            from,
            excepted: vec![shutdown.clone()],
        };
        let days = from..Day(from.0 + 21);
        let owed = |frequency, days| duty(frequency).periods(days).count();
        assert_eq!(owed(DutyFrequency::Daily, days.clone()), 14);
        assert_eq!(owed(DutyFrequency::EveryShift, days.clone()), 14);
        assert_eq!(owed(DutyFrequency::Weekly, days), 2);
        assert_eq!(owed(DutyFrequency::Daily, Day(from.0 - 30)..from), 0);
        assert_eq!(duty(DutyFrequency::EveryShift).each(3), 3);
        assert_eq!(duty(DutyFrequency::Weekly).each(3), 1);
    }

    #[test]
    fn a_week_is_owed_on_its_sunday_and_begins_on_its_monday() {
        let monday = Day::from_ymd(2026, 11, 2);
        let weekly = Duty {
            frequency: DutyFrequency::Weekly,
            from: Day(monday.0 - 70),
            excepted: Vec::new(),
        };
        let week = monday..Day(monday.0 + 7);
        for begin in 0..7 {
            // Whatever day of the week seven days begin on, one week ends in them.
            let days = Day(monday.0 + begin)..Day(monday.0 + begin + 7);
            let periods: Vec<_> = weekly.periods(days).collect();
            assert_eq!(periods, std::slice::from_ref(&week), "{begin}");
        }
        assert_eq!(weekly.periods(monday..Day(monday.0 + 6)).count(), 0);
    }
}
