//! Names of people, organisations, units and places of an aluminium smelter that does not exist.

use super::chance::Dice;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹",
    "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛",
];
const GIVEN: &[&str] = &[
    "建国", "志强", "海涛", "秀英", "国庆", "永刚", "晓东", "丽华", "文斌", "春梅", "红军", "立新",
    "振华", "玉兰", "学明", "卫东", "金宝", "宏伟", "少华", "德胜", "桂芳", "长江", "新民", "世杰",
    "俊峰", "雪梅", "东升", "明辉", "艳萍", "天佑", "向阳", "铁军", "慧敏", "庆丰", "兆林", "凤霞",
    "刚", "勇", "磊", "洋", "静", "敏", "军", "涛", "超", "霞", "鹏", "辉", "斌", "娟", "波", "宁",
];

/// A person's name. Names repeat, as they do; numbers do not.
pub(super) fn person(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(SURNAMES), dice.pick(GIVEN))
}

/// The three branches directly below the committee; the offices' own comes first.
pub(super) const DIRECT_BRANCHES: [&str; 3] =
    ["机关党支部", "质量检测中心党支部", "物流运输部党支部"];

/// The third-tier branches: below the sub-committee those of the first ten, below the general
/// branch the others.
pub(super) const THIRD_TIER: [&str; 17] = [
    "电解一车间党支部",
    "电解二车间党支部",
    "电解三车间党支部",
    "电解四车间党支部",
    "铸造一车间党支部",
    "铸造二车间党支部",
    "阳极组装车间党支部",
    "炭素焙烧车间党支部",
    "炭素成型车间党支部",
    "净化车间党支部",
    "动力车间党支部",
    "供电整流车间党支部",
    "空压站党支部",
    "设备检修车间党支部",
    "计控车间党支部",
    "综合仓储党支部",
    "生活后勤党支部",
];

/// How many of [`THIRD_TIER`] belong to the sub-committee.
pub(super) const BELOW_SUB_COMMITTEE: usize = 10;

/// Contractors on site.
pub(super) const CONTRACTORS: [&str; 6] = [
    "宏达机电检修公司",
    "中冶筑炉工程公司",
    "鑫源防腐保温公司",
    "顺通物流有限公司",
    "恒力起重安装公司",
    "蓝盾消防工程公司",
];

/// Projects with a temporary branch on their site.
pub(super) const PROJECTS: [(&str, &str); 2] = [
    ("电解槽大修项目临时党支部", "二系列电解槽集中大修"),
    ("烟气脱硫改造项目临时党支部", "净化系统烟气脱硫改造"),
];

/// What a zone may be, in every workshop.
pub(super) const PLACES: &[&str] = &[
    "东侧操作面",
    "西侧通廊",
    "天车轨道及检修平台",
    "配电室",
    "地沟与电缆夹层",
    "空压机房",
    "油库与危化品间",
    "吊装作业区",
    "烟道与除尘器",
    "备件库",
    "煤气阀组间",
    "循环水泵房",
    "皮带廊",
    "变压器室",
    "铸造井",
    "残极处理区",
];

/// Points in a zone where something can go wrong, and what is done about it.
pub(super) const RISK_POINTS: &[(&str, &str)] = &[
    ("高温铝液溅出", "佩戴面罩，设置挡板，无关人员退到黄线外"),
    ("天车吊运路线", "专人指挥，吊物下方禁止站人"),
    ("有限空间缺氧", "先通风、再检测、后作业"),
    ("带电母线", "绝缘隔离，两人作业"),
    ("煤气泄漏", "便携式报警仪，定期检漏"),
    ("旋转部位", "防护罩完好，停机上锁"),
    ("临边孔洞", "盖板固定，护栏齐全"),
    ("强磁场区域", "禁止心脏起搏器佩戴者进入"),
];

/// What a post's holders commit themselves to.
pub(super) const COMMITMENTS: &[&str] = &[
    "班前带头开展安全确认",
    "当班不违章，身边无违章",
    "设备点检不漏项",
    "急难险重任务冲在前",
    "帮带一名青年职工",
    "发现隐患立即上报",
];

/// What a task team is for.
pub(super) const TEAM_GOALS: &[(&str, &str)] = &[
    (
        "降低阳极效应系数攻坚组",
        "阳极效应系数降到 0.05 次/槽·日以下",
    ),
    ("天车设备整治突击队", "一个月内完成 12 台天车缺陷整治"),
    ("槽控机升级党员先锋队", "完成槽控系统升级并稳定运行"),
    ("雨季三防突击队", "排水、防雷、防汛物资全部到位"),
    ("节能降碳攻坚组", "吨铝综合交流电耗下降 50 千瓦时"),
];
