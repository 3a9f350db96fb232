//! The review API below `/api`: what supervisors list, read, count and decide. Everything is read
//! from the replica, restricted to what the person signed in may see; everything written goes
//! through the relay's `act` in their hand, judged like any device's work. Answers name the log's
//! position that they reflect, and a write waits until the replica has it.

mod actions;
mod branches;
mod catalogue;
mod create;
mod extract;
mod filters;
mod hand;
mod history;
mod import;
mod ledger;
mod photos;
mod problems;
mod quarantine;
mod queue;
mod reading;
mod reads;
mod records;
mod statistics;
#[cfg(test)]
mod tests;
mod workbook;
mod writes;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::state::App;

/// The routes, below `/api`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            reads::list_organisations,
            create::create_organisation
        ))
        .routes(routes!(reads::list_units, create::create_unit))
        .routes(routes!(reads::list_persons, create::create_person))
        .routes(routes!(reads::list_members, create::create_member))
        .routes(routes!(reads::list_grants, create::create_grant))
        .routes(routes!(reads::list_templates, create::create_template))
        .routes(routes!(reads::list_zones, create::create_zone))
        .routes(routes!(reads::list_posts, create::create_post))
        .routes(routes!(reads::list_teams, create::create_team))
        .routes(routes!(reads::list_inspections))
        .routes(routes!(reads::list_violations))
        .routes(routes!(reads::list_hazards, create::create_hazard))
        .routes(routes!(reads::get_organisation))
        .routes(routes!(reads::get_unit))
        .routes(routes!(reads::get_person))
        .routes(routes!(reads::get_member))
        .routes(routes!(reads::get_grant))
        .routes(routes!(reads::get_template))
        .routes(routes!(reads::get_zone))
        .routes(routes!(reads::get_post))
        .routes(routes!(reads::get_team))
        .routes(routes!(reads::get_inspection))
        .routes(routes!(reads::get_violation))
        .routes(routes!(reads::get_hazard))
        .routes(routes!(history::history))
        .routes(routes!(actions::actions))
        .routes(routes!(queue::queue))
        .routes(routes!(actions::actions_of_many))
        .routes(routes!(writes::append_event))
        .routes(routes!(writes::append_events))
        .routes(routes!(quarantine::list_quarantine))
        .routes(routes!(quarantine::quarantined_bytes))
        .routes(routes!(import::import_files))
        .routes(routes!(writes::edit_fields))
        .routes(routes!(branches::approve))
        .routes(routes!(branches::dissolve))
        .routes(routes!(ledger::ledger))
        .routes(routes!(ledger::ledger_row))
        .routes(routes!(statistics::duties))
        .routes(routes!(statistics::overview))
        .routes(routes!(statistics::quarterly))
        .routes(routes!(statistics::yearly))
        .routes(routes!(statistics::repeats))
        .routes(routes!(statistics::trend))
        .routes(routes!(photos::missing))
        .routes(routes!(photos::photo))
        .routes(routes!(catalogue::catalogue))
}
