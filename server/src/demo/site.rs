//! The temporary branches on their sites: applied for offline by somebody who is there, approved
//! by the superior organisation with a secretary, begun, given members and a zone, and in the end
//! dissolved, so that their space passes to the host branch.

use vanguard_core::calendar::HOUR_MS;
use vanguard_core::id::{DocumentId, OrgId, ZoneId};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgKind};
use vanguard_core::model::people::{Grant, GrantFields};
use vanguard_core::model::template::DutyFrequency;
use vanguard_core::model::zone::{ResponsibilityZone, RiskPoint, ZoneFields, ZoneKind};
use vanguard_core::model::{DocumentKind, Role};

use super::found::{boundary, duty, members};
use super::names;
use super::phone::Phone;
use super::record::Deed;
use super::shift::Today;
use super::world::{Site, Zone};
use crate::acts::object;

/// How far a site's branch has come.
#[derive(Clone, Default)]
pub(super) struct SiteState {
    /// The branch, once it is applied for.
    pub(super) org: Option<OrgId>,
    is_approved: bool,
    is_begun: bool,
    pub(super) is_dissolved: bool,
    /// Its zones, once it has some.
    pub(super) zones: Vec<Zone>,
}

impl Today<'_> {
    /// The temporary branch that a phone's owner may work in, as far as the phone knows.
    pub(super) fn known_site(&self, phone: &Phone) -> Option<OrgId> {
        let site = self.world.people[phone.who].site?;
        let org = self.sites[site].org?;
        let directory = phone.notebook.directory();
        let held = directory.grants_of(phone.member);
        held.iter()
            .any(|(_, grant)| grant.org == org)
            .then_some(org)
    }
}

/// The day on which one of the branches is dissolved, of so many days.
pub(super) fn last_day(days: usize) -> usize {
    (days * 3 / 4).max(5)
}

/// Does what is to be done about a site's branch on a day, on the phone that does it. Whoever
/// lacks news on their phone does it on a later day.
pub(super) fn carry_on(
    phones: &mut [Phone],
    today: &Today<'_>,
    at: usize,
    days: usize,
) -> SiteState {
    let site = &today.world.sites[at];
    let mut state = today.sites[at].clone();
    let noon = today.day.start_ms() + 12 * HOUR_MS;
    if state.org.is_none() {
        state.org = propose(&mut phones[site.people[0]], site, noon);
    } else if !state.is_approved {
        state.is_approved = approve(phones, today, site, &state, noon);
    } else if !state.is_begun {
        let lead = &mut phones[site.people[1]];
        if let Some(zones) = begin(lead, today, at, &state, noon) {
            state.is_begun = true;
            state.zones = zones;
        }
    } else if at == 0 && !state.is_dissolved && today.index >= last_day(days) {
        state.is_dissolved = dissolve(phones, today, site, &state, noon);
    }
    state
}

fn propose(phone: &mut Phone, site: &Site, at_ms: i64) -> Option<OrgId> {
    phone.at(at_ms);
    let proposed = phone
        .notebook
        .propose_temporary_branch(site.superior, site.name, site.project);
    let org = phone.take(proposed)?;
    let fields = PartyOrgFields {
        name: site.name.into(),
        org_kind: PartyOrgKind::TemporaryBranch,
        parent: Some(site.superior),
        project: Some(site.project.into()),
    };
    phone.note_creation::<PartyOrg>(org.into(), &fields, None);
    Some(org)
}

fn approve(
    phones: &mut [Phone],
    today: &Today<'_>,
    site: &Site,
    state: &SiteState,
    at_ms: i64,
) -> bool {
    let secretary = today.world.people[site.people[1]].id;
    let phone = &mut phones[site.superior_secretary];
    let Some(org) = state
        .org
        .filter(|org| phone.notebook.directory().org(*org).is_some())
    else {
        return false;
    };
    phone.at(at_ms);
    let approved = phone.notebook.approve_temporary_branch(org, secretary);
    let Some(grant) = phone.take(approved) else {
        return false;
    };
    let (on, body) = (
        DocumentKind::Organisation,
        object(&PartyOrgEvent::Approved { secretary }),
    );
    phone.note(DocumentId::from(org), Deed::Happened { on, id: None, body });
    let fields = GrantFields {
        member: secretary,
        role: Role::BranchSecretary,
        org,
    };
    phone.note_creation::<Grant>(grant.into(), &fields, None);
    true
}

/// The secretary begins the branch's work: members, and a zone. Gives the zones.
fn begin(
    lead: &mut Phone,
    today: &Today<'_>,
    at: usize,
    state: &SiteState,
    at_ms: i64,
) -> Option<Vec<Zone>> {
    let (world, site) = (today.world, &today.world.sites[at]);
    let org = state.org?;
    lead.site_org = today.known_site(lead);
    lead.site_org?; // the approval is not here yet
    lead.at(at_ms);
    lead.append::<PartyOrg>(org, &PartyOrgEvent::Activated)?;
    for who in &site.people {
        lead.pass(20);
        let fields = GrantFields {
            member: world.people[*who].id,
            role: Role::Member,
            org,
        };
        lead.create::<Grant>(OrgId::DIRECTORY, &fields, None);
    }
    let mut zones = Vec::new();
    for (number, part) in ["作业面", "材料堆场"].into_iter().enumerate() {
        lead.pass(300);
        let covered = vec![names::person(&mut lead.dice)];
        let mut zone = Zone {
            id: ZoneId(uuid::Uuid::nil()),
            code: format!("LSD-{}{}", at + 1, number + 1),
            name: format!("{}{part}", site.project),
            holders: site.people.iter().copied().take(3).collect(),
            covered,
        };
        let fields = ZoneFields {
            name: zone.name.clone(),
            code: zone.code.clone(),
            zone_kind: ZoneKind::Safety,
            place: site.project.into(),
            boundary: Some(boundary(90 + at, number)),
            risk_points: vec![RiskPoint {
                name: "交叉作业".into(),
                measures: "错时作业，专人监护".into(),
            }],
            holders: members(world, &zone.holders),
            covered_people: zone.covered.clone(),
            unit: world.contractors.first().copied(),
            duty: Some(duty(DutyFrequency::Daily, today.day)),
            template: None,
        };
        zone.id = ZoneId::from(lead.create::<ResponsibilityZone>(org, &fields, None)?);
        zones.push(zone);
    }
    Some(zones)
}

fn dissolve(
    phones: &mut [Phone],
    today: &Today<'_>,
    site: &Site,
    state: &SiteState,
    at_ms: i64,
) -> bool {
    let host = today.world.branches[site.host].org;
    let phone = &mut phones[site.superior_secretary];
    let Some(org) = state.org else {
        return false;
    };
    phone.at(at_ms);
    let event = PartyOrgEvent::Dissolved {
        host,
        reason: "项目竣工验收，人员返回原支部".into(),
    };
    phone.append::<PartyOrg>(org, &event).is_some()
}
