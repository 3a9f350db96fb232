//! The columns that each kind of table has. A table's kind is recognised by its first column's
//! header, which no other kind has. Headers are in Chinese or in English; a `*` behind one, and the
//! order of the columns, mean nothing. Columns named 序号, 备注, "no" and "remark" are passed over;
//! any other column that is not listed here is an error, so that nothing is left out unnoticed.

/// What a table's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 党组织.
    Organisations,
    /// 行政单位.
    Units,
    /// 党员.
    Members,
    /// 责任区.
    Zones,
    /// 先锋岗.
    Posts,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its Chinese header.
    pub zh: &'static str,
    /// Its English header.
    pub en: &'static str,
    /// Whether every row needs it.
    pub is_required: bool,
}

const fn required(zh: &'static str, en: &'static str) -> Column {
    Column {
        zh,
        en,
        is_required: true,
    }
}

const fn optional(zh: &'static str, en: &'static str) -> Column {
    Column {
        zh,
        en,
        is_required: false,
    }
}

/// 党组织名称, which identifies it.
pub const ORG_NAME: Column = required("党组织名称", "organisation name");
/// 类别: 党委, 党总支, 党支部, 临时党支部, 党小组; 分厂, 车间, 部门, 承包商, 班组; 生产, 安全, 环保; 先锋岗, 示范岗.
pub const KIND: Column = required("类别", "kind");
/// 上级党组织: the name of the organisation above; empty for the top one.
pub const PARENT_ORG: Column = optional("上级党组织", "parent organisation");
/// 项目: the project that a temporary branch is for.
pub const PROJECT: Column = optional("项目", "project");
/// 单位名称, which identifies it.
pub const UNIT_NAME: Column = required("单位名称", "unit name");
/// 上级单位: the name of the unit above.
pub const PARENT_UNIT: Column = optional("上级单位", "parent unit");
/// 工号, which identifies a member.
pub const NUMBER: Column = required("工号", "number");
/// 姓名.
pub const PERSON_NAME: Column = required("姓名", "name");
/// 所属党组织: a member's home; empty where it is at another company. Never a temporary branch.
pub const HOME: Column = optional("所属党组织", "organisation");
/// 行政单位: a unit's name.
pub const UNIT: Column = optional("行政单位", "unit");
/// 角色: several with 、 between; held at home, or elsewhere as 安全员@某某党委. Everybody but a mere
/// 查看人 is also 党员 at home.
pub const ROLES: Column = optional("角色", "roles");
/// 责任区编号, which identifies a zone and stands on its signboard.
pub const ZONE_CODE: Column = required("责任区编号", "zone code");
/// 责任区名称.
pub const ZONE_NAME: Column = required("责任区名称", "zone name");
/// 所属党组织: the organisation that owns a zone or post.
pub const OWNER: Column = required("所属党组织", "organisation");
/// 地点, in words.
pub const PLACE: Column = optional("地点", "place");
/// 责任人工号: numbers of members, several with 、 between.
pub const HOLDERS: Column = optional("责任人工号", "holders");
/// 包保对象: names, several with 、 between.
pub const COVERED: Column = optional("包保对象", "covered people");
/// 风险点: several with ； between, each perhaps with its measures after ：.
pub const RISK_POINTS: Column = optional("风险点", "risk points");
/// 检查频次: 每班, 每日 or 每周.
pub const FREQUENCY: Column = optional("检查频次", "frequency");
/// 起始日期: the first day of that duty, as 2026-01-31; today if empty.
pub const FROM: Column = optional("起始日期", "from");
/// 边界: a polygon as GeoJSON, such as programs for maps save it.
pub const BOUNDARY: Column = optional("边界", "boundary");
/// 先锋岗编号, which identifies a post and stands on its signboard.
pub const POST_CODE: Column = required("先锋岗编号", "post code");
/// 先锋岗名称.
pub const POST_NAME: Column = required("先锋岗名称", "post name");
/// 承诺: several with ； between.
pub const COMMITMENTS: Column = optional("承诺", "commitments");
/// 状态: 申报 (if empty) or 命名授牌.
pub const STATUS: Column = optional("状态", "status");

/// Headers that are passed over.
pub const IGNORED: &[&str] = &["序号", "备注", "no", "remark"];

impl Kind {
    /// Every kind, in the order in which they are imported.
    pub const ALL: &'static [Self] = &[
        Self::Organisations,
        Self::Units,
        Self::Members,
        Self::Zones,
        Self::Posts,
    ];

    /// The columns, the one that tells the kind first.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Organisations => &[ORG_NAME, KIND, PARENT_ORG, PROJECT],
            Self::Units => &[UNIT_NAME, KIND, PARENT_UNIT],
            Self::Members => &[NUMBER, PERSON_NAME, HOME, UNIT, ROLES],
            Self::Zones => &[
                ZONE_CODE,
                ZONE_NAME,
                KIND,
                OWNER,
                PLACE,
                UNIT,
                HOLDERS,
                COVERED,
                RISK_POINTS,
                FREQUENCY,
                FROM,
                BOUNDARY,
            ],
            Self::Posts => &[
                POST_CODE,
                POST_NAME,
                KIND,
                OWNER,
                PLACE,
                UNIT,
                HOLDERS,
                COMMITMENTS,
                STATUS,
            ],
        }
    }

    /// What the rows are called, in Chinese and in English.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Organisations => ("党组织", "organisations"),
            Self::Units => ("行政单位", "units"),
            Self::Members => ("党员", "members"),
            Self::Zones => ("责任区", "zones"),
            Self::Posts => ("先锋岗", "posts"),
        }
    }

    /// The kind whose first column has this header.
    pub fn of_header(header: &str) -> Option<Self> {
        let is_it = |kind: &&Self| kind.columns().first().is_some_and(|key| key.is(header));
        Self::ALL.iter().find(is_it).copied()
    }
}

impl Column {
    /// Whether this is the column of a (normalised) header.
    pub fn is(&self, header: &str) -> bool {
        header == self.zh || header == self.en
    }
}

/// A header without what means nothing in it.
pub fn normalised(header: &str) -> String {
    let header = header.trim().trim_end_matches(['*', '＊']).trim_end();
    header.to_lowercase().replace('_', " ")
}
