//! The organisation that the demo founds: plain data, drawn up from the seed before anything is
//! written anywhere. Its sizes are those of a real smelter with 337 members, scaled down with the
//! number of members.

use vanguard_core::id::{MemberId, OrgId, PersonId, PostId, TemplateId, UnitId, ZoneId};
use vanguard_core::model::organisation::{PartyOrgKind, UnitKind};
use vanguard_core::model::{Role, Rota};

/// A Party organisation.
pub(super) struct Org {
    pub(super) id: OrgId,
    pub(super) name: String,
    pub(super) kind: PartyOrgKind,
    pub(super) parent: Option<OrgId>,
}

/// A branch with members: its people and what they look after.
pub(super) struct Branch {
    pub(super) org: OrgId,
    pub(super) unit: UnitId,
    pub(super) name: String,
    pub(super) members: Vec<usize>,
    pub(super) secretary: usize,
    pub(super) officer: usize,
    pub(super) zones: Vec<Zone>,
    pub(super) posts: Vec<Post>,
    /// Staff and contractors without an account.
    pub(super) persons: Vec<PersonId>,
}

/// A responsibility zone.
#[derive(Clone)]
pub(super) struct Zone {
    pub(super) id: ZoneId,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) holders: Vec<usize>,
    pub(super) covered: Vec<String>,
}

/// A vanguard post.
pub(super) struct Post {
    pub(super) id: PostId,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) holders: Vec<usize>,
    pub(super) commitments: usize,
}

/// A member.
pub(super) struct Person {
    pub(super) id: MemberId,
    pub(super) name: String,
    pub(super) number: String,
    /// Their branch in [`World::branches`].
    pub(super) home: usize,
    /// Their home is at another company.
    pub(super) is_guest: bool,
    /// `None` for those who work days.
    pub(super) rota: Option<Rota>,
    /// The site that they are posted to.
    pub(super) site: Option<usize>,
    /// Roles beyond membership.
    pub(super) roles: Vec<(Role, OrgId)>,
}

/// A unit.
pub(super) struct UnitPlan {
    pub(super) id: UnitId,
    pub(super) name: String,
    pub(super) kind: UnitKind,
    pub(super) parent: Option<UnitId>,
}

/// A site that gets a temporary branch.
pub(super) struct Site {
    pub(super) name: &'static str,
    pub(super) project: &'static str,
    /// The organisation that is asked.
    pub(super) superior: OrgId,
    /// Who decides there.
    pub(super) superior_secretary: usize,
    /// The branch that takes the space over in the end.
    pub(super) host: usize,
    /// Who is there; the first proposes, the second becomes secretary.
    pub(super) people: Vec<usize>,
}

/// A safety officer's post passes to somebody else, while the old one has no network.
pub(super) struct Handover {
    pub(super) branch: usize,
    pub(super) old: usize,
    pub(super) new: usize,
    /// The day of the simulation.
    pub(super) day: usize,
}

/// The whole organisation.
pub(super) struct World {
    pub(super) committee: OrgId,
    pub(super) orgs: Vec<Org>,
    pub(super) units: Vec<UnitPlan>,
    pub(super) contractors: Vec<UnitId>,
    pub(super) branches: Vec<Branch>,
    pub(super) people: Vec<Person>,
    pub(super) persons: Vec<(PersonId, String, UnitId)>,
    pub(super) templates: Vec<TemplateId>,
    pub(super) sites: Vec<Site>,
    /// Who supervises for the committee.
    pub(super) supervisors: Vec<usize>,
    pub(super) handovers: Vec<Handover>,
}
