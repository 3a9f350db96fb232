//! What the supervisor's page needs before it can review anything: the first administrator,
//! sign-in, and the devices of members. Reviewing itself is another module's.

mod accounts;
mod devices;
mod sessions;
mod setup;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::problem::Problem;
use crate::http::state::App;

/// The routes, below `/api`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(setup::set_up))
        .routes(routes!(sessions::sign_in, sessions::sign_out_everywhere))
        .routes(routes!(sessions::sign_in_by_link))
        .routes(routes!(sessions::begin_hall))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::me))
        .routes(routes!(accounts::put_account))
        .routes(routes!(accounts::change_password))
        .routes(routes!(devices::invite))
        .routes(routes!(devices::list))
        .routes(routes!(devices::confirm))
        .routes(routes!(devices::revoke))
}

/// A body that says nothing yet.
#[derive(Deserialize, ToSchema)]
struct Nothing {}

/// A text of a form, without the blanks around it, of 1 to `most` characters.
fn required<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(Problem::field(field, "此项必填", "this is required"));
    }
    if length > most || text.chars().any(char::is_control) {
        let zh = format!("最多 {most} 个字符，不能有控制字符");
        let en = format!("at most {most} characters, no control characters");
        return Err(Problem::field(field, &zh, &en));
    }
    Ok(text)
}

/// A password that is long enough, and not so long that hashing it is an attack.
fn acceptable_password(password: &str) -> Result<(), Problem> {
    let least = crate::access::MIN_PASSWORD_CHARS;
    let length = password.chars().count();
    if (least..=200).contains(&length) {
        return Ok(());
    }
    let zh = format!("密码须有 {least} 至 200 个字符");
    let en = format!("a password has {least} to 200 characters");
    Err(Problem::field("password", &zh, &en))
}
