//! The organisation tree and the grants, in memory, as far as judging needs them.

use std::collections::HashMap;

use crate::id::{GrantId, MemberId, OrgId};
use crate::model::organisation::{PartyOrg, PartyOrgKind, PartyOrgStatus};
use crate::model::people::{Grant, GrantFields};
use crate::model::{Author, DocumentKind, Role, View};

use super::{Refusal, is_name_visible, require};

/// An organisation as judging sees it.
#[derive(Clone, Debug)]
pub struct DirectoryOrg {
    /// Its kind.
    pub kind: PartyOrgKind,
    /// The one above it.
    pub parent: Option<OrgId>,
    /// Where it stands.
    pub status: PartyOrgStatus,
    /// The branch that its space passed to when it was dissolved.
    pub host: Option<OrgId>,
}

/// A grant as judging sees it.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    /// Who holds the role.
    pub member: MemberId,
    /// The role.
    pub role: Role,
    /// Where.
    pub org: OrgId,
    /// The relay's position of its end, and when the relay received it (milliseconds); the
    /// position is `None` where the end is this device's own and not yet admitted.
    pub ended: Option<(Option<u64>, i64)>,
}

/// Organisations and grants by id.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    orgs: HashMap<OrgId, DirectoryOrg>,
    grants: HashMap<GrantId, StoredGrant>,
    by_member: HashMap<MemberId, Vec<GrantId>>,
}

impl Directory {
    /// Takes an organisation in, or its news.
    pub fn put_org(&mut self, view: &View<PartyOrg>) {
        let org = DirectoryOrg {
            kind: view.fields.org_kind,
            parent: view.fields.parent,
            status: view.state.status,
            host: view.state.host,
        };
        self.orgs.insert(OrgId::from(view.header.id), org);
    }

    /// Takes a grant in, or its news.
    pub fn put_grant(&mut self, view: &View<Grant>) {
        let id = GrantId::from(view.header.id);
        let end = view
            .events
            .iter()
            .find(|folded| folded.superseded.is_none());
        let ended = end.map(|end| (end.position, end.received_at_ms.unwrap_or(end.event.at_ms)));
        let GrantFields { member, role, org } = view.fields;
        if self
            .grants
            .insert(
                id,
                StoredGrant {
                    member,
                    role,
                    org,
                    ended,
                },
            )
            .is_none()
        {
            self.by_member.entry(member).or_default().push(id);
        }
    }

    /// An organisation.
    pub fn org(&self, id: OrgId) -> Option<&DirectoryOrg> {
        self.orgs.get(&id)
    }

    /// A grant, also one that has ended.
    pub fn grant(&self, id: GrantId) -> Option<&StoredGrant> {
        self.grants.get(&id)
    }

    /// Every organisation.
    pub fn orgs(&self) -> impl Iterator<Item = (OrgId, &DirectoryOrg)> {
        self.orgs.iter().map(|(id, org)| (*id, org))
    }

    /// The grants that a member holds now, those of the least roles first: what needs no office is
    /// not done under one, and stands when the office ends.
    pub fn grants_of(&self, member: MemberId) -> Vec<(GrantId, &StoredGrant)> {
        let ids = self.by_member.get(&member).into_iter().flatten();
        let mut grants: Vec<_> = ids
            .filter_map(|id| Some((*id, self.grants.get(id)?)))
            .filter(|(_, grant)| grant.ended.is_none())
            .collect();
        grants.sort_unstable_by_key(|(id, grant)| (grant.role, *id));
        grants
    }

    /// Whether a role held in `org` reaches `space`: its own space and those of temporary
    /// branches that were dissolved into it; in roles that oversee, every space below as well.
    pub fn reaches(&self, org: OrgId, role: Role, space: OrgId) -> bool {
        let oversees = !role.is_rank_and_file();
        let mut owners = self.with_hosts(space);
        owners.any(|owner| owner == org || (oversees && self.is_above(org, owner)))
    }

    /// Whether `upper` lies above `lower` in the tree.
    pub fn is_above(&self, upper: OrgId, lower: OrgId) -> bool {
        let mut at = lower;
        // A tree this deep is none: the bound stops a cycle that a bad import might make.
        for _ in 0..32 {
            let Some(parent) = self.orgs.get(&at).and_then(|org| org.parent) else {
                return false;
            };
            if parent == upper {
                return true;
            }
            at = parent;
        }
        false
    }

    /// A space and the branches that it passed to, one after the other.
    fn with_hosts(&self, space: OrgId) -> impl Iterator<Item = OrgId> + '_ {
        let next = |at: &OrgId| self.orgs.get(at).and_then(|org| org.host);
        std::iter::successors(Some(space), next).take(16)
    }

    /// Whether the author holds the grant that they name, as seen from a batch that had seen the
    /// directory up to `directory_position` and is judged at `now_ms` of the judge's clock.
    /// Whether the grant reaches a space is asked apart.
    ///
    /// # Errors
    /// [`Refusal::GrantUnknown`] where the grant does not exist or says otherwise, and
    /// [`Refusal::GrantEnded`] where its end had been seen or is longer ago than `grace_ms`.
    pub fn standing(
        &self,
        author: &Author,
        directory_position: u64,
        now_ms: i64,
        grace_ms: i64,
    ) -> Result<Standing<'_>, Refusal> {
        let grant = self
            .grants
            .get(&author.grant)
            .ok_or(Refusal::GrantUnknown)?;
        let is_theirs = grant.member == author.member && grant.role == author.role;
        require(is_theirs, Refusal::GrantUnknown)?;
        let is_late = match grant.ended {
            None => false,
            Some((Some(position), received_at_ms)) if directory_position < position => {
                let is_in_grace = now_ms.saturating_sub(received_at_ms) <= grace_ms;
                require(is_in_grace, Refusal::GrantEnded)?;
                true
            }
            Some(_) => return Err(Refusal::GrantEnded),
        };
        Ok(Standing { grant, is_late })
    }

    /// The spaces that a member's device follows: those that a grant of theirs reaches.
    pub fn scope(&self, member: MemberId) -> Vec<OrgId> {
        let held = self.grants_of(member);
        let mut spaces: Vec<OrgId> = self
            .orgs
            .keys()
            .copied()
            .filter(|space| {
                held.iter()
                    .any(|(_, g)| self.reaches(g.org, g.role, *space))
            })
            .collect();
        spaces.push(OrgId::DIRECTORY);
        spaces.sort_unstable();
        spaces
    }

    /// Whether a member may see a document: any in the directory; of the spaces in reach all but
    /// violations, which only those see who handle them, and whoever recorded them.
    pub fn may_read(
        &self,
        member: MemberId,
        kind: DocumentKind,
        space: OrgId,
        creator: MemberId,
    ) -> bool {
        if space == OrgId::DIRECTORY {
            return true;
        }
        let mut held = self.grants_of(member).into_iter();
        held.any(|(_, grant)| {
            self.reaches(grant.org, grant.role, space)
                && (kind != DocumentKind::Violation
                    || creator == member
                    || is_name_visible(grant.role))
        })
    }
}

/// What a good standing rests on.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The grant.
    pub grant: &'a StoredGrant,
    /// Made before its device had seen the grant's end, and admitted within the grace time.
    pub is_late: bool,
}
