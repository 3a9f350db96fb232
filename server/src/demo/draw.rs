//! Draws the organisation up: branches, members with their roles, zones, posts, sites, and what
//! changes among them, all by dice from the seed.

use uuid::Uuid;
use vanguard_core::id::{MemberId, OrgId, PersonId, PostId, TemplateId, UnitId, ZoneId};
use vanguard_core::model::organisation::{PartyOrgKind, UnitKind};
use vanguard_core::model::{Role, Rota};

use super::chance::Dice;
use super::names;
use super::world::{Branch, Handover, Org, Person, Post, Site, UnitPlan, World, Zone};

/// The members of the real organisation.
const REAL_MEMBERS: usize = 337;

/// Ids drawn in order, dated before the first day.
struct Ids {
    at_ms: i64,
}

impl Ids {
    fn from(at_ms: i64) -> Self {
        Self { at_ms }
    }

    fn next(&mut self, dice: &mut Dice) -> Uuid {
        self.at_ms += 1;
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = u8::try_from(dice.below(256)).unwrap_or(0);
        }
        let ms = u64::try_from(self.at_ms).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }
}

impl World {
    /// Draws up an organisation of so many members, and what happens to it in so many days.
    pub(super) fn new(members: usize, days: usize, seed: u64, founded_ms: i64) -> Self {
        let mut dice = Dice::new(seed, "world");
        let third_tier = scaled(names::THIRD_TIER.len(), members).clamp(2, names::THIRD_TIER.len());
        let mut world = Self::organisations(&mut dice, founded_ms, third_tier);
        world.fill(&mut dice, members, founded_ms + 50_000);
        world.look_after(&mut dice, members, founded_ms + 100_000);
        world.send_out(&mut dice, members);
        world.hand_over(days);
        world
    }

    fn organisations(dice: &mut Dice, at_ms: i64, third_tier: usize) -> Self {
        let ids = &mut Ids::from(at_ms);
        let mut world = Self {
            committee: OrgId(ids.next(dice)),
            orgs: Vec::new(),
            units: Vec::new(),
            contractors: Vec::new(),
            branches: Vec::new(),
            people: Vec::new(),
            persons: Vec::new(),
            templates: (0..3).map(|_| TemplateId(ids.next(dice))).collect(),
            sites: Vec::new(),
            supervisors: Vec::new(),
            handovers: Vec::new(),
        };
        let committee = world.committee;
        let plant = world.unit((ids, dice), "铝业公司", UnitKind::Plant, None);
        world.org(committee, "铝业公司党委", PartyOrgKind::Committee, None);
        let sub = OrgId(ids.next(dice));
        world.org(sub, "电解厂党委", PartyOrgKind::Committee, Some(committee));
        let general = OrgId(ids.next(dice));
        world.org(
            general,
            "动力厂党总支",
            PartyOrgKind::GeneralBranch,
            Some(committee),
        );
        for name in names::DIRECT_BRANCHES {
            world.branch((ids, dice), name, committee, plant);
        }
        let smelter = world.unit((ids, dice), "电解厂", UnitKind::Plant, Some(plant));
        let utilities = world.unit((ids, dice), "动力厂", UnitKind::Plant, Some(plant));
        // Both have branches below them, however few there are.
        let below_sub = names::BELOW_SUB_COMMITTEE.min(third_tier - (third_tier / 3).max(1));
        for at in 0..third_tier {
            if at < below_sub {
                world.branch((ids, dice), names::THIRD_TIER[at], sub, smelter);
            } else {
                let name = names::THIRD_TIER[names::BELOW_SUB_COMMITTEE + at - below_sub];
                world.branch((ids, dice), name, general, utilities);
            }
        }
        for name in names::CONTRACTORS {
            let unit = world.unit((ids, dice), name, UnitKind::Contractor, None);
            world.contractors.push(unit);
        }
        world
    }

    fn org(&mut self, id: OrgId, name: &str, kind: PartyOrgKind, parent: Option<OrgId>) {
        let name = name.to_owned();
        self.orgs.push(Org {
            id,
            name,
            kind,
            parent,
        });
    }

    fn unit(
        &mut self,
        (ids, dice): (&mut Ids, &mut Dice),
        name: &str,
        kind: UnitKind,
        parent: Option<UnitId>,
    ) -> UnitId {
        let id = UnitId(ids.next(dice));
        let name = name.to_owned();
        self.units.push(UnitPlan {
            id,
            name,
            kind,
            parent,
        });
        id
    }

    fn branch(
        &mut self,
        (ids, dice): (&mut Ids, &mut Dice),
        name: &str,
        parent: OrgId,
        above: UnitId,
    ) {
        let org = OrgId(ids.next(dice));
        self.org(org, name, PartyOrgKind::Branch, Some(parent));
        let unit_name = name.trim_end_matches("党支部");
        let kind = if unit_name.contains("车间") {
            UnitKind::Workshop
        } else {
            UnitKind::Department
        };
        let unit = self.unit((ids, dice), unit_name, kind, Some(above));
        self.branches.push(Branch {
            org,
            unit,
            name: unit_name.to_owned(),
            members: Vec::new(),
            secretary: 0,
            officer: 0,
            zones: Vec::new(),
            posts: Vec::new(),
            persons: Vec::new(),
        });
    }

    /// Members for the branches, and their roles.
    fn fill(&mut self, dice: &mut Dice, members: usize, at_ms: i64) {
        let mut ids = Ids::from(at_ms);
        for at in 0..members {
            let home = at % self.branches.len();
            self.branches[home].members.push(at);
            let rotas = [Rota::A, Rota::B, Rota::C, Rota::D];
            let is_office = home < names::DIRECT_BRANCHES.len();
            let rota = (!is_office && dice.per_mille(650)).then(|| *dice.pick(&rotas));
            self.people.push(Person {
                id: MemberId(ids.next(dice)),
                name: names::person(dice),
                number: format!("{:05}", 10_001 + at * 3),
                home,
                is_guest: false,
                rota,
                site: None,
                roles: Vec::new(),
            });
        }
        for at in 0..self.branches.len() {
            self.appoint(at);
        }
        self.appoint_above();
    }

    fn appoint(&mut self, branch: usize) {
        let org = self.branches[branch].org;
        let members = self.branches[branch].members.clone();
        let nth = |at: usize| members[at % members.len()];
        let (secretary, officer) = (nth(0), nth(1));
        self.branches[branch].secretary = secretary;
        self.branches[branch].officer = officer;
        for (who, role) in [
            (secretary, Role::BranchSecretary),
            (officer, Role::SafetyOfficer),
        ] {
            self.people[who].roles.push((role, org));
            self.people[who].rota = None; // they work days
        }
        for who in [nth(2), nth(3)] {
            if who != secretary && who != officer {
                self.people[who].roles.push((Role::Rectifier, org));
            }
        }
    }

    /// The committees' own people, from the offices' branch and the first ones below them.
    fn appoint_above(&mut self) {
        let committee = self.committee;
        let office = self.branches[0].members.clone();
        let nth = |at: usize| office[at % office.len()];
        self.people[nth(0)]
            .roles
            .push((Role::BranchSecretary, committee));
        self.people[nth(1)]
            .roles
            .push((Role::SafetyOfficer, committee));
        let wanted = if self.people.len() < 60 { 2 } else { 3 };
        for at in 0..wanted {
            let who = if office.len() > 2 + at {
                nth(2 + at)
            } else {
                self.branches[1 + at % 2].members[0]
            };
            if !self.supervisors.contains(&who) {
                self.people[who].roles.push((Role::Supervisor, committee));
                self.supervisors.push(who);
            }
        }
        if office.len() > 6 {
            self.people[nth(6)].roles.push((Role::Viewer, committee));
        }
        for (name, tier) in [("电解厂党委", 3), ("动力厂党总支", self.branches.len() - 1)]
        {
            let Some(org) = self
                .orgs
                .iter()
                .find(|org| org.name == name)
                .map(|org| org.id)
            else {
                continue;
            };
            let (secretary, officer) = (self.branches[tier].secretary, self.branches[tier].officer);
            self.people[secretary]
                .roles
                .push((Role::BranchSecretary, org));
            self.people[officer].roles.push((Role::SafetyOfficer, org));
        }
    }

    /// Zones, posts and people without an account.
    fn look_after(&mut self, dice: &mut Dice, members: usize, at_ms: i64) {
        let count = self.branches.len();
        let mut ids = Ids::from(at_ms);
        for at in 0..scaled(60, members).max(count) {
            let covered = (0..2).map(|_| names::person(dice)).collect();
            let here = &mut self.branches[at % count];
            here.zones.push(Zone {
                id: ZoneId(ids.next(dice)),
                code: format!("ZRQ-{:03}", at + 1),
                name: format!("{}{}责任区", here.name, dice.pick(names::PLACES)),
                holders: some_of(&here.members, 3, dice),
                covered,
            });
        }
        for at in 0..scaled(39, members).max(2) {
            let here = &mut self.branches[at % count];
            here.posts.push(Post {
                id: PostId(ids.next(dice)),
                code: format!("XFG-{:03}", at + 1),
                name: format!("{}党员先锋岗{}", here.name, at / count + 1),
                holders: some_of(&here.members, 2, dice),
                commitments: 3 + dice.below(3),
            });
        }
        for at in 0..scaled(40, members).max(count) {
            let id = PersonId(ids.next(dice));
            let unit = if dice.per_mille(600) {
                *dice.pick(&self.contractors)
            } else {
                self.branches[at % count].unit
            };
            self.persons.push((id, names::person(dice), unit));
            self.branches[at % count].persons.push(id);
        }
    }

    /// People for the sites of temporary branches: from several branches, one from elsewhere.
    fn send_out(&mut self, dice: &mut Dice, members: usize) {
        let size = scaled(11, members).max(3);
        for (site, (name, project)) in names::PROJECTS.into_iter().enumerate() {
            let superior_name = ["电解厂党委", "动力厂党总支"][site];
            let Some(superior) = self.orgs.iter().find(|org| org.name == superior_name) else {
                continue;
            };
            let superior = superior.id;
            let host = if site == 0 {
                3
            } else {
                self.branches.len() - 1
            };
            let superior_secretary = self.branches[host].secretary;
            let mut free: Vec<usize> = (0..self.people.len())
                .filter(|who| {
                    self.people[*who].roles.is_empty() && self.people[*who].site.is_none()
                })
                .collect();
            dice.shuffle(&mut free);
            free.truncate(size);
            if free.len() < 2 {
                continue;
            }
            for who in &free {
                self.people[*who].site = Some(site);
                self.people[*who].rota = None;
            }
            if let Some(guest) = free.get(2) {
                self.people[*guest].is_guest = true;
            }
            self.sites.push(Site {
                name,
                project,
                superior,
                superior_secretary,
                host,
                people: free,
            });
        }
    }
}

impl World {
    /// Every third branch gets another safety officer, a third into the time.
    fn hand_over(&mut self, days: usize) {
        for (at, branch) in self.branches.iter().enumerate().skip(1).step_by(3) {
            let old = branch.officer;
            let is_plain = self.people[old].roles.len() == 1;
            let new = branch.members.iter().copied().find(|who| {
                ![branch.secretary, old].contains(who) && self.people[*who].site.is_none()
            });
            if let Some(new) = new.filter(|_| is_plain) {
                self.handovers.push(Handover {
                    branch: at,
                    old,
                    new,
                    day: days / 3 + at % 3,
                });
            }
        }
    }
}

/// Some neighbours out of a list.
fn some_of(list: &[usize], count: usize, dice: &mut Dice) -> Vec<usize> {
    let first = dice.below(list.len());
    let taken = 0..count.min(list.len());
    taken.map(|n| list[(first + n) % list.len()]).collect()
}

/// So many of the real organisation's, for so many members.
fn scaled(real: usize, members: usize) -> usize {
    (real * members).div_ceil(REAL_MEMBERS)
}
