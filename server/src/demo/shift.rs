//! One phone's working day: whether its owner is on duty, the round through a zone, what it finds,
//! and the post's record. All of it happens on the phone, whether there is a network or not.

use vanguard_core::calendar::{Day, HOUR_MS};
use vanguard_core::id::{DocumentId, HazardId, ViolationId, ZoneId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, Rectification};
use vanguard_core::model::inspection::{InspectionFields, InspectionKind, ItemOutcome, ItemResult};
use vanguard_core::model::post::{PostEntry, PostEvent, VanguardPost};
use vanguard_core::model::violation::{Violation, ViolationFields};
use vanguard_core::model::{Rota, Shift};

use super::phone::Phone;
use super::site::SiteState;
use super::world::{World, Zone};
use super::{findings, hazards, reviews, words};

/// A day of the simulation, as all phones share it.
pub(super) struct Today<'a> {
    pub(super) world: &'a World,
    pub(super) sites: &'a [SiteState],
    pub(super) day: Day,
    /// The day's place in the simulation.
    pub(super) index: usize,
}

/// Where somebody works today.
pub(super) struct Place<'a> {
    pub(super) space: vanguard_core::id::OrgId,
    pub(super) zones: &'a [Zone],
    pub(super) branch: usize,
}

impl Today<'_> {
    /// The shift that somebody works today, if any.
    fn shift_of(&self, who: usize) -> Option<(Shift, Option<Rota>)> {
        let person = &self.world.people[who];
        let Some(rota) = person.rota else {
            let is_sunday = self.day.weekday() == 6;
            return (!is_sunday || person.site.is_some()).then_some((Shift::Day, None));
        };
        let crew = Rota::ALL.iter().position(|r| *r == rota).unwrap_or(0);
        let shift = match (self.index + 2 * crew) % 8 {
            0 | 1 => Shift::Morning,
            2 | 3 => Shift::Middle,
            4 | 5 => Shift::Night,
            _ => return None,
        };
        Some((shift, Some(rota)))
    }

    /// A zone with the code on its signboard.
    pub(super) fn zone(&self, id: ZoneId) -> Option<(ZoneId, &str)> {
        let branches = self.world.branches.iter().flat_map(|it| &it.zones);
        let sites = self.sites.iter().flat_map(|it| &it.zones);
        let mut zones = branches.chain(sites);
        let zone = zones.find(|zone| zone.id == id)?;
        Some((zone.id, zone.code.as_str()))
    }

    /// Where somebody works: on their site once it has its branch, else in their own.
    pub(super) fn place_of(&self, phone: &Phone) -> Option<Place<'_>> {
        let person = &self.world.people[phone.who];
        if let (Some(site), Some(org)) = (person.site, phone.site_org) {
            let zones = self.sites[site].zones.as_slice();
            if !zones.is_empty() {
                return Some(Place {
                    space: org,
                    zones,
                    branch: self.world.sites[site].host,
                });
            }
        }
        let home = &self.world.branches[person.home];
        (!person.is_guest).then_some(Place {
            space: home.org,
            zones: &home.zones,
            branch: person.home,
        })
    }
}

/// Works through the day (or the night that follows it) on one phone.
pub(super) fn work(phone: &mut Phone, today: &Today<'_>, is_night: bool) {
    let Some((shift, rota)) = today.shift_of(phone.who) else {
        return;
    };
    if is_night != (shift == Shift::Night) {
        return;
    }
    let hour = match shift {
        Shift::Day | Shift::Morning => 8,
        Shift::Middle => 16,
        Shift::Night => 24,
    };
    phone.at(today.day.start_ms() + hour * HOUR_MS);
    phone.pass(900);
    if phone.site_org.is_none() {
        phone.site_org = today.known_site(phone);
    }
    let Some(place) = today.place_of(phone) else {
        return;
    };
    // Who is on duty inspects; a few do not get to it.
    if phone.dice.per_mille(985) {
        phone.pass(5_400);
        inspect(phone, today, &place, (shift, rota));
    }
    write_post_entry(phone, today, &place, shift);
    hazards::attend_to(phone, today, &place);
    reviews::attend_to(phone, today, &place);
}

/// One round through one zone.
fn inspect(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>, worked: (Shift, Option<Rota>)) {
    let zone = phone.dice.pick(place.zones).clone();
    let dice = &mut phone.dice;
    let has_violation = dice.per_mille(25);
    let has_hazard = dice.per_mille(125);
    let kind = if has_violation || has_hazard {
        *dice.pick(&[
            InspectionKind::Daily,
            InspectionKind::Daily,
            InspectionKind::Comprehensive,
            InspectionKind::Specialist,
            InspectionKind::Special,
        ])
    } else if today.index == 0 && dice.per_mille(300) {
        InspectionKind::Resumption
    } else if dice.per_mille(880) {
        InspectionKind::NoViolation
    } else {
        *dice.pick(&InspectionKind::ALL[1..])
    };
    let started = phone
        .notebook
        .start_inspection(place.space, zone.id, kind, worked.0);
    let Some(id) = phone.take(started) else {
        return;
    };
    let mut fields = InspectionFields::new(zone.id, kind, worked.0, phone.now_ms());
    let mut finding = Finding::default();
    phone.pass(240);
    if has_violation {
        finding.violation = violation(phone, today, place, &zone, id);
    }
    if has_hazard {
        finding.hazard = hazard(phone, place, &zone, id);
    }
    describe(phone, &zone, worked.1, &mut fields);
    fields.violations.extend(finding.violation);
    let edited = fields.clone();
    let saved = phone.notebook.edit_draft(id, |draft| *draft = edited);
    phone.take(saved);
    if kind != InspectionKind::NoViolation {
        fields.template = Some(today.world.templates[0]);
        fields.template_version = Some(2);
        let (template, version) = (fields.template, fields.template_version);
        let saved = phone.notebook.edit_draft(id, |draft| {
            draft.template = template;
            draft.template_version = version;
        });
        phone.take(saved);
        for item in answers(phone, &finding) {
            phone.pass(40);
            let saved = phone.notebook.answer(id, item.clone());
            phone.take(saved);
            fields.items.push(item);
        }
    }
    phone.pass(120);
    phone.submit(id, fields);
}

#[derive(Default)]
struct Finding {
    hazard: Option<HazardId>,
    violation: Option<ViolationId>,
}

fn describe(phone: &mut Phone, zone: &Zone, rota: Option<Rota>, fields: &mut InspectionFields) {
    let dice = &mut phone.dice;
    fields.rota = rota;
    fields.coverage = words::one(dice, words::COVERAGE).into();
    if dice.per_mille(600) {
        fields.summary = words::one(dice, words::SUMMARIES).into();
    }
    if fields.inspection_kind == InspectionKind::NoViolation {
        fields.covered_people.clone_from(&zone.covered);
    }
    if dice.per_mille(700) {
        fields.signboard = Some(zone.code.clone());
    }
}

/// The checklist's answers: all normal but for what was found.
fn answers(phone: &mut Phone, finding: &Finding) -> Vec<ItemResult> {
    let count = 6;
    let abnormal = phone.dice.below(count);
    let is_found = finding.hazard.is_some() || finding.violation.is_some();
    let items = words::CHECKLIST.iter().take(count).enumerate();
    items
        .map(|(at, (code, _))| {
            let is_abnormal = is_found && at == abnormal;
            let outcome = if is_abnormal {
                ItemOutcome::Abnormal
            } else if phone.dice.per_mille(60) {
                ItemOutcome::NotApplicable
            } else {
                ItemOutcome::Normal
            };
            let remark = if is_abnormal { "见记录" } else { "" };
            ItemResult {
                code: (*code).into(),
                outcome,
                remark: remark.into(),
                hazard: finding.hazard.filter(|_| is_abnormal),
                violation: finding.violation.filter(|_| is_abnormal),
            }
        })
        .collect()
}

/// Reports a hazard; one in five is put right on the spot.
fn hazard(
    phone: &mut Phone,
    place: &Place<'_>,
    zone: &Zone,
    inspection: vanguard_core::id::InspectionId,
) -> Option<HazardId> {
    let found = findings::hazard(&mut phone.dice);
    let mut fields = HazardFields::new(found.description, found.nature);
    fields.zone = Some(zone.id);
    fields.inspection = Some(inspection);
    let dice = &mut phone.dice;
    if dice.per_mille(900) {
        fields.place = Some(format!("{}{}", zone.name, findings::spot(dice)));
    }
    if dice.per_mille(500) {
        fields.item = Some(dice.pick(words::CHECKLIST).1.into());
    }
    if dice.per_mille(700) {
        fields.requirements = Some(found.requirements.into());
    }
    phone.pass(90);
    let here = Some((zone.id, zone.code.as_str()));
    fields.photos = phone.photograph(here, false);
    let first = Some(("reported", &HazardEvent::Reported));
    let id = HazardId::from(phone.create::<Hazard>(place.space, &fields, first)?);
    if phone.dice.per_mille(60) {
        hazards::measure(phone, id);
    }
    if phone.dice.per_mille(180) {
        phone.pass(600);
        let rectified = Rectification {
            what: format!("立查立改：{}", found.done),
            on_behalf_of: None,
            on_the_spot: true,
            photos: phone.photograph(here, true),
        };
        phone.append::<Hazard>(id, &HazardEvent::Rectified(rectified));
    }
    Some(id)
}

/// Records a violation; one in six has a lasting cause, and makes a hazard too.
fn violation(
    phone: &mut Phone,
    today: &Today<'_>,
    place: &Place<'_>,
    zone: &Zone,
    inspection: vanguard_core::id::InspectionId,
) -> Option<ViolationId> {
    let (kind, seen, rule, talk) = *phone.dice.pick(words::VIOLATIONS);
    let spot = findings::spot(&mut phone.dice);
    let mut fields = ViolationFields::new(kind, seen, format!("{}{spot}", zone.name), rule);
    let dice = &mut phone.dice;
    fields.zone = Some(zone.id);
    fields.inspection = Some(inspection);
    fields.stopped_at_once = dice.per_mille(900);
    fields.unit = Some(if dice.per_mille(500) {
        *dice.pick(&today.world.contractors)
    } else {
        today.world.branches[place.branch].unit
    });
    if dice.per_mille(600) {
        fields.person = Some(super::names::person(dice));
        fields.is_party_member = Some(dice.per_mille(100));
    }
    if dice.per_mille(700) {
        fields.corrective_talk = talk.into();
    }
    phone.pass(120);
    let id: DocumentId = phone.create::<Violation>(place.space, &fields, None)?;
    let id = ViolationId::from(id);
    if phone.dice.per_mille(160) {
        let mut cause = HazardFields::new(
            format!("{seen}的管理原因：交底不到位"),
            vanguard_core::model::hazard::HazardNature::ManagementDefect,
        );
        cause.violation = Some(id);
        cause.zone = Some(zone.id);
        let first = Some(("reported", &HazardEvent::Reported));
        phone.create::<Hazard>(place.space, &cause, first);
    }
    Some(id)
}

/// 履岗记录, by who holds a post in the branch.
fn write_post_entry(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>, shift: Shift) {
    let branch = &today.world.branches[place.branch];
    let held = branch
        .posts
        .iter()
        .find(|post| post.holders.contains(&phone.who));
    let Some(post) = held.filter(|_| phone.site_org.is_none()) else {
        return;
    };
    if !phone.dice.per_mille(550) {
        return;
    }
    phone.pass(300);
    let dice = &mut phone.dice;
    let entry = PostEntry {
        day: today.day,
        shift,
        kept: (0..post.commitments).map(|_| dice.per_mille(960)).collect(),
        done: words::one(dice, words::POST_DEEDS).into(),
        inspection: None,
        hazard: None,
    };
    phone.append::<VanguardPost>(post.id, &PostEvent::Entry(entry));
}
