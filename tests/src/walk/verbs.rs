//! The verbs of the walk, but for those of a hazard's life.

use serde_json::{Map, Value, json};
use vanguard_core::calendar::Day;
use vanguard_core::id::{
    DocumentId, EventId, HazardId, InspectionId, OrgId, PostId, ViolationId, ZoneId,
};
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::inspection::{
    Inspection, InspectionEvent, InspectionKind, ItemOutcome, ItemResult,
};
use vanguard_core::model::post::{PostEntry, PostEvent, PostFields, PostKind, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamEvent, TeamFields, TeamKind};
use vanguard_core::model::violation::{ViolationEvent, ViolationFields, ViolationKind};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneKind};
use vanguard_core::model::{DocumentKind, Record, Shift};
use vanguard_core::notebook::Result as VerbResult;

use super::{Done, World};

pub(super) type Did = VerbResult<Vec<(DocumentId, Done)>>;

pub(super) fn created(id: impl Into<DocumentId>) -> Vec<(DocumentId, Done)> {
    vec![(id.into(), Done::Created)]
}

pub(super) fn appended(id: impl Into<DocumentId>, event: EventId) -> Vec<(DocumentId, Done)> {
    vec![(id.into(), Done::Appended(event))]
}

impl World {
    pub(super) fn verb(&mut self, at: usize) -> (&'static str, bool) {
        let (what, did) = match self.dice.below(100) {
            0..14 => ("report", self.report(at)),
            14..50 => ("hazard event", self.hazard_event(at)),
            50..60 => ("hazard edit", self.edit_hazard(at)),
            60..68 => ("inspection", self.inspect(at)),
            68..72 => ("inspection event", self.inspection_event(at)),
            72..76 => ("violation", self.violation(at)),
            76..80 => ("violation event", self.violation_event(at)),
            80..84 => ("zone", self.zone(at)),
            84..89 => ("post", self.post(at)),
            89..91 => ("team", self.team(at)),
            91..93 => ("template", self.template(at)),
            93..95 => ("grant", self.grant(at)),
            95 | 96 => ("grant end", self.end_grant(at)),
            97..99 => ("temporary branch", self.branch(at)),
            _ => ("registry", self.register(at)),
        };
        (what, self.note(at, did))
    }

    /// A space: most often one that the phone's member works in.
    pub(super) fn space(&mut self, at: usize) -> OrgId {
        let member = self.members[at];
        let mut spaces = self.phone(at).notebook.directory().scope(member);
        spaces.retain(|space| *space != OrgId::DIRECTORY);
        match self.dice.any(&spaces) {
            Some(space) if self.dice.percent(85) => space,
            _ => *self.dice.one(&self.orgs),
        }
    }

    fn report(&mut self, at: usize) -> Did {
        let space = self.space(at);
        let description = self.words("通道堵塞");
        let fields = HazardFields::new(description, HazardNature::UnsafeCondition);
        self.phone(at)
            .notebook
            .report_hazard(space, &fields)
            .map(created)
    }

    fn edit_hazard(&mut self, at: usize) -> Did {
        let Some(id) = self.some(at, DocumentKind::Hazard) else {
            return Ok(Vec::new());
        };
        let mut fields = Map::new();
        for field in ["description", "place", "item", "requirements"] {
            if fields.is_empty() || self.dice.percent(20) {
                let name = if self.dice.percent(70) {
                    "place"
                } else {
                    field
                };
                fields.insert(name.into(), Value::String(self.words("地点")));
            }
        }
        self.edited(at, id, fields)
    }

    fn edited(&mut self, at: usize, id: DocumentId, fields: Map<String, Value>) -> Did {
        let done = Done::Edited(fields.clone());
        self.phone(at)
            .notebook
            .edit(id, fields)
            .map(|()| vec![(id, done)])
    }

    /// A document of a kind that the phone has, the newer ones more likely.
    pub(super) fn some(&mut self, at: usize, kind: DocumentKind) -> Option<DocumentId> {
        let ids = self.documents(at, kind);
        let newer = ids.len().min(4);
        if self.dice.percent(50) {
            self.dice.any(&ids[..newer])
        } else {
            self.dice.any(&ids)
        }
    }

    fn inspect(&mut self, at: usize) -> Did {
        let space = self.space(at);
        let zone = self
            .some(at, DocumentKind::Zone)
            .map_or(ZoneId(space.0), ZoneId::from);
        let kind = *self.dice.one(InspectionKind::ALL);
        let hazard = self.some(at, DocumentKind::Hazard).map(HazardId::from);
        let summary = self.words("巡检");
        let answers = self.dice.below(4);
        let is_reopened = self.dice.percent(30);
        let notebook = &mut self.phone(at).notebook;
        let draft = notebook.start_inspection(space, zone, kind, Shift::Day)?;
        notebook.edit_draft(draft, |fields| fields.summary = summary)?;
        for number in 0..answers {
            let answer = ItemResult {
                code: format!("{number}"),
                outcome: if number == 0 {
                    ItemOutcome::Abnormal
                } else {
                    ItemOutcome::Normal
                },
                remark: "现场确认".into(),
                hazard: hazard.filter(|_| number == 0),
                violation: None,
            };
            notebook.answer(draft, answer)?;
        }
        if is_reopened {
            self.reopen(at);
        }
        let notebook = &mut self.phone(at).notebook;
        let submitted = notebook.submit_inspection(draft);
        if submitted.is_err() {
            notebook.discard_draft(draft)?;
        }
        submitted.map(|()| created(draft))
    }

    fn inspection_event(&mut self, at: usize) -> Did {
        let Some(id) = self.some(at, DocumentKind::Inspection) else {
            return Ok(Vec::new());
        };
        let text = self.words("意见");
        let event = match self.dice.below(4) {
            0 => InspectionEvent::Reviewed { remark: text },
            1 => InspectionEvent::Returned { remark: text },
            2 => InspectionEvent::Corrected {
                text,
                items: Vec::new(),
            },
            _ => InspectionEvent::Commented { text },
        };
        self.append::<Inspection>(at, id, &event)
    }

    pub(super) fn append<R: Record>(&mut self, at: usize, id: DocumentId, event: &R::Event) -> Did {
        self.phone(at)
            .notebook
            .append::<R>(id, event)
            .map(|event| appended(id, event))
    }

    fn violation(&mut self, at: usize) -> Did {
        let space = self.space(at);
        let description = self.words("未系安全带");
        let kind = ViolationKind::OperationViolation;
        let mut fields = ViolationFields::new(kind, description, "3号炉", "高处作业规程");
        fields.person = Some("某某".into());
        self.phone(at)
            .notebook
            .record_violation(space, &fields)
            .map(created)
    }

    fn violation_event(&mut self, at: usize) -> Did {
        let Some(id) = self.some(at, DocumentKind::Violation) else {
            return Ok(Vec::new());
        };
        let text = self.words("处理");
        let event = match self.dice.below(5) {
            0 => ViolationEvent::Confirmed { remark: text },
            1 => ViolationEvent::Handled { outcome: text },
            2 => ViolationEvent::Withdrawn { reason: text },
            3 => {
                let fields = Map::from_iter([("place".to_owned(), Value::String(text))]);
                return self.edited(at, id, fields);
            }
            _ => ViolationEvent::Commented { text },
        };
        let notebook = &mut self.phone(at).notebook;
        let event = notebook.act_on_violation(ViolationId::from(id), &event)?;
        Ok(appended(id, event))
    }

    fn zone(&mut self, at: usize) -> Did {
        let (space, name) = (self.space(at), self.words("责任区"));
        let holders = vec![*self.dice.one(&self.members)];
        match (self.some(at, DocumentKind::Zone), self.dice.below(4)) {
            (Some(id), 0) => {
                let fields = Map::from_iter([("place".to_owned(), Value::String(name))]);
                self.edited(at, id, fields)
            }
            (Some(id), 1) => {
                self.append::<ResponsibilityZone>(at, id, &ZoneEvent::Noted { text: name })
            }
            (Some(id), 2) if self.dice.percent(30) => {
                self.append::<ResponsibilityZone>(at, id, &ZoneEvent::Retired { reason: name })
            }
            _ => {
                let fields = ZoneFields {
                    code: name.clone(),
                    name,
                    zone_kind: ZoneKind::Safety,
                    place: String::new(),
                    boundary: None,
                    risk_points: Vec::new(),
                    holders,
                    covered_people: Vec::new(),
                    unit: None,
                    duty: None,
                    template: None,
                };
                self.phone(at)
                    .notebook
                    .create_zone(space, &fields)
                    .map(created)
            }
        }
    }

    fn post(&mut self, at: usize) -> Did {
        let (space, text) = (self.space(at), self.words("先锋岗"));
        let holders = vec![*self.dice.one(&self.members), self.members[at]];
        let Some(id) = self
            .some(at, DocumentKind::Post)
            .filter(|_| self.dice.percent(75))
        else {
            let fields = PostFields {
                code: text.clone(),
                name: text,
                post_kind: PostKind::Vanguard,
                place: String::new(),
                unit: None,
                holders,
                commitments: vec!["身边无违章".into()],
            };
            return self
                .phone(at)
                .notebook
                .propose_post(space, &fields)
                .map(created);
        };
        let event = match self.dice.below(8) {
            0 | 1 => PostEvent::Named,
            2 => PostEvent::ReviewStarted,
            3 => PostEvent::Withdrawn { reason: text },
            4 => {
                let view = self.phone(at).notebook.get::<VanguardPost>(id)?.view;
                let Some(entry) = self.dice.any(&view.state.unreviewed) else {
                    return Ok(Vec::new());
                };
                PostEvent::EntryReviewed {
                    entry,
                    remark: text,
                }
            }
            _ => {
                let entry = PostEntry {
                    day: Day::from_ymd(2026, 11, 2),
                    shift: Shift::Night,
                    kept: vec![true],
                    done: text,
                    inspection: self
                        .some(at, DocumentKind::Inspection)
                        .map(InspectionId::from),
                    hazard: None,
                };
                let notebook = &mut self.phone(at).notebook;
                let event = notebook.write_post_entry(PostId::from(id), entry)?;
                return Ok(appended(id, event));
            }
        };
        self.append::<VanguardPost>(at, id, &event)
    }

    fn team(&mut self, at: usize) -> Did {
        let (space, text) = (self.space(at), self.words("突击队"));
        match (self.some(at, DocumentKind::Team), self.dice.below(3)) {
            (Some(id), 0) => self.append::<TaskTeam>(at, id, &TeamEvent::Noted { text }),
            (Some(id), 1) => self.append::<TaskTeam>(at, id, &TeamEvent::Ended { outcome: text }),
            _ => {
                let fields = TeamFields {
                    name: text,
                    team_kind: TeamKind::Shock,
                    goal: String::new(),
                    leader: None,
                    members: self.members.clone(),
                    unit: None,
                };
                self.phone(at)
                    .notebook
                    .create::<TaskTeam>(space, &fields, None)
                    .map(created)
            }
        }
    }

    /// One of the values of a field in conflict, or any other.
    pub(super) fn some_choice(&mut self, at: usize, id: DocumentId) -> VerbResult<(String, Value)> {
        let view = self.phone(at).notebook.get::<Hazard>(id)?.view;
        let chosen = view.conflicts.first().map(|conflict| {
            let values: Vec<&Value> = conflict.values.iter().map(|value| &value.value).collect();
            (conflict.field.clone(), (*self.dice.one(&values)).clone())
        });
        Ok(chosen.unwrap_or_else(|| ("place".into(), json!(self.words("择定")))))
    }
}
