//! The groups of roles that rules speak of. A group is named for what its people do together; the
//! operator of the relay acts as [`Role::Admin`].

use crate::model::Role;

use Role::{Admin, BranchSecretary, Member, Rectifier, SafetyOfficer, Supervisor, ZoneHolder};

/// Everybody who belongs to a space, in whatever role; a viewer only looks.
pub(crate) const MEMBERS: &[Role] = &[
    Member,
    ZoneHolder,
    Rectifier,
    SafetyOfficer,
    BranchSecretary,
    Supervisor,
    Admin,
];

/// Who keeps a branch: its members, zones, posts and teams.
pub(crate) const KEEPERS: &[Role] = &[BranchSecretary, Admin];

/// Who enters units and persons without an account.
pub(crate) const REGISTRARS: &[Role] = &[SafetyOfficer, BranchSecretary, Admin];

/// Who reviews what others record, and handles violations.
pub(crate) const REVIEWERS: &[Role] = &[SafetyOfficer, BranchSecretary, Supervisor];

/// Whose office is safety itself.
pub(crate) const OFFICERS: &[Role] = &[SafetyOfficer, Supervisor];

/// Who acts for the organisation above: approves branches, names posts.
pub(crate) const SUPERIORS: &[Role] = &[BranchSecretary, Supervisor, Admin];

/// Who keeps or reviews in any way: they keep the checklists, and write in every book.
pub(crate) const OVERSEERS: &[Role] = &[SafetyOfficer, BranchSecretary, Supervisor, Admin];

impl Role {
    /// Whether it is a role without office: it reaches no further than the space that it is held in,
    /// and a secretary gives it.
    pub const fn is_rank_and_file(self) -> bool {
        matches!(self, Member | ZoneHolder | Rectifier)
    }
}
