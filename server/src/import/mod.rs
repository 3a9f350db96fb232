//! Placeholder.
use std::collections::HashMap;
use vanguard_core::id::{MemberId, OrgId, PostId, UnitId, ZoneId};
/// What the relay knows already, by the names that spreadsheets use.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Organisations by name.
    pub orgs: HashMap<String, OrgId>,
    /// Units by name.
    pub units: HashMap<String, UnitId>,
    /// Members by number (工号).
    pub members: HashMap<String, MemberId>,
    /// Zones by the code on their signboard.
    pub zones: HashMap<String, ZoneId>,
    /// Posts by the code on their signboard.
    pub posts: HashMap<String, PostId>,
}
