//! The message catalogue: every text that a person sees, in Chinese and in English.
//!
//! The texts are data, one JSON file for each language; a test holds that both have every key of
//! every enumeration.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The languages, the users' own first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Language {
    /// 简体中文.
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// Texts by group and name.
pub type Texts = HashMap<String, HashMap<String, String>>;

static CHINESE: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../catalogue/zh-CN.json")));
static ENGLISH: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../catalogue/en.json")));

fn parse(text: &str) -> Texts {
    serde_json::from_str(text).unwrap_or_default() // a test reads every key
}

/// The text of a value of an enumeration; the key itself where the catalogue lacks it.
pub fn label(language: Language, enumeration: &str, value: &'static str) -> &'static str {
    text(language, enumeration, value).unwrap_or(value)
}

/// A text by its group and name.
pub fn text(language: Language, group: &str, name: &str) -> Option<&'static str> {
    texts(language).get(group)?.get(name).map(String::as_str)
}

/// Every text of a language, by group and name.
pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}
