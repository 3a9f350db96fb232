//! A year of a large enterprise, put into a relay by its own admission: no request for each record,
//! but nothing that a relay would not have taken from phones.

use std::sync::Arc;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vanguard_core::SystemEnv;
use vanguard_core::env::Env;
use vanguard_core::id::{DocumentId, EventId, GrantId, MemberId, OrgId, UnitId, ZoneId};
use vanguard_core::keys::{hex, sha256};
use vanguard_core::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature, Party, Rectification,
    RectificationMode,
};
use vanguard_core::model::inspection::Inspection;
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields, UnitKind,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::photo::{Photo, Thumbnail};
use vanguard_core::model::template::{Duty, DutyFrequency};
use vanguard_core::model::violation::{Violation, ViolationFields, ViolationKind};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneFields, ZoneKind};
use vanguard_core::model::{Author, Header, Record, Role, SCHEMA};
use vanguard_core::{NewEvent, Verb};
use vanguard_server::relay::{Act, Relay};

use vanguard_core::calendar::{DAY_MS, Day};

use crate::fleet::inspection;

/// For 100,000 inspections 12,000 hazards that name about 25,000 photos, and one violation in
/// forty inspections.
const HAZARDS_TO_100_INSPECTIONS: usize = 12;
const INSPECTIONS_TO_A_VIOLATION: usize = 40;
const BRANCHES: usize = 20;
const ZONES: usize = 60;
const MEMBERS: usize = 337;
/// One hazard in so many is still open: some are reported only, others on their way.
const CLOSED_OF_TEN: u32 = 9;
/// So many acts go into one transaction.
const STEP: usize = 400;

/// What the year left.
#[derive(Serialize, Deserialize)]
pub(crate) struct Year {
    pub(crate) supervisors: Vec<MemberId>,
    pub(crate) hazards: Vec<DocumentId>,
    pub(crate) zones: Vec<ZoneId>,
    pub(crate) people: Vec<Person>,
}

/// Somebody with a phone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) author: Author,
    pub(crate) branch: OrgId,
}

struct Filler<'a> {
    relay: &'a Arc<Relay>,
    random: ChaCha8Rng,
    now_ms: i64,
    people: Vec<Person>,
    officer: Author,
    unit: UnitId,
    zones: Vec<ZoneId>,
}

fn uuid() -> uuid::Uuid {
    (&SystemEnv as &dyn Env).uuid_v7()
}

/// Puts a year with so many inspections into a relay.
pub(crate) async fn fill(relay: &Arc<Relay>, inspections: usize, supervisors: usize) -> Year {
    let random = ChaCha8Rng::seed_from_u64(11);
    let now_ms = SystemEnv.now_ms();
    let committee = OrgId(uuid());
    let branches: Vec<OrgId> = (0..BRANCHES).map(|_| OrgId(uuid())).collect();
    let unit = UnitId(uuid());
    let mut acts = founding(committee, &branches, unit, now_ms);
    let mut person = |name: String, role, org| {
        let (member, grant) = (MemberId(uuid()), GrantId(uuid()));
        let fields = MemberFields {
            number: name.clone(),
            name,
            home: Some(org),
            unit: Some(unit),
        };
        let granted = GrantFields { member, role, org };
        acts.push(made::<Member>(member.into(), &fields, now_ms));
        acts.push(made::<Grant>(grant.into(), &granted, now_ms));
        Author {
            member,
            role,
            grant,
        }
    };
    let people = (0..MEMBERS).map(|number| {
        let branch = branches[number % BRANCHES];
        Person {
            author: person(format!("党员{number:04}"), Role::Member, branch),
            branch,
        }
    });
    let people: Vec<Person> = people.collect();
    let officer = person("安全员".into(), Role::SafetyOfficer, committee);
    let supervisors = (0..supervisors)
        .map(|number| person(format!("督查{number:03}"), Role::Supervisor, committee).member)
        .collect();
    let zones: Vec<ZoneId> = (0..ZONES).map(|_| ZoneId(uuid())).collect();
    for (number, zone) in zones.iter().enumerate() {
        let fields = zone_fields(number, people[number].author.member, unit, now_ms);
        let mut act = made::<ResponsibilityZone>((*zone).into(), &fields, now_ms);
        if let Verb::Create { header, .. } = &mut act.verb {
            header.space = branches[number % BRANCHES];
        }
        acts.push(act);
    }
    relay.act(Author::OPERATOR, acts).await.unwrap();
    let mut filler = Filler {
        relay,
        random,
        now_ms,
        people,
        officer,
        unit,
        zones,
    };
    filler.inspections(inspections).await;
    filler
        .violations(inspections / INSPECTIONS_TO_A_VIOLATION)
        .await;
    let hazards = inspections * HAZARDS_TO_100_INSPECTIONS / 100;
    let hazards = filler.hazards(hazards).await;
    relay.close().await; // the read side has all of it
    Year {
        supervisors,
        hazards,
        zones: filler.zones,
        people: filler.people,
    }
}

fn founding(committee: OrgId, branches: &[OrgId], unit: UnitId, now_ms: i64) -> Vec<Act> {
    let org = |id: OrgId, name: String, org_kind, parent| {
        let fields = PartyOrgFields {
            name,
            org_kind,
            parent,
            project: None,
        };
        made::<PartyOrg>(id.into(), &fields, now_ms)
    };
    let kind = PartyOrgKind::Committee;
    let mut acts = vec![org(committee, "铝业公司党委".into(), kind, None)];
    acts.extend(branches.iter().enumerate().map(|(number, branch)| {
        let name = format!("第{number}党支部");
        org(*branch, name, PartyOrgKind::Branch, Some(committee))
    }));
    let fields = UnitFields {
        name: "电解一车间".into(),
        unit_kind: UnitKind::Workshop,
        parent: None,
    };
    acts.push(made::<Unit>(unit.into(), &fields, now_ms));
    acts
}

fn zone_fields(number: usize, holder: MemberId, unit: UnitId, now_ms: i64) -> ZoneFields {
    ZoneFields {
        name: format!("责任区{number:02}"),
        code: format!("ZR-{number:03}"),
        zone_kind: ZoneKind::Safety,
        place: String::new(),
        boundary: None,
        risk_points: Vec::new(),
        holders: vec![holder],
        covered_people: Vec::new(),
        unit: Some(unit),
        duty: Some(Duty {
            frequency: DutyFrequency::EveryShift,
            from: Day(Day::at(now_ms).0 - 365),
            excepted: Vec::new(),
        }),
        template: None,
    }
}

impl Filler<'_> {
    /// Somebody, and an instant of the last year.
    fn somebody(&mut self) -> (Author, OrgId, i64) {
        let person = self.random.random_range(0..self.people.len());
        let Person { author, branch } = &self.people[person];
        let ago_ms = self.random.random_range(0..365 * DAY_MS);
        (*author, *branch, self.now_ms - ago_ms)
    }

    async fn inspections(&mut self, count: usize) {
        self.each(count, |filler, space, at_ms| {
            let zones = filler.zones.clone();
            let fields = inspection(&zones, &mut filler.random, at_ms);
            creation::<Inspection>(space, &fields, None, at_ms)
        })
        .await;
    }

    async fn violations(&mut self, count: usize) {
        self.each(count, |filler, space, at_ms| {
            let kind = ViolationKind::ALL[filler.random.random_range(0..3)];
            let mut fields = ViolationFields::new(kind, "未系安全带", "二号天车", "高处作业规程");
            fields.unit = Some(filler.unit);
            creation::<Violation>(space, &fields, None, at_ms)
        })
        .await;
    }

    /// So many records, each by somebody.
    async fn each(
        &mut self,
        count: usize,
        make: impl Fn(&mut Self, OrgId, i64) -> (DocumentId, Verb),
    ) {
        let mut left = count;
        while left > 0 {
            // A batch is one person's.
            let (author, branch, _) = self.somebody();
            let step = left.min(STEP);
            let acts = (0..step).map(|_| {
                let (.., at_ms) = self.somebody();
                let (document, mut verb) = make(self, branch, at_ms);
                if let Verb::Create { header, .. } = &mut verb {
                    header.creator = author.member;
                }
                Act { document, verb }
            });
            let acts = acts.collect();
            self.relay.act(author, acts).await.unwrap();
            left -= step;
        }
    }

    async fn hazards(&mut self, count: usize) -> Vec<DocumentId> {
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let (author, branch, _) = self.somebody();
            let step = (count - all.len()).min(STEP / 4);
            let mut reports = Vec::new();
            let mut decisions = Vec::new();
            let mut closings = Vec::new();
            for _ in 0..step {
                let (.., at_ms) = self.somebody();
                let number = all.len();
                // Two photos a hazard, and now and then a third.
                let mut photos = vec![photo("before", number)];
                photos.extend((number % 5 == 0).then(|| photo("beside", number)));
                let fields = self.hazard(photos);
                let reported = HazardEvent::Reported;
                let (id, mut verb) = creation::<Hazard>(branch, &fields, Some(&reported), at_ms);
                if let Verb::Create { header, .. } = &mut verb {
                    header.creator = author.member;
                }
                reports.push(Act { document: id, verb });
                all.push(id);
                let draw = self.random.random_range(0..40);
                if draw == 0 {
                    continue; // nobody has looked at it yet
                }
                decisions.push(append(id, at_ms, &graded()));
                decisions.push(append(id, at_ms, &self.assigned(author.member, at_ms)));
                if draw < 4 {
                    continue;
                }
                closings.push((id, at_ms, photo("after", number)));
            }
            self.relay.act(author, reports).await.unwrap();
            self.relay.act(self.officer, decisions).await.unwrap();
            let rectified = closings.iter().map(|(id, at_ms, photo)| {
                let event = HazardEvent::Rectified(Rectification {
                    what: "已更换并试运行".into(),
                    on_behalf_of: None,
                    on_the_spot: false,
                    photos: vec![photo.clone()],
                });
                append(*id, at_ms + DAY_MS, &event)
            });
            self.relay.act(author, rectified.collect()).await.unwrap();
            let mut verified = Vec::new();
            for (id, at_ms, _) in &closings {
                if self.random.random_range(0..10) < CLOSED_OF_TEN {
                    let conclusion = "现场复查，符合要求".to_owned();
                    let event = HazardEvent::Verified {
                        conclusion,
                        assessment: None,
                    };
                    verified.push(append(*id, at_ms + 2 * DAY_MS, &event));
                    verified.push(append(*id, at_ms + 2 * DAY_MS, &HazardEvent::ClosedOut));
                }
            }
            self.relay.act(self.officer, verified).await.unwrap();
        }
        all
    }

    fn hazard(&mut self, photos: Vec<Photo>) -> HazardFields {
        const WHAT: [&str; 5] = [
            "槽控箱接线松动",
            "消防器材过期",
            "护栏缺失",
            "天车限位失灵",
            "地面积油",
        ];
        let what = WHAT[self.random.random_range(0..WHAT.len())];
        let mut fields = HazardFields::new(what, HazardNature::UnsafeCondition);
        fields.zone = Some(self.zones[self.random.random_range(0..self.zones.len())]);
        fields.place = Some(format!("{}号槽北侧", self.random.random_range(1..200)));
        fields.photos = photos;
        fields
    }

    fn assigned(&mut self, member: MemberId, at_ms: i64) -> HazardEvent {
        let days = self.random.random_range(3..30);
        HazardEvent::Assigned(Assignment {
            unit: self.unit,
            person: Party::Member(member),
            mode: RectificationMode::Deadline,
            deadline_ms: at_ms + days * DAY_MS,
            assurances: None,
            plan: None,
        })
    }
}

/// A photo that is named, and never sent.
fn photo(what: &str, number: usize) -> Photo {
    let thumbnail = sha256(format!("{what} {number}, small").as_bytes());
    let thumbnail = Thumbnail {
        hash: hex(&thumbnail),
        bytes: 12_000,
    };
    let original = sha256(format!("{what} {number}").as_bytes());
    Photo::new(&original, 1_200_000, (1_600, 1_200), thumbnail)
}

fn graded() -> HazardEvent {
    HazardEvent::Graded {
        grade: HazardGrade::General,
        nature: HazardNature::UnsafeCondition,
        reason: "现场核实".into(),
        criterion: None,
    }
}

fn map(value: &impl Serialize) -> Map<String, Value> {
    let Value::Object(map) = serde_json::to_value(value).unwrap() else {
        unreachable!("it is a map");
    };
    map
}

fn append(document: DocumentId, at_ms: i64, body: &impl Serialize) -> Act {
    let event = NewEvent {
        id: EventId(uuid()),
        at_ms,
        body: map(body),
    };
    let verb = Verb::Append { event };
    Act { document, verb }
}

/// A record in a space, made at an instant.
pub(crate) fn creation<R: Record>(
    space: OrgId,
    fields: &R::Fields,
    event: Option<&R::Event>,
    at_ms: i64,
) -> (DocumentId, Verb) {
    let id = DocumentId(uuid());
    let header = Header {
        id,
        kind: R::KIND,
        space,
        creator: MemberId::OPERATOR,
        created_ms: at_ms,
        schema: SCHEMA,
    };
    let event = event.map(|event| NewEvent {
        id: EventId(uuid()),
        at_ms,
        body: map(event),
    });
    let verb = Verb::Create {
        header,
        fields: map(fields),
        event,
    };
    (id, verb)
}

/// A record of the directory, by the operator.
fn made<R: Record>(id: DocumentId, fields: &R::Fields, at_ms: i64) -> Act {
    let (_, mut verb) = creation::<R>(OrgId::DIRECTORY, fields, None, at_ms);
    if let Verb::Create { header, .. } = &mut verb {
        header.id = id;
    }
    Act { document: id, verb }
}
