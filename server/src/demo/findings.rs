//! Hazards as people find them: building blocks put together by dice.

use vanguard_core::model::hazard::HazardNature;

use super::chance::Dice;
use super::words;

/// A hazard's text: what is wrong, of which nature, and what rectification must achieve.
pub(super) struct Found {
    pub(super) description: String,
    pub(super) nature: HazardNature,
    pub(super) requirements: &'static str,
    pub(super) done: &'static str,
}

type Seed = (&'static str, HazardNature, &'static str, &'static str);

const HAZARDS: &[Seed] = &[
    (
        "消防通道被残极托盘堵塞",
        HazardNature::UnsafeCondition,
        "清理通道，画出禁停线",
        "通道已清空，地面重新划线",
    ),
    (
        "天车滑触线防护罩脱落",
        HazardNature::UnsafeCondition,
        "停电挂牌后恢复防护罩",
        "防护罩已复位并加装卡扣",
    ),
    (
        "槽沿板缺失，脚下有空洞",
        HazardNature::UnsafeCondition,
        "补齐槽沿板，临时设围栏",
        "已补焊槽沿板两块",
    ),
    (
        "配电柜门未锁，柜内积灰",
        HazardNature::UnsafeCondition,
        "清灰上锁，纳入点检",
        "已清灰并更换门锁",
    ),
    (
        "煤气报警仪显示故障未报修",
        HazardNature::UnsafeCondition,
        "立即更换，检漏合格后使用",
        "已更换报警仪，检漏合格",
    ),
    (
        "循环水泵联轴器护罩松动",
        HazardNature::UnsafeCondition,
        "紧固护罩，检查螺栓",
        "护罩螺栓全部紧固",
    ),
    (
        "氧气瓶与乙炔瓶间距不足五米",
        HazardNature::UnsafeCondition,
        "分开存放，设防倾倒架",
        "两种气瓶已分区存放",
    ),
    (
        "皮带廊拉绳开关失灵",
        HazardNature::UnsafeCondition,
        "停机更换开关并试验",
        "开关已更换，三次试验动作正常",
    ),
    (
        "电缆桥架盖板缺失，电缆外皮破损",
        HazardNature::UnsafeCondition,
        "更换破损电缆段，补齐盖板",
        "电缆已更换，盖板补齐",
    ),
    (
        "铸造井护栏开焊",
        HazardNature::UnsafeCondition,
        "补焊并刷漆警示",
        "护栏已补焊刷漆",
    ),
    (
        "地沟盖板翘起，行人易绊倒",
        HazardNature::UnsafeCondition,
        "更换盖板并找平",
        "盖板已更换",
    ),
    (
        "灭火器压力不足，检查卡未填写",
        HazardNature::UnsafeCondition,
        "更换灭火器，补齐检查卡",
        "已更换八具灭火器",
    ),
    (
        "行车吊钩防脱装置损坏",
        HazardNature::UnsafeCondition,
        "停用并更换防脱装置",
        "防脱装置已更换并试吊",
    ),
    (
        "母线短路口绝缘板老化开裂",
        HazardNature::UnsafeCondition,
        "更换绝缘板，测绝缘电阻",
        "绝缘板已更换，绝缘合格",
    ),
    (
        "除尘器人孔门密封条老化漏灰",
        HazardNature::UnsafeCondition,
        "更换密封条",
        "密封条已更换，无漏灰",
    ),
    (
        "出铝抬包预热不充分即使用",
        HazardNature::UnsafeAct,
        "按规程预热并登记",
        "抬包重新预热，班组已学习规程",
    ),
    (
        "叉车载货行驶未鸣号、转弯不减速",
        HazardNature::UnsafeAct,
        "教育驾驶员，路口设反光镜",
        "已教育，路口反光镜已安装",
    ),
    (
        "换极作业人员未站在安全位置",
        HazardNature::UnsafeAct,
        "划定站位线并培训",
        "站位线已划，已现场培训",
    ),
    (
        "打磨作业未戴护目镜",
        HazardNature::UnsafeAct,
        "现场纠正，配齐护目镜",
        "护目镜已配齐并佩戴",
    ),
    (
        "有限空间作业监护人擅自离开",
        HazardNature::UnsafeAct,
        "停止作业，重新办票",
        "作业已停止，重新交底办票",
    ),
    (
        "动火点周围可燃物未清理",
        HazardNature::UnsafeAct,
        "清理可燃物，配灭火器材",
        "可燃物已清理，器材到位",
    ),
    (
        "检修作业票未按规定会签",
        HazardNature::ManagementDefect,
        "补办会签，纠正流程",
        "作业票已补签，流程已重申",
    ),
    (
        "外委人员入场安全教育记录缺失",
        HazardNature::ManagementDefect,
        "补教育并考试，合格上岗",
        "已补教育二十三人，考试合格",
    ),
    (
        "应急预案现场处置卡未更新",
        HazardNature::ManagementDefect,
        "更新处置卡并演练",
        "处置卡已更新，已演练一次",
    ),
    (
        "危化品台账与实物不符",
        HazardNature::ManagementDefect,
        "盘点并更正台账",
        "已盘点，台账一致",
    ),
    (
        "交接班记录未写明设备缺陷",
        HazardNature::ManagementDefect,
        "补写并检查一周",
        "已补写，连续检查七天",
    ),
    (
        "设备点检标准未覆盖新增泵组",
        HazardNature::ManagementDefect,
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

/// A hazard as somebody finds it.
pub(super) fn hazard(dice: &mut Dice) -> Found {
    let (what, nature, requirements, done) = *dice.pick(HAZARDS);
    let mut description = format!("{}{what}", spot(dice));
    if dice.per_mille(400) {
        description.push('，');
        description.push_str(words::one(dice, DETAILS));
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
    words::one(dice, SPOTS)
}
