//! What people write: building blocks of an aluminium smelter's daily work, put together by dice.

use vanguard_core::model::violation::ViolationKind;

use super::chance::Dice;

/// One of several texts.
pub(super) fn one(dice: &mut Dice, texts: &[&'static str]) -> &'static str {
    texts[dice.below(texts.len())]
}

/// A violation: its kind, what was seen, the rule broken, what was said.
pub(super) const VIOLATIONS: &[(ViolationKind, &str, &str, &str)] = &[
    (
        ViolationKind::OperationViolation,
        "高处作业未系安全带",
        "高处作业安全规程第4条",
        "讲清坠落后果，本人承认错误",
    ),
    (
        ViolationKind::OperationViolation,
        "未办理动火票即使用角磨机",
        "动火作业管理办法第2条",
        "责令停工，补办作业票",
    ),
    (
        ViolationKind::OperationViolation,
        "跨越运行中的皮带",
        "皮带机操作规程第6条",
        "现场教育，重新学习规程",
    ),
    (
        ViolationKind::OperationViolation,
        "吊物下方穿行",
        "起重作业十不吊",
        "当场制止并教育",
    ),
    (
        ViolationKind::OperationViolation,
        "停送电未挂牌上锁",
        "能源隔离管理规定第3条",
        "恢复挂牌，班组通报",
    ),
    (
        ViolationKind::OperationViolation,
        "出铝时未戴面罩",
        "劳动防护用品管理规定",
        "补戴面罩后继续作业",
    ),
    (
        ViolationKind::CommandViolation,
        "班长安排无证人员操作天车",
        "特种作业人员管理规定第5条",
        "立即换人，约谈班长",
    ),
    (
        ViolationKind::CommandViolation,
        "在煤气报警未解除时要求继续作业",
        "煤气安全规程第9条",
        "停止作业，撤离人员",
    ),
    (
        ViolationKind::DisciplineViolation,
        "岗位上玩手机",
        "劳动纪律管理办法第7条",
        "批评教育，写出保证",
    ),
    (
        ViolationKind::DisciplineViolation,
        "在禁烟区吸烟",
        "禁烟管理规定第1条",
        "熄灭烟头，批评教育",
    ),
    (
        ViolationKind::DisciplineViolation,
        "班中脱岗二十分钟",
        "劳动纪律管理办法第4条",
        "返回岗位，班会通报",
    ),
];

/// What an inspection covered.
pub(super) const COVERAGE: &[&str] = &[
    "本班作业区域全部巡视",
    "换极、出铝两道工序",
    "检修现场与外委作业点",
    "天车运行与吊装区",
    "配电室、电缆夹层",
    "交接班前后各一遍",
];

/// What an inspection says in the end.
pub(super) const SUMMARIES: &[&str] = &[
    "现场秩序良好，人员劳保穿戴齐全",
    "设备运行平稳，无异常声响和温升",
    "作业票证齐全，监护人在位",
    "发现问题已上报并跟踪",
    "提醒两名青工注意站位",
    "消防器材完好，通道畅通",
];

/// Questions of a checklist: code, text.
pub(super) const CHECKLIST: &[(&str, &str)] = &[
    ("ppe", "劳动防护用品穿戴是否齐全"),
    ("passage", "安全通道是否畅通"),
    ("guard", "设备防护装置是否完好"),
    ("permit", "作业票证是否齐全有效"),
    ("fire", "消防器材是否完好有效"),
    ("power", "电气设备接地与绝缘是否良好"),
    ("gas", "煤气、有限空间检测是否合格"),
    ("order", "现场定置管理是否到位"),
];

/// Why a grade.
pub(super) const GRADE_REASONS: &[&str] = &[
    "危害较小，班组可自行整改",
    "一般缺陷，限期整改",
    "对照判定标准不属重大",
    "涉及人员通行，尽快整改",
];

/// Criteria of Major hazards, and why they are met.
pub(super) const MAJOR: &[(&str, &str)] = &[
    (
        "工贸行业重大事故隐患判定标准第四条（一）",
        "会议室、休息室设在铝液吊运影响范围内",
    ),
    (
        "工贸行业重大事故隐患判定标准第四条（四）",
        "铸造井周边人员滞留且无联锁",
    ),
    (
        "工贸行业重大事故隐患判定标准第五条（二）",
        "煤气柜附近报警装置失效",
    ),
    (
        "工贸行业重大事故隐患判定标准第十三条（一）",
        "有限空间未辨识、未设警示",
    ),
];

/// What protects people meanwhile.
pub(super) const MEASURES: &[&str] = &[
    "拉警戒线，设专人看护",
    "停用该设备，挂禁止启动牌",
    "加设临时护栏和警示灯",
    "每两小时巡检一次并记录",
    "人员改走西侧通道",
];

/// Why a deadline moves.
pub(super) const EXTENSIONS: &[&str] = &[
    "备件未到货，厂家承诺三天内发货",
    "需停电配合，等待检修窗口",
    "连续降雨无法施工",
    "外委队伍调整，重新交底",
];

/// Why work goes back.
pub(super) const REWORKS: &[&str] = &[
    "整改不彻底，仍有松动",
    "缺少整改后照片，无法确认",
    "只清理了一半区域",
    "临时措施代替了永久整改",
];

/// What a verifier found.
pub(super) const CONCLUSIONS: &[&str] = &[
    "现场复查，整改到位",
    "复查合格，已恢复使用",
    "对照要求逐项确认，合格",
    "抽查三处均符合要求",
];

/// Why a hazard is void, or open again.
pub(super) const VOIDS: &[&str] = &["重复上报，与前一条合并", "经核实不构成隐患", "区域已拆除"];
pub(super) const REOPENS: &[&str] = &[
    "回头看发现问题反弹",
    "督查发现整改未闭环",
    "同一部位再次出现",
];

/// Remarks.
pub(super) const COMMENTS: &[&str] = &[
    "已通知维修班长",
    "请优先安排",
    "与上周问题属同一原因",
    "照片稍后补传",
    "班会已通报",
    "建议列入月度专项检查",
    "收到，正在联系厂家",
];

/// What a post's holder did on a day.
pub(super) const POST_DEEDS: &[&str] = &[
    "班前带领全班手指口述安全确认",
    "处理效应三次，均在三分钟内熄灭",
    "协助天车工完成夹具更换",
    "指导两名新工人换极操作",
    "参加炉修抢险两小时",
    "清理岗位卫生，规范工具定置",
    "完成设备点检十二项，登记缺陷一项",
    "连续第八个班无违章",
];

/// What a secretary says to an entry or an inspection.
pub(super) const REVIEWS: &[&str] = &["属实", "很好，继续保持", "已核实", "请注意填写完整", "同意"];

/// What is to be put right in an inspection, and what its author answers.
pub(super) const RETURNS: &[(&str, &str)] = &[
    ("请写明检查的具体部位", "补充：重点检查了出铝端和烟道端"),
    ("包保对象填写不全", "补充：包保对象含夜班两名外委人员"),
    ("异常项描述过于简单", "补充：护罩螺栓缺两颗，已通知检修"),
];

/// How a violation ends.
pub(super) const OUTCOMES: &[&str] = &[
    "按考核细则扣分，班组学习一次",
    "停岗培训一天，考试合格后上岗",
    "约谈外委单位负责人，扣安全保证金",
    "批评教育，纳入月度通报",
];
