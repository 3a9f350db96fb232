//! `GET /catalogue/{language}`: every text that a person sees.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use vanguard_core::catalogue::{Language, texts};

use super::problems::ReadProblems;
use crate::http::problem::{Problem, ProblemKind};

/// Texts by group and name.
type Catalogue = BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>;

/// 文本. The message catalogue of a language, by group and name. Anybody may read it.
#[utoipa::path(
    get, path = "/catalogue/{language}", tag = "review",
    params(("language" = inline(Language), Path, description = "The language")),
    responses(
        (status = 200, description = "The texts", body = BTreeMap<String, BTreeMap<String, String>>),
        ReadProblems,
    )
)]
pub(super) async fn catalogue(
    language: Result<Path<Language>, PathRejection>,
) -> Result<Json<Catalogue>, Problem> {
    let Path(language) = language.map_err(|_| ProblemKind::NotFound)?;
    let groups = texts(language).iter().map(|(group, names)| {
        let names = names.iter();
        let names = names.map(|(name, text)| (name.as_str(), text.as_str()));
        (group.as_str(), names.collect())
    });
    Ok(Json(groups.collect()))
}
