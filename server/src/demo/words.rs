//! What people write: building blocks of an aluminium smelter's daily work, put together by dice.

use vanguard_core::model::hazard::HazardNature;
use vanguard_core::model::violation::ViolationKind;

use super::chance::Dice;

/// A hazard's text: what is wrong, of which nature, and what rectification must achieve.
pub(super) struct Found {
    pub(super) description: String,
    pub(super) nature: HazardNature,
    pub(super) requirements: &'static str,
    pub(super) done: &'static str,
}

use HazardNature::{ManagementDefect, UnsafeAct, UnsafeCondition};

type Seed = (&'static str, HazardNature, &'static str, &'static str);

const HAZARDS: &[Seed] = &[
    (
        "消防通道被残极托盘堵塞",
        UnsafeCondition,
        "清理通道，画出禁停线",
        "通道已清空，地面重新划线",
    ),
    (
        "天车滑触线防护罩脱落",
        UnsafeCondition,
        "停电挂牌后恢复防护罩",
        "防护罩已复位并加装卡扣",
    ),
    (
        "槽沿板缺失，脚下有空洞",
        UnsafeCondition,
        "补齐槽沿板，临时设围栏",
        "已补焊槽沿板两块",
    ),
    (
        "配电柜门未锁，柜内积灰",
        UnsafeCondition,
        "清灰上锁，纳入点检",
        "已清灰并更换门锁",
    ),
    (
        "煤气报警仪显示故障未报修",
        UnsafeCondition,
        "立即更换，检漏合格后使用",
        "已更换报警仪，检漏合格",
    ),
    (
        "循环水泵联轴器护罩松动",
        UnsafeCondition,
        "紧固护罩，检查螺栓",
        "护罩螺栓全部紧固",
    ),
    (
        "氧气瓶与乙炔瓶间距不足五米",
        UnsafeCondition,
        "分开存放，设防倾倒架",
        "两种气瓶已分区存放",
    ),
    (
        "皮带廊拉绳开关失灵",
        UnsafeCondition,
        "停机更换开关并试验",
        "开关已更换，三次试验动作正常",
    ),
    (
        "电缆桥架盖板缺失，电缆外皮破损",
        UnsafeCondition,
        "更换破损电缆段，补齐盖板",
        "电缆已更换，盖板补齐",
    ),
    (
        "铸造井护栏开焊",
        UnsafeCondition,
        "补焊并刷漆警示",
        "护栏已补焊刷漆",
    ),
    (
        "地沟盖板翘起，行人易绊倒",
        UnsafeCondition,
        "更换盖板并找平",
        "盖板已更换",
    ),
    (
        "灭火器压力不足，检查卡未填写",
        UnsafeCondition,
        "更换灭火器，补齐检查卡",
        "已更换八具灭火器",
    ),
    (
        "行车吊钩防脱装置损坏",
        UnsafeCondition,
        "停用并更换防脱装置",
        "防脱装置已更换并试吊",
    ),
    (
        "母线短路口绝缘板老化开裂",
        UnsafeCondition,
        "更换绝缘板，测绝缘电阻",
        "绝缘板已更换，绝缘合格",
    ),
    (
        "除尘器人孔门密封条老化漏灰",
        UnsafeCondition,
        "更换密封条",
        "密封条已更换，无漏灰",
    ),
    (
        "出铝抬包预热不充分即使用",
        UnsafeAct,
        "按规程预热并登记",
        "抬包重新预热，班组已学习规程",
    ),
    (
        "叉车载货行驶未鸣号、转弯不减速",
        UnsafeAct,
        "教育驾驶员，路口设反光镜",
        "已教育，路口反光镜已安装",
    ),
    (
        "换极作业人员未站在安全位置",
        UnsafeAct,
        "划定站位线并培训",
        "站位线已划，已现场培训",
    ),
    (
        "打磨作业未戴护目镜",
        UnsafeAct,
        "现场纠正，配齐护目镜",
        "护目镜已配齐并佩戴",
    ),
    (
        "有限空间作业监护人擅自离开",
        UnsafeAct,
        "停止作业，重新办票",
        "作业已停止，重新交底办票",
    ),
    (
        "动火点周围可燃物未清理",
        UnsafeAct,
        "清理可燃物，配灭火器材",
        "可燃物已清理，器材到位",
    ),
    (
        "检修作业票未按规定会签",
        ManagementDefect,
        "补办会签，纠正流程",
        "作业票已补签，流程已重申",
    ),
    (
        "外委人员入场安全教育记录缺失",
        ManagementDefect,
        "补教育并考试，合格上岗",
        "已补教育二十三人，考试合格",
    ),
    (
        "应急预案现场处置卡未更新",
        ManagementDefect,
        "更新处置卡并演练",
        "处置卡已更新，已演练一次",
    ),
    (
        "危化品台账与实物不符",
        ManagementDefect,
        "盘点并更正台账",
        "已盘点，台账一致",
    ),
    (
        "交接班记录未写明设备缺陷",
        ManagementDefect,
        "补写并检查一周",
        "已补写，连续检查七天",
    ),
    (
        "设备点检标准未覆盖新增泵组",
        ManagementDefect,
        "修订点检标准",
        "点检标准已修订并下发",
    ),
];

const DETAILS: &[&str] = &[
    "夜间照明不足时尤其危险",
    "当班已提醒过往人员",
    "上月也出现过类似情况",
    "影响相邻岗位作业",
    "巡检路线必经之处",
    "现场已拉警戒带",
    "雨天更为明显",
    "已告知班长",
];

const SPOTS: &[&str] = &[
    "1号槽北侧",
    "3号槽出铝端",
    "7号槽烟道端",
    "12号天车下方",
    "二楼平台楼梯口",
    "A排柱5线",
    "B排柱17线",
    "东门内侧",
    "西南角",
    "操作室门口",
    "2号泵旁",
    "4号阀组处",
    "地沟入口",
    "检修平台",
    "配电室内",
    "料仓顶部",
];

/// One of several texts.
pub(super) fn one(dice: &mut Dice, texts: &[&'static str]) -> &'static str {
    texts[dice.below(texts.len())]
}

/// A hazard as somebody finds it.
pub(super) fn hazard(dice: &mut Dice) -> Found {
    let (what, nature, requirements, done) = *dice.pick(HAZARDS);
    let mut description = format!("{}{what}", spot(dice));
    if dice.per_mille(400) {
        description.push('，');
        description.push_str(one(dice, DETAILS));
    }
    Found {
        description,
        nature,
        requirements,
        done,
    }
}

/// Where exactly.
pub(super) fn spot(dice: &mut Dice) -> &'static str {
    one(dice, SPOTS)
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
