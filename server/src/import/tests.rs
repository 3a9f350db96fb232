use std::path::{Path, PathBuf};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use vanguard_core::model::{DocumentKind, Role};
use vanguard_core::rules::Directory;
use vanguard_core::{SystemEnv, Verb};

use super::columns::Kind;
use super::*;
use crate::relay::Relay;
use crate::serve::Config;

const SAMPLES: [&str; 5] = [
    "党组织.csv",
    "行政单位.csv",
    "党员.csv",
    "责任区.csv",
    "先锋岗.csv",
];

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    SAMPLES.iter().map(|name| folder.join(name)).collect()
}

fn sample_tables() -> Vec<Table> {
    let read_file = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        read(&name, &std::fs::read(path).unwrap()).unwrap()
    };
    samples().into_iter().flat_map(read_file).collect()
}

fn judge(tables: &[Table], known: &Known) -> Result<Plan, String> {
    plan(tables, known, &Directory::default(), &SystemEnv).map_err(|bad| {
        let lines: Vec<_> = bad.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

fn table_of(file: &str, text: &str) -> Vec<Table> {
    read(file, text.as_bytes()).unwrap()
}

#[test]
fn the_samples_make_a_plant_in_an_order_in_which_references_precede() {
    // The files in the wrong order: what they refer to still comes first.
    let mut tables = sample_tables();
    tables.reverse();
    let plan = judge(&tables, &Known::default()).unwrap();
    let counts: Vec<_> = plan.counts.values().copied().collect();
    assert_eq!(counts, [(8, 0), (7, 0), (9, 0), (3, 0), (2, 0)]);

    let mut seen = std::collections::HashSet::new();
    let mut grants = Vec::new();
    for act in plan.groups.iter().flat_map(|group| &group.acts) {
        let Verb::Create { header, fields, .. } = &act.verb else {
            assert!(seen.contains(&act.document), "appended before it is made");
            continue;
        };
        for name in ["parent", "home", "unit", "org", "member"] {
            if let Some(id) = fields.get(name).and_then(|id| id.as_str()) {
                assert!(seen.contains(&id.parse().unwrap()), "{name} of {fields:?}");
            }
        }
        if header.space != OrgId::DIRECTORY {
            assert!(seen.contains(&header.space.into()));
        }
        if header.kind == DocumentKind::Grant {
            let role = fields.get("role").and_then(|role| role.as_str());
            grants.push(Role::parse(role.unwrap()).unwrap());
        }
        seen.insert(act.document);
    }
    let of = |role| grants.iter().filter(|held| **held == role).count();
    assert_eq!(of(Role::BranchSecretary), 3);
    assert_eq!(of(Role::Member), 10); // eight at home, two in the temporary branch
    assert_eq!(of(Role::Supervisor), 1);
}

#[test]
fn a_zone_has_the_boundary_of_its_row_and_older_files_have_none() {
    let tables = sample_tables();
    let boundaries = |tables: &[Table]| -> Vec<_> {
        let plan = judge(tables, &Known::default()).unwrap();
        let acts = plan.groups.into_iter().flat_map(|group| group.acts);
        acts.filter_map(|act| match act.verb {
            Verb::Create { header, fields, .. } if header.kind == DocumentKind::Zone => {
                Some(fields.get("boundary").cloned())
            }
            _ => None,
        })
        .collect()
    };
    let found = boundaries(&tables);
    assert_eq!(found.iter().flatten().count(), 2);
    for boundary in found.iter().flatten() {
        let geometry: serde_json::Value = serde_json::from_str(boundary.as_str().unwrap()).unwrap();
        assert_eq!(geometry["type"], "Polygon");
    }
    let mut older = tables;
    let zones = older.iter_mut().find(|it| it.kind == Some(Kind::Zones));
    let zones = zones.unwrap();
    let at = zones.header.iter().position(|it| it == "边界").unwrap();
    zones.header.remove(at);
    for row in &mut zones.rows {
        row.cells.truncate(at);
    }
    assert_eq!(boundaries(&older), [None, None, None]);
}

#[tokio::test]
async fn a_second_import_of_the_same_files_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let config = Config::new(data.path());
    let relay = Relay::open(&config.data, config.relay, config.env.clone()).unwrap();
    run(&relay, &samples(), &SystemEnv).await.unwrap();
    let head = *relay.head().borrow();
    assert!(head > 29);
    let again = run(&relay, &samples(), &SystemEnv).await.unwrap();
    assert_eq!(again.get(&Kind::Members), Some(&(0, 9)));
    assert_eq!(*relay.head().borrow(), head);
    let found = relay.find_member("1003").await.unwrap();
    assert_eq!(found.unwrap().1, "王建国");
    relay.close().await;
}

#[test]
fn every_bad_row_is_named_and_only_where_it_is_bad() {
    let orgs = "党组织名称,类别,上级党组织,备注,颜色\n\
                厂党委,党委,,,\n\
                一支部,支部,厂党委,,\n\
                二支部,党支部,没有的党委,,\n\
                甲组,党小组,乙组,,\n\
                乙组,党小组,甲组,,\n\
                厂党委,党委,,,\n\
                工地支部,临时党支部,厂党委,,\n";
    let members = "工号*,姓名,所属党组织,行政单位,角色\n\
                   1,甲,一支部,,党员\n\
                   ,乙,一支部,,党员\n\
                   3,,三支部,没有的车间,厂长、安全员@厂党委\n\
                   4,丁,工地支部,,\n\
                   5,戊,,,安全员\n";
    let zones = "责任区编号,责任区名称,类别,责任人工号,检查频次,起始日期,边界\n\
                 Z1,北区,安全,1、99,每月,2026-02-30,北墙到南墙\n";
    let mut tables = table_of("党组织.csv", orgs);
    tables.extend(table_of("党员.csv", members));
    tables.extend(table_of("责任区.csv", zones));
    tables.extend(table_of("其他.csv", "品名,数量\n螺栓,3\n"));
    let report = judge(&tables, &Known::default()).unwrap_err();
    insta::assert_snapshot!("bad_rows", report);
}

#[test]
fn encodings_and_separators_of_the_usual_programs_are_read() {
    let text = "单位名称,类别\r\n电解分厂,分厂\r\n\"一车间,甲班\",班组\r\n";
    let (gb18030, ..) = encoding_rs::GB18030.encode(text);
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let tabs = text
        .replace(',', "\t")
        .replace("\"一车间\t甲班\"", "\"一车间,甲班\"");
    let utf16 = tabs.encode_utf16().flat_map(u16::to_le_bytes);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16).collect();
    for bytes in [text.as_bytes(), &gb18030, &marked, &utf16] {
        let tables = read("单位.csv", bytes).unwrap();
        assert_eq!(tables[0].kind, Some(Kind::Units));
        assert_eq!(tables[0].rows[1].cells, ["一车间,甲班", "班组"]);
        assert_eq!(tables[0].rows[1].number, 3);
    }
    let reason = read("单位.csv", b"\x81\x20\xff\xff").unwrap_err().reason;
    assert_eq!(reason, Reason::Encoding);
    let old = read("单位.xls", &[0xd0, 0xcf, 0x11, 0xe0, 0xa1]).unwrap_err();
    assert_eq!(old.reason, Reason::OldExcel);
}

#[test]
fn a_workbook_with_a_sheet_for_each_kind_is_read() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("党组织").unwrap();
    sheet.write_row(0, 0, ["远山铝业党组织一览"]).unwrap();
    sheet
        .write_row(2, 0, ["序号", "党组织名称", "类别"])
        .unwrap();
    sheet.write_row(3, 0, ["1", "厂党委", "Committee"]).unwrap();
    let sheet = book.add_worksheet().set_name("党员").unwrap();
    sheet
        .write_row(0, 0, ["number", "name", "organisation", "roles"])
        .unwrap();
    sheet.write_number(1, 0, 1001).unwrap(); // as spreadsheets keep numbers
    sheet
        .write_row(1, 1, ["王建国", "厂党委", "branch_secretary"])
        .unwrap();
    let sheet = book.add_worksheet().set_name("责任区").unwrap();
    let header = [
        "责任区编号",
        "责任区名称",
        "类别",
        "所属党组织",
        "检查频次",
        "起始日期",
        "责任人工号",
    ];
    sheet.write_row(0, 0, header).unwrap();
    sheet
        .write_row(1, 0, ["Z1", "北区", "安全", "厂党委", "每日"])
        .unwrap();
    let date = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
    let format = Format::new().set_num_format("yyyy/m/d");
    sheet
        .write_datetime_with_format(1, 5, date, &format)
        .unwrap();
    sheet.write_number(1, 6, 1001).unwrap();
    sheet
        .write_row(2, 0, ["Z2", "南区", "红色", "厂党委"])
        .unwrap();
    book.add_worksheet().set_name("空表").unwrap();
    let bytes = book.save_to_buffer().unwrap();

    let tables = read("台账.xlsx", &bytes).unwrap();
    let report = judge(&tables, &Known::default()).unwrap_err();
    assert_eq!(
        report,
        "台账.xlsx [责任区] 第 3 行 “类别”：“红色”不是可选值：生产、安全、环保 · \
         \"红色\" is none of Production, Safety, Environment"
    );
    let mut tables = tables;
    tables.last_mut().unwrap().rows.pop();
    let plan = judge(&tables, &Known::default()).unwrap();
    let zone = plan.groups.last().unwrap().acts.first().unwrap();
    let Verb::Create { fields, .. } = &zone.verb else {
        panic!("the zone is made")
    };
    assert_eq!(fields["duty"]["from"], 20_484); // 2026-01-31
    assert_eq!(fields["holders"].as_array().unwrap().len(), 1);
}
