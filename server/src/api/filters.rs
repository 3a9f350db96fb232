//! The query parameters of lists, and the filters of the core that they stand for.

use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use uuid::Uuid;
use vanguard_core::id::{MemberId, OrgId, UnitId, ZoneId};
use vanguard_core::model::hazard::{HazardGrade, HazardNature, HazardStatus};
use vanguard_core::model::inspection::{InspectionKind, InspectionStatus};
use vanguard_core::model::violation::{ViolationKind, ViolationStatus};
use vanguard_core::model::{Rota, Shift};
use vanguard_core::store::query::{Filter, PageKey};

use super::problems::bad_parameter;
use crate::http::problem::Problem;

/// The most rows of a page.
pub(super) const PAGE_LIMIT: usize = 200;
const PAGE_DEFAULT: usize = 50;
/// The most characters of a text that is searched for.
const TEXT_LIMIT: usize = 200;
/// The last instant of the year 9999, in milliseconds.
const LAST_MS: i64 = 253_402_300_799_999;

/// Parameters that restrict a list and say which of its pages is wanted.
pub(super) trait ListParameters {
    /// The filter that they stand for.
    ///
    /// # Errors
    /// The parameter that makes no sense.
    fn filter(&self, now_ms: i64) -> Result<Filter, Problem>;

    /// Where the page begins, and how many rows it has.
    ///
    /// # Errors
    /// The parameter that makes no sense.
    fn page(&self) -> Result<(Option<PageKey>, usize), Problem>;
}

macro_rules! list_parameters {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty,)* }
        |$this:ident, $filter:ident, $now_ms:ident| $narrow:block
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
        #[serde(default, deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($(#[$fmeta])* $field: $type,)*
            /// In these spaces, separated by commas; without it in all that whoever asks may see.
            #[serde(deserialize_with = "listed")]
            #[param(value_type = Vec<Uuid>, style = Form, explode = false)]
            spaces: Vec<OrgId>,
            /// Made by this member.
            #[param(value_type = Option<Uuid>)]
            creator: Option<MemberId>,
            /// Not before this instant, in milliseconds since 1970.
            #[param(minimum = 0, maximum = 253_402_300_799_999_i64)]
            from_ms: Option<i64>,
            /// Before this instant, in milliseconds since 1970.
            #[param(minimum = 0, maximum = 253_402_300_799_999_i64)]
            to_ms: Option<i64>,
            /// Whether somebody still has something to do about it.
            is_open: Option<bool>,
            /// With fields in conflict, or without.
            is_conflicted: Option<bool>,
            /// With superseded events, or without.
            is_superseded: Option<bool>,
            /// Full text: all of these words; Chinese of any length.
            #[param(max_length = 200)]
            q: Option<String>,
            /// The `next` of the page before.
            #[param(pattern = "^[0-9a-f]{32}$")]
            after: Option<String>,
            /// How many rows; 50 unless said otherwise.
            #[param(minimum = 1, maximum = 200)]
            limit: Option<usize>,
        }

        impl ListParameters for $name {
            fn filter(&self, $now_ms: i64) -> Result<Filter, Problem> {
                let mut $filter = Filter {
                    spaces: self.spaces.clone(),
                    creator: self.creator,
                    from_ms: instant("from_ms", self.from_ms)?,
                    to_ms: instant("to_ms", self.to_ms)?,
                    is_open: self.is_open,
                    is_conflicted: self.is_conflicted,
                    is_superseded: self.is_superseded,
                    text: bounded("q", self.q.as_ref())?,
                    ..Filter::default()
                };
                let $this = self;
                $narrow
                Ok($filter)
            }

            fn page(&self) -> Result<(Option<PageKey>, usize), Problem> {
                page(self.after.as_deref(), self.limit)
            }
        }
    };
}

list_parameters! {
    /// Which hazards.
    HazardParameters {
        /// In one of these states, separated by commas.
        #[serde(deserialize_with = "listed")]
        #[param(inline, style = Form, explode = false)]
        status: Vec<HazardStatus>,
        /// Of this grade.
        #[param(inline)]
        grade: Option<HazardGrade>,
        /// Of this nature.
        #[param(inline)]
        nature: Option<HazardNature>,
        /// In this zone.
        #[param(value_type = Option<Uuid>)]
        zone: Option<ZoneId>,
        /// Of this responsible unit.
        #[param(value_type = Option<Uuid>)]
        unit: Option<UnitId>,
        /// Assigned to this member or person.
        assignee: Option<Uuid>,
        /// `true`: only those open and past their deadline.
        overdue: Option<bool>,
        /// Closed out not before this instant, in milliseconds since 1970, and still closed.
        #[param(minimum = 0, maximum = 253_402_300_799_999_i64)]
        closed_from_ms: Option<i64>,
        /// Closed out before this instant, in milliseconds since 1970, and still closed.
        #[param(minimum = 0, maximum = 253_402_300_799_999_i64)]
        closed_to_ms: Option<i64>,
    }
    |this, filter, now_ms| {
        filter.status = this.status.iter().map(|status| status.as_str().into()).collect();
        filter.grade = this.grade.map(|grade| grade.as_str().into());
        filter.nature = this.nature.map(|nature| nature.as_str().into());
        filter.zone = this.zone;
        filter.unit = this.unit;
        filter.assignee = this.assignee;
        filter.closed_from_ms = instant("closed_from_ms", this.closed_from_ms)?;
        filter.closed_to_ms = instant("closed_to_ms", this.closed_to_ms)?;
        filter.overdue_at_ms = this.overdue.filter(|overdue| *overdue).map(|_| now_ms);
    }
}

list_parameters! {
    /// Which inspections.
    InspectionParameters {
        /// In one of these states, separated by commas.
        #[serde(deserialize_with = "listed")]
        #[param(inline, style = Form, explode = false)]
        status: Vec<InspectionStatus>,
        /// Of this kind.
        #[param(inline)]
        kind: Option<InspectionKind>,
        /// Of this zone.
        #[param(value_type = Option<Uuid>)]
        zone: Option<ZoneId>,
        /// Of this shift.
        #[param(inline)]
        shift: Option<Shift>,
        /// Of this crew.
        #[param(inline)]
        rota: Option<Rota>,
    }
    |this, filter, _now_ms| {
        filter.status = this.status.iter().map(|status| status.as_str().into()).collect();
        filter.category = this.kind.map(|kind| kind.as_str().into());
        filter.zone = this.zone;
        filter.shift = this.shift;
        filter.rota = this.rota;
    }
}

list_parameters! {
    /// Which violations.
    ViolationParameters {
        /// In one of these states, separated by commas.
        #[serde(deserialize_with = "listed")]
        #[param(inline, style = Form, explode = false)]
        status: Vec<ViolationStatus>,
        /// Of this kind.
        #[param(inline)]
        kind: Option<ViolationKind>,
        /// In this zone.
        #[param(value_type = Option<Uuid>)]
        zone: Option<ZoneId>,
        /// Of this unit's people.
        #[param(value_type = Option<Uuid>)]
        unit: Option<UnitId>,
    }
    |this, filter, _now_ms| {
        filter.status = this.status.iter().map(|status| status.as_str().into()).collect();
        filter.category = this.kind.map(|kind| kind.as_str().into());
        filter.zone = this.zone;
        filter.unit = this.unit;
    }
}

list_parameters! {
    /// Which records.
    RecordParameters {
        /// In this state, for kinds that have states.
        #[param(pattern = "^[a-z_]{1,40}$")]
        status: Option<String>,
        /// Of this kind within the kind: a zone's, a post's, a team's, an organisation's, a
        /// unit's, a template's; of a grant, the role.
        #[param(pattern = "^[a-z_]{1,40}$")]
        category: Option<String>,
        /// Of this unit.
        #[param(value_type = Option<Uuid>)]
        unit: Option<UnitId>,
        /// Of grants: held by this member.
        #[param(value_type = Option<Uuid>)]
        member: Option<MemberId>,
        /// With this code: a signboard's, a member's number.
        #[param(max_length = 200)]
        code: Option<String>,
        /// With just this name.
        #[param(max_length = 200)]
        name: Option<String>,
    }
    |this, filter, _now_ms| {
        filter.status = this.status.as_ref().map(|text| word("status", text)).transpose()?
            .into_iter().collect();
        filter.category = this.category.as_ref().map(|text| word("category", text)).transpose()?;
        filter.unit = this.unit;
        filter.assignee = this.member.map(|member| member.0);
        filter.code = bounded("code", this.code.as_ref())?;
        filter.name = bounded("name", this.name.as_ref())?;
    }
}

/// Values separated by commas.
pub(super) fn listed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let text = String::deserialize(deserializer)?;
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| T::deserialize(part.into_deserializer()))
        .collect()
}

fn instant(name: &str, ms: Option<i64>) -> Result<Option<i64>, Problem> {
    match ms {
        Some(ms) if !(0..=LAST_MS).contains(&ms) => Err(bad_parameter(
            name,
            "时间超出范围",
            "the time is out of range",
        )),
        ms => Ok(ms),
    }
}

fn bounded(name: &str, text: Option<&String>) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.chars().count() > TEXT_LIMIT => Err(bad_parameter(
            name,
            "最多 200 个字符",
            "at most 200 characters",
        )),
        text => Ok(text.cloned()),
    }
}

fn word(name: &str, text: &str) -> Result<String, Problem> {
    let is_word = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word {
        Ok(text.to_owned())
    } else {
        Err(bad_parameter(
            name,
            "不是有效取值",
            "this is no value of the vocabulary",
        ))
    }
}

fn page(after: Option<&str>, limit: Option<usize>) -> Result<(Option<PageKey>, usize), Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_LIMIT).contains(&limit) {
        return Err(bad_parameter("limit", "须为 1 至 200", "1 to 200"));
    }
    let after = after.map(|text| {
        parse_cursor(text)
            .ok_or_else(|| bad_parameter("after", "不是上一页给出的值", "no page ended there"))
    });
    Ok((after.transpose()?, limit))
}

/// Where a page ended, as clients carry it.
pub(super) fn cursor_text(key: PageKey) -> String {
    let PageKey { at_ms, doc } = key;
    format!("{:016x}{:016x}", at_ms.cast_unsigned(), doc.cast_unsigned())
}

fn parse_cursor(text: &str) -> Option<PageKey> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 32 || !text.bytes().all(is_hex) {
        return None;
    }
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok().map(u64::cast_signed);
    Some(PageKey {
        at_ms: number(text.get(..16)?)?,
        doc: number(text.get(16..)?)?,
    })
}
