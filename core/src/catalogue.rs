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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::hazard::{
        HazardEventKind, HazardGrade, HazardNature, HazardStatus, RectificationMode,
    };
    use crate::model::inspection::{InspectionKind, InspectionStatus, ItemOutcome};
    use crate::model::organisation::{PartyOrgKind, PartyOrgStatus, UnitKind};
    use crate::model::post::{PostKind, PostStatus};
    use crate::model::team::TeamKind;
    use crate::model::template::DutyFrequency;
    use crate::model::violation::{ViolationKind, ViolationStatus};
    use crate::model::zone::ZoneKind;
    use crate::model::{DocumentKind, Role, Rota, Shift, SpecialWork, SyncState};
    use crate::rules::{HazardAction, InspectionAction, PostAction, Refusal, ViolationAction};

    /// An enumeration's name in the catalogue and its values, in both languages.
    struct Enumeration {
        name: &'static str,
        values: Vec<&'static str>,
        labels: Vec<[&'static str; 2]>,
    }

    macro_rules! enumerations {
        ($($name:ident),+ $(,)?) => {
            vec![$(Enumeration {
                name: $name::CATALOGUE,
                values: $name::ALL.iter().map(|value| value.as_str()).collect(),
                labels: $name::ALL
                    .iter()
                    .map(|value| [value.label(Language::Chinese), value.label(Language::English)])
                    .collect(),
            }),+]
        };
    }

    fn enumerations() -> Vec<Enumeration> {
        enumerations![
            DocumentKind,
            DutyFrequency,
            HazardAction,
            HazardEventKind,
            HazardGrade,
            HazardNature,
            HazardStatus,
            InspectionAction,
            InspectionKind,
            InspectionStatus,
            ItemOutcome,
            PartyOrgKind,
            PartyOrgStatus,
            PostAction,
            PostKind,
            PostStatus,
            RectificationMode,
            Refusal,
            Role,
            Rota,
            Shift,
            SpecialWork,
            SyncState,
            TeamKind,
            UnitKind,
            ViolationAction,
            ViolationKind,
            ViolationStatus,
            ZoneKind,
        ]
    }

    fn keys(texts: &Texts) -> BTreeSet<(&str, &str)> {
        texts
            .iter()
            .flat_map(|(group, texts)| texts.keys().map(|name| (group.as_str(), name.as_str())))
            .collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert!(!CHINESE.is_empty(), "the catalogue is no JSON");
        let (chinese, english) = (keys(&CHINESE), keys(&ENGLISH));
        let differ: Vec<_> = chinese.symmetric_difference(&english).collect();
        assert!(differ.is_empty(), "only in one language: {differ:?}");
        for texts in [&*CHINESE, &*ENGLISH] {
            for (group, name) in keys(texts) {
                assert!(!texts[group][name].trim().is_empty(), "{group}.{name}");
            }
        }
    }

    #[test]
    fn every_value_has_its_words_in_both_languages() {
        for Enumeration {
            name,
            values,
            labels,
        } in enumerations()
        {
            for (value, [chinese, english]) in values.iter().zip(labels) {
                // A value without words falls back to its key.
                assert!(
                    text(Language::Chinese, name, value).is_some(),
                    "{name}.{value}"
                );
                assert!(
                    text(Language::English, name, value).is_some(),
                    "{name}.{value}"
                );
                assert!(
                    chinese.chars().any(|c| c >= '\u{4e00}'),
                    "{name}.{value}: {chinese}"
                );
                assert!(
                    english.chars().all(|c| c < '\u{4e00}'),
                    "{name}.{value}: {english}"
                );
            }
        }
    }

    #[test]
    fn no_group_of_an_enumeration_names_a_value_that_is_gone() {
        for Enumeration { name, values, .. } in enumerations() {
            let named: BTreeSet<&str> = CHINESE[name].keys().map(String::as_str).collect();
            assert_eq!(named, values.into_iter().collect(), "{name}");
        }
    }

    /// Two values of one list with the same words could not be told apart on a screen.
    #[test]
    fn no_two_values_share_their_words() {
        for Enumeration { name, labels, .. } in enumerations() {
            for language in 0..2 {
                let words: BTreeSet<&str> = labels.iter().map(|both| both[language]).collect();
                assert_eq!(words.len(), labels.len(), "{name}");
            }
        }
    }

    /// The users' vocabulary, as they write it.
    #[rustfmt::skip]
    const VOCABULARY: &[(&str, &[(&str, &str)])] = &[
        ("document_kind", &[
            ("unit", "行政单位"), ("person", "人员"), ("member", "党员"), ("zone", "党员责任区"),
            ("post", "党员先锋岗"), ("inspection", "检查"), ("violation", "违章记录"), ("hazard", "隐患"),
        ]),
        ("party_org_kind", &[
            ("committee", "党委"), ("general_branch", "党总支"), ("branch", "党支部"),
            ("temporary_branch", "临时党支部"), ("party_group", "党小组"),
        ]),
        ("unit_kind", &[
            ("plant", "分厂"), ("workshop", "车间"), ("department", "部门"), ("contractor", "承包商"),
            ("crew", "班组"),
        ]),
        ("role", &[
            ("member", "党员"), ("zone_holder", "责任区责任人"), ("rectifier", "整改责任人"),
            ("safety_officer", "安全员"), ("branch_secretary", "支部书记"), ("supervisor", "督查"),
            ("admin", "系统管理员"), ("viewer", "查看人"),
        ]),
        ("zone_kind", &[("production", "生产"), ("safety", "安全"), ("environment", "环保")]),
        ("post_kind", &[("vanguard", "先锋岗"), ("model", "示范岗")]),
        ("post_status", &[
            ("proposed", "申报"), ("named", "命名授牌"), ("under_review", "复核"), ("withdrawn", "摘牌"),
        ]),
        ("team_kind", &[("shock", "突击队"), ("key_task", "攻坚组"), ("vanguard", "先锋队")]),
        ("inspection_kind", &[
            ("no_violation", "党员身边无违章"), ("daily", "日常"), ("comprehensive", "综合性"),
            ("specialist", "专业性"), ("seasonal", "季节性"), ("holiday", "节假日前"), ("special", "专项"),
            ("resumption", "复产复工前"), ("incident_analogy", "事故类比"),
        ]),
        ("item_outcome", &[("normal", "正常"), ("abnormal", "异常"), ("not_applicable", "不适用")]),
        ("violation_kind", &[
            ("command_violation", "违章指挥"), ("operation_violation", "违章作业"),
            ("discipline_violation", "违反劳动纪律"),
        ]),
        ("violation_status", &[
            ("recorded", "已记录"), ("confirmed", "已确认"), ("handled", "已处理"), ("withdrawn", "撤销"),
        ]),
        ("hazard_grade", &[("general", "一般"), ("major", "重大")]),
        ("hazard_nature", &[
            ("unsafe_condition", "物的不安全状态"), ("unsafe_act", "人的不安全行为"),
            ("management_defect", "管理缺陷"),
        ]),
        ("rectification_mode", &[
            ("immediate", "立即整改"), ("deadline", "限期整改"), ("suspension", "停产整改"),
        ]),
        ("hazard_event", &[
            ("reported", "上报"), ("graded", "定级"), ("control_measure", "临时防范措施"),
            ("assigned", "交办"), ("extended", "延期"), ("rectified", "整改完成"),
            ("returned_for_rework", "退回"), ("verified", "复查合格"), ("closed_out", "销号"),
            ("voided", "作废"), ("reopened", "重新打开"), ("field_chosen", "择定"), ("commented", "备注"),
        ]),
        ("shift", &[("day", "白班"), ("morning", "早班"), ("middle", "中班"), ("night", "夜班")]),
        ("rota", &[("a", "甲"), ("b", "乙"), ("c", "丙"), ("d", "丁")]),
        ("special_work", &[
            ("hot_work", "动火"), ("confined_space", "受限空间"), ("blind_plate", "盲板抽堵"),
            ("work_at_height", "高处"), ("lifting", "吊装"), ("temp_power", "临时用电"),
            ("excavation", "动土"), ("road_closure", "断路"),
        ]),
        ("duty_frequency", &[("every_shift", "每班"), ("daily", "每日"), ("weekly", "每周")]),
        ("sync_state", &[
            ("local_only", "仅在本机"), ("sent", "已发送"), ("acknowledged", "已回执"),
            ("media_pending", "照片待传"), ("conflicted", "有分歧"), ("returned", "被退回"),
        ]),
    ];

    #[test]
    fn the_chinese_is_the_users_own() {
        for (group, pairs) in VOCABULARY {
            // The vocabulary lists these without the noun that they go with.
            let noun = match *group {
                "inspection_kind" => "检查",
                "rota" => "班",
                _ => "",
            };
            for (value, word) in *pairs {
                let label = text(Language::Chinese, group, value).unwrap_or_default();
                let is_theirs = label == *word || label.strip_suffix(noun) == Some(*word);
                assert!(is_theirs, "{group}.{value}: {label}, they say {word}");
            }
        }
    }
}
