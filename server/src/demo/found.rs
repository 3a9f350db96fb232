//! The operator: founds the organisation at the relay, as an import does, and later hands posts
//! over; all of it written down in the generator's record like everything else.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;
use vanguard_core::calendar::Day;
use vanguard_core::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use vanguard_core::model::inspection::InspectionKind;
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, Unit, UnitFields};
use vanguard_core::model::people::{
    Grant, GrantEvent, GrantFields, Member, MemberFields, Person, PersonFields,
};
use vanguard_core::model::post::{PostEvent, PostFields, PostKind, VanguardPost};
use vanguard_core::model::template::{
    ChecklistItem, Duty, DutyFrequency, Exception, Template, TemplateEvent, TemplateFields,
};
use vanguard_core::model::zone::{ResponsibilityZone, RiskPoint, ZoneFields, ZoneKind};
use vanguard_core::model::{Author, Record, Role};
use vanguard_core::{NewEvent, Verb};

use super::chance::Dice;
use super::record::{Deed, Entry};
use super::world::{Branch, Handover, World};
use super::{findings, names, words};
use crate::acts::{self, object};
use crate::relay::{Act, ActError, Relay};

/// What is to be imported: acts for the relay, and what the record says of them.
pub(super) struct Founding {
    acts: Vec<Act>,
    /// What was done, for the record.
    pub(super) entries: Vec<Entry>,
    grants: HashMap<(MemberId, Role, OrgId), GrantId>,
    dice: Dice,
    at_ms: i64,
}

impl Founding {
    /// Writes everything down that makes the organisation.
    pub(super) fn of(world: &World, seed: u64, at_ms: i64, first_day: Day) -> Self {
        let mut founding = Self {
            acts: Vec::new(),
            entries: Vec::new(),
            grants: HashMap::new(),
            dice: Dice::new(seed, "founding"),
            at_ms,
        };
        founding.organisations(world);
        founding.people(world);
        founding.templates(world, first_day);
        for (at, branch) in world.branches.iter().enumerate() {
            founding.zones(world, at, branch, first_day);
            founding.posts(world, branch);
        }
        founding
    }

    /// How many acts there are.
    pub(super) fn len(&self) -> usize {
        self.acts.len()
    }

    /// Hands the acts to the relay, telling how many at a time.
    pub(super) async fn carry_out(
        &mut self,
        relay: &std::sync::Arc<Relay>,
        mut observe: impl FnMut(usize),
    ) -> Result<(), ActError> {
        let acts = std::mem::take(&mut self.acts);
        for chunk in acts.chunks(200) {
            relay.act(Author::OPERATOR, chunk.to_vec()).await?;
            observe(chunk.len());
        }
        Ok(())
    }

    fn create<R: Record>(&mut self, id: Uuid, space: OrgId, fields: &R::Fields) {
        self.acts
            .push(acts::create::<R>(id, space, fields, self.at_ms));
        self.note(
            DocumentId(id),
            Deed::Created {
                kind: R::KIND,
                fields: object(fields),
                first: None,
            },
        );
    }

    fn append<R: Record>(&mut self, id: Uuid, event: &R::Event) {
        let (event_id, body) = (EventId(self.uuid()), object(event));
        let event = NewEvent {
            id: event_id,
            at_ms: self.at_ms,
            body: body.clone(),
        };
        self.acts.push(Act {
            document: DocumentId(id),
            verb: Verb::Append { event },
        });
        self.note(
            DocumentId(id),
            Deed::Happened {
                on: R::KIND,
                id: Some(event_id),
                body,
            },
        );
    }

    fn note(&mut self, document: DocumentId, deed: Deed) {
        self.entries.push(Entry {
            author: MemberId::OPERATOR,
            at_ms: self.at_ms,
            document,
            deed,
            sent: Some(0),
        });
    }

    fn uuid(&mut self) -> Uuid {
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = u8::try_from(self.dice.below(256)).unwrap_or(0);
        }
        let ms = u64::try_from(self.at_ms).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }

    fn organisations(&mut self, world: &World) {
        for org in &world.orgs {
            let fields = PartyOrgFields {
                name: org.name.clone(),
                org_kind: org.kind,
                parent: org.parent,
                project: None,
            };
            self.create::<PartyOrg>(org.id.0, OrgId::DIRECTORY, &fields);
        }
        for unit in &world.units {
            let fields = UnitFields {
                name: unit.name.clone(),
                unit_kind: unit.kind,
                parent: unit.parent,
            };
            self.create::<Unit>(unit.id.0, OrgId::DIRECTORY, &fields);
        }
    }

    fn people(&mut self, world: &World) {
        for (id, name, unit) in &world.persons {
            let fields = PersonFields {
                name: name.clone(),
                unit: *unit,
            };
            self.create::<Person>(id.0, OrgId::DIRECTORY, &fields);
        }
        for person in &world.people {
            let home = &world.branches[person.home];
            let fields = MemberFields {
                name: person.name.clone(),
                number: person.number.clone(),
                home: (!person.is_guest).then_some(home.org),
                unit: (!person.is_guest).then_some(home.unit),
            };
            self.create::<Member>(person.id.0, OrgId::DIRECTORY, &fields);
            if !person.is_guest {
                self.grant(person.id, Role::Member, home.org);
            }
            for (role, org) in &person.roles {
                self.grant(person.id, *role, *org);
            }
        }
    }

    fn grant(&mut self, member: MemberId, role: Role, org: OrgId) {
        let id = GrantId(self.uuid());
        self.grants.insert((member, role, org), id);
        self.create::<Grant>(id.0, OrgId::DIRECTORY, &GrantFields { member, role, org });
    }

    /// A safety officer's grant ends, and somebody else gets one.
    pub(super) fn hand_over(&mut self, world: &World, handover: &Handover, at_ms: i64) {
        self.at_ms = at_ms;
        let org = world.branches[handover.branch].org;
        let role = Role::SafetyOfficer;
        if let Some(grant) = self
            .grants
            .remove(&(world.people[handover.old].id, role, org))
        {
            let reason = "岗位调整".into();
            self.append::<Grant>(grant.0, &GrantEvent::Ended { reason });
        }
        self.grant(world.people[handover.new].id, role, org);
    }

    fn templates(&mut self, world: &World, first_day: Day) {
        let kinds = [
            ("岗位日常安全检查表", InspectionKind::Daily),
            ("综合性安全检查表", InspectionKind::Comprehensive),
            ("节后复工检查表", InspectionKind::Resumption),
        ];
        for ((name, inspection_kind), id) in kinds.into_iter().zip(&world.templates) {
            let fields = TemplateFields {
                name: name.into(),
                inspection_kind,
                org: world.committee,
                duty: Some(duty(DutyFrequency::Weekly, first_day)),
            };
            self.create::<Template>(id.0, OrgId::DIRECTORY, &fields);
            for version in 1..=2 {
                let items = words::CHECKLIST.iter().take(4 + version);
                let items = items.map(|(code, text)| ChecklistItem {
                    code: (*code).into(),
                    text: (*text).into(),
                });
                let published = TemplateEvent::Published {
                    version: u32::try_from(version).unwrap_or(1),
                    items: items.collect(),
                };
                self.append::<Template>(id.0, &published);
            }
        }
    }

    fn zones(&mut self, world: &World, branch_at: usize, branch: &Branch, first_day: Day) {
        for (at, zone) in branch.zones.iter().enumerate() {
            let points = (0..2 + self.dice.below(2)).map(|_| {
                let (name, measures) = *self.dice.pick(names::RISK_POINTS);
                RiskPoint {
                    name: name.into(),
                    measures: measures.into(),
                }
            });
            let risk_points = points.collect();
            let frequency = *self.dice.pick(&[
                DutyFrequency::EveryShift,
                DutyFrequency::Daily,
                DutyFrequency::Daily,
                DutyFrequency::Weekly,
            ]);
            let zone_kind = *self.dice.pick(ZoneKind::ALL);
            let fields = ZoneFields {
                name: zone.name.clone(),
                code: zone.code.clone(),
                zone_kind,
                place: format!("{}，{}", branch.name, findings::spot(&mut self.dice)),
                boundary: Some(boundary(branch_at, at)),
                risk_points,
                holders: members(world, &zone.holders),
                covered_people: zone.covered.clone(),
                unit: Some(branch.unit),
                duty: Some(duty(frequency, first_day)),
                template: Some(world.templates[0]),
            };
            self.create::<ResponsibilityZone>(zone.id.0, branch.org, &fields);
        }
    }

    fn posts(&mut self, world: &World, branch: &Branch) {
        for post in &branch.posts {
            let commitments = names::COMMITMENTS.iter().take(post.commitments);
            let post_kind = *self.dice.pick(PostKind::ALL);
            let fields = PostFields {
                name: post.name.clone(),
                code: post.code.clone(),
                post_kind,
                place: branch.name.clone(),
                unit: Some(branch.unit),
                holders: members(world, &post.holders),
                commitments: commitments.map(|text| (*text).to_owned()).collect(),
            };
            self.create::<VanguardPost>(post.id.0, branch.org, &fields);
            self.append::<VanguardPost>(post.id.0, &PostEvent::Named);
        }
    }
}

/// The ids of members.
pub(super) fn members(world: &World, who: &[usize]) -> Vec<MemberId> {
    who.iter().map(|at| world.people[*at].id).collect()
}

/// A duty with one day of leave in the second week.
pub(super) fn duty(frequency: DutyFrequency, from: Day) -> Duty {
    let leave = Exception {
        from: Day(from.0 + 9),
        to: Day(from.0 + 9),
        reason: "全厂停电检修".into(),
    };
    Duty {
        frequency,
        from,
        excepted: vec![leave],
    }
}

/// A rectangle somewhere in the plant, as GeoJSON.
pub(super) fn boundary(branch: usize, zone: usize) -> String {
    let step = |count: usize| f64::from(u32::try_from(count).unwrap_or(0));
    let (west, south) = (112.41 + step(branch) * 0.002, 34.62 + step(zone) * 0.0015);
    let (east, north) = (west + 0.0018, south + 0.0012);
    let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
    let corner = |x: f64, y: f64| json!([round(x), round(y)]);
    let ring = [
        corner(west, south),
        corner(east, south),
        corner(east, north),
        corner(west, north),
        corner(west, south),
    ];
    json!({"type": "Polygon", "coordinates": [ring]}).to_string()
}
