//! What the demo prints in the end, Chinese first and English second, and writes as JSON.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};
use vanguard_core::calendar::Day;
use vanguard_core::catalogue::{Language, text};
use vanguard_core::store::StoreError;
use vanguard_core::store::ledger::{self, LedgerColumn, LedgerRow, Reader};
use vanguard_core::store::query::Filter;
use vanguard_core::store::statistics::{self, Facts, PeriodStatistics, Rate};

use super::compare::{Findings, Row};
use super::phone::Phone;

/// At most so many differences are printed; the JSON has all.
const PRINTED: usize = 20;

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(head.iter().copied());
    if !table.is_tty() {
        table.set_width(160);
    }
    table
}

/// A row's name, Chinese first, by the catalogue.
fn name_of(row: &str) -> String {
    let fixed = match row {
        "imported" => Some(("操作员导入和任免", "by the operator")),
        "returned" => Some(("退回给本人", "returned to you")),
        super::compare::PHOTO_ROW => Some((
            "照片（留名、到站、回执）",
            "photos named, held, acknowledged",
        )),
        _ => None,
    };
    if let Some((chinese, english)) = fixed {
        return format!("{chinese} {english}");
    }
    let (kind, event) = row.split_once('.').unwrap_or((row, ""));
    let in_language = |language: Language| {
        let of = |group: &str, name: &str| text(language, group, name);
        let kind_name = of("document_kind", kind).unwrap_or(kind);
        let event_name = match (kind, event, language) {
            (_, "", _) => return kind_name.to_owned(),
            (_, "edited", Language::Chinese) => "改写",
            (_, "edited", Language::English) => "edited",
            ("hazard", ..) => of("hazard_event", event).unwrap_or(event),
            (.., Language::English) => event,
            (.., Language::Chinese) => chinese_event(event),
        };
        format!("{kind_name}·{event_name}")
    };
    format!(
        "{} {}",
        in_language(Language::Chinese),
        in_language(Language::English)
    )
}

fn chinese_event(event: &str) -> &str {
    match event {
        "reviewed" => "审阅",
        "returned" => "退回",
        "corrected" => "更正",
        "commented" => "备注",
        "confirmed" => "确认",
        "handled" => "处理",
        "withdrawn" => "撤销",
        "entry" => "履岗记录",
        "entry_reviewed" => "履岗审阅",
        "noted" => "记事",
        "approved" => "批准",
        "activated" => "启用",
        "dissolved" => "撤销建制",
        "ended" => "结束",
        other => other,
    }
}

/// The table of the four columns, and what differs.
pub(super) fn comparison(findings: &Findings) {
    println!("\n四方比对 · four columns that have to agree");
    let head = [
        "",
        "记录 the record",
        "手机 phones",
        "中继站 relay",
        "督查手机 supervisor",
        "",
    ];
    let mut table = table(&head);
    for row in &findings.rows {
        let count = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        let (phones, relay, supervisor) =
            (count(row.phones), count(row.relay), count(row.supervisor));
        let mark = if Row::agrees(row) { "✓" } else { "✗" };
        table.add_row([
            name_of(&row.name),
            row.record.to_string(),
            phones,
            relay,
            supervisor,
            mark.into(),
        ]);
    }
    for column in 1..=4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    println!(
        "逐条核对 checked one by one: {} 条记录 records, {} 个事件和改写 events and edits, {} 个值 values; \
         {} 份显示文本逐字节相同 texts byte for byte, {} 份文档经 HTTPS 取回 documents fetched over HTTPS, \
         {} 份回执验签 receipts verified",
        findings.records_checked,
        findings.events_checked,
        findings.values_checked,
        findings.texts_compared,
        findings.fetched,
        findings.receipts_verified,
    );
    println!(
        "照片逐字节核对 photos verified byte for byte: {} KiB, 督查手机另取 {} 个文件 files fetched by the supervisor's phone",
        findings.photo_bytes >> 10,
        findings.photos_fetched,
    );
    if findings.let_go > 0 {
        println!(
            "其中本人已无权查看、手机只留回执 no longer theirs to see, only receipts are on their phones: {}",
            findings.let_go
        );
    }
    if findings.differences.is_empty() {
        return;
    }
    println!("\n不一致 · differences: {}", findings.differences.len());
    for difference in findings.differences.iter().take(PRINTED) {
        println!(
            "✗ {} | {} | {}\n    应为 expected: {}\n    实为 found:    {}",
            difference.place,
            difference.record,
            difference.field,
            short(&difference.expected),
            short(&difference.found),
        );
    }
}

/// The beginning of a long text.
fn short(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

fn counts(title: &str, counts: &BTreeMap<String, u64>) {
    let sum: u64 = counts.values().sum();
    println!("\n{title}: {sum}");
    for (row, count) in counts {
        let (what, reason) = row.split_once(" · ").unwrap_or((row, ""));
        let of = |language| text(language, "refusal", reason).unwrap_or(reason);
        let why = format!("{} {}", of(Language::Chinese), of(Language::English));
        println!("  {count:>5}  {}  {}", name_of(what), why.trim());
    }
}

/// Decisions without effect, fields in conflict, what came back.
pub(super) fn found(findings: &Findings) {
    counts("未生效的事件 · superseded events", &findings.superseded);
    counts(
        "多人改写未择定的字段 · fields in conflict",
        &findings.conflicts,
    );
    counts("退回给本人 · returned to their authors", &findings.returned);
}

/// What the supervisor hands in: the ledger and the statistics.
pub(super) struct Papers {
    pub(super) ledger: Vec<LedgerRow>,
    pub(super) statistics: PeriodStatistics,
}

impl Papers {
    /// Draws them up from the supervisor's own notebook.
    pub(super) fn of(supervisor: &Phone, first: Day, days: usize) -> Result<Self, StoreError> {
        let conn = supervisor.notebook.reader();
        let last = Day(first.0 + i32::try_from(days).unwrap_or(0));
        let now_ms = last.end_ms();
        let reader = Reader {
            language: Language::Chinese,
            now_ms,
        };
        let page = ledger::rows(conn, &Filter::default(), reader, None, 1_000_000)?;
        let mut ledger = page.rows;
        ledger.reverse(); // the first ones first
        ledger.truncate(10);
        let facts = Facts::read(conn)?;
        let statistics = statistics::period(conn, &facts, &[], first..last, 3, now_ms)?;
        Ok(Self { ledger, statistics })
    }

    pub(super) fn print(&self) {
        println!("\n隐患台账前十行 · the first ten rows of the ledger");
        let columns = [
            LedgerColumn::Number,
            LedgerColumn::InspectedAt,
            LedgerColumn::InspectingUnit,
            LedgerColumn::Inspector,
            LedgerColumn::Description,
            LedgerColumn::Grade,
            LedgerColumn::Deadline,
            LedgerColumn::ResponsibleUnit,
            LedgerColumn::ResponsiblePerson,
            LedgerColumn::CompletedAt,
            LedgerColumn::Verifier,
            LedgerColumn::ClosedOut,
        ];
        let mut table = table(&columns.map(|column| column.label(Language::Chinese)));
        for row in &self.ledger {
            table.add_row(columns.map(|column| row.text(column, Language::Chinese)));
        }
        println!("{table}");
        let figures = &self.statistics;
        println!(
            "\n统计 · statistics ({} – {})",
            figures.from.iso(),
            figures.to.iso()
        );
        println!(
            "  上报 reported {}, 作废 void {}, 销号 closed {}, 未闭环 open {}, 逾期 overdue {}, 重大 major {}, 违章 violations {}",
            figures.reported,
            figures.voided,
            figures.closed,
            figures.open,
            figures.overdue,
            figures.major,
            figures.violations,
        );
        let rates = [
            ("整改率 closing rate", figures.closing_rate),
            ("按期整改率 on-time rectification", figures.on_time_rate),
            (
                "应查已查 inspection completion",
                figures.inspection_completion,
            ),
        ];
        for (name, rate) in rates {
            println!("  {name}: {}", said(rate.as_ref()));
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "ledger": self.ledger, "statistics": self.statistics })
    }
}

fn said(rate: Option<&Rate>) -> String {
    match rate {
        None => "未知 unknown".into(),
        Some(Rate {
            numerator,
            denominator,
        }) => {
            let tenths = (numerator * 1_000 + denominator / 2) / (*denominator).max(1);
            format!(
                "{}.{}% ({numerator}/{denominator})",
                tenths / 10,
                tenths % 10
            )
        }
    }
}
