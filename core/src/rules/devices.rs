//! Who may invite a member, confirm or revoke their devices, and give them a password. A device
//! speaks for its member, so nobody may make one for somebody with more rights than their own.

use super::Directory;
use crate::id::MemberId;
use crate::model::Role;

/// Whether `actor` may manage the devices of `member`: their own; an administrator those of
/// everybody whose grants all lie in reach; a secretary those of the rank and file whose grants
/// all lie in reach. The operator at the command line does not ask.
pub fn may_manage_devices(directory: &Directory, actor: MemberId, member: MemberId) -> bool {
    if actor == member {
        return true;
    }
    let targets = directory.grants_of(member);
    let reaches_all = |role: Role| reaches_all(directory, actor, role, member);
    let is_rank_and_file = targets
        .iter()
        .all(|(_, grant)| grant.role.is_rank_and_file());
    // Somebody without a grant anywhere can do nothing with a device: no secretary's to give.
    reaches_all(Role::Admin)
        || (is_rank_and_file && !targets.is_empty() && reaches_all(Role::BranchSecretary))
}

/// Whether `actor` may look at how a member's devices sync, and at what the relay did not take of
/// them: whoever may manage them, and supervisors above all that the member does.
pub fn may_look_after_devices(directory: &Directory, actor: MemberId, member: MemberId) -> bool {
    may_manage_devices(directory, actor, member)
        || reaches_all(directory, actor, Role::Supervisor, member)
}

/// Whether `actor` gives passwords for the console, to those whose devices they may manage: any
/// administrator.
pub fn may_give_passwords(directory: &Directory, actor: MemberId) -> bool {
    let mut held = directory.grants_of(actor).into_iter();
    held.any(|(_, grant)| grant.role == Role::Admin)
}

/// Whether one grant of `actor` in `role` reaches wherever `member` has any.
fn reaches_all(directory: &Directory, actor: MemberId, role: Role, member: MemberId) -> bool {
    let targets = directory.grants_of(member);
    let held = directory.grants_of(actor);
    let mut of_role = held.iter().filter(|(_, grant)| grant.role == role);
    of_role.any(|(_, grant)| {
        let mut each = targets.iter();
        each.all(|(_, target)| directory.reaches(grant.org, role, target.org))
    })
}
