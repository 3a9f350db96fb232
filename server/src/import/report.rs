//! What is wrong with a table, told so that whoever filled it in finds the cell and knows what to
//! write there: in Chinese and in English.

use std::fmt;

use super::columns::{Column, Kind};

/// A row, or a file, that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The file's name.
    pub file: String,
    /// The sheet's name; `None` in CSV.
    pub sheet: Option<String>,
    /// The row's number as spreadsheets count; `None` where it is the whole file or sheet.
    pub row: Option<u64>,
    /// The column, where it is one cell.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The file breaks off or is damaged.
    Unreadable(String),
    /// A workbook of Excel 97–2003.
    OldExcel,
    /// The text is neither UTF-8 nor GB18030.
    Encoding,
    /// No header tells what the rows are.
    UnknownTable,
    /// A header that means nothing here.
    UnknownColumn,
    /// Two columns with the same header.
    ColumnTwice,
    /// A column that every row needs is not there.
    ColumnMissing(Column),
    /// The cell is empty, and must not be.
    Empty,
    /// The text is too long.
    TooLong(usize),
    /// Not one of the values that are possible.
    NotAValue {
        /// What is written.
        text: String,
        /// What could be, in Chinese and in English.
        possible: (String, String),
    },
    /// Not a date.
    NotADate(String),
    /// Not a polygon in GeoJSON.
    NotABoundary,
    /// Nothing of that name or number is known or in these files.
    Unknown {
        /// What was looked for.
        kind: Kind,
        /// Its name or number.
        name: String,
    },
    /// The same name, number or code stands in another row already.
    Twice {
        /// Where.
        first: String,
    },
    /// It lies above itself.
    Cycle,
    /// A temporary branch is nobody's home.
    TemporaryHome,
    /// A role at home, of somebody without one.
    RoleWithoutHome(String),
}

impl Reason {
    /// In Chinese.
    pub fn chinese(&self) -> String {
        match self {
            Self::Unreadable(error) => format!("文件无法读取：{error}"),
            Self::OldExcel => "不支持 .xls 旧格式，请另存为 .xlsx".into(),
            Self::Encoding => "文字编码既不是 UTF-8 也不是 GB18030".into(),
            Self::UnknownTable => {
                format!("表头无法识别，须有以下一列：{}", keys(|key| key.zh))
            }
            Self::UnknownColumn => "没有这一列，请核对表头".into(),
            Self::ColumnTwice => "表头重复".into(),
            Self::ColumnMissing(column) => format!("缺少“{}”列", column.zh),
            Self::Empty => "不能为空".into(),
            Self::TooLong(most) => format!("过长，最多 {most} 个字符"),
            Self::NotAValue { text, possible } => format!("“{text}”不是可选值：{}", possible.0),
            Self::NotADate(text) => format!("“{text}”不是日期，应如 2026-01-31"),
            Self::NotABoundary => {
                "不是多边形：须为 GeoJSON 的 Polygon 或 MultiPolygon，各环首尾相接".into()
            }
            Self::Unknown { kind, name } => format!("找不到{}“{name}”", kind.names().0),
            Self::Twice { first } => format!("与{first}重复"),
            Self::Cycle => "上下级关系成环".into(),
            Self::TemporaryHome => "临时党支部不能作为所属党组织".into(),
            Self::RoleWithoutHome(role) => {
                format!("没有所属党组织，角色须写成“{role}@党组织名称”")
            }
        }
    }

    /// In English.
    pub fn english(&self) -> String {
        match self {
            Self::Unreadable(error) => format!("the file cannot be read: {error}"),
            Self::OldExcel => "the old .xls format is not read; save it as .xlsx".into(),
            Self::Encoding => "the text is neither UTF-8 nor GB18030".into(),
            Self::UnknownTable => {
                format!(
                    "no known table; it needs one of the columns {}",
                    keys(|key| key.en)
                )
            }
            Self::UnknownColumn => "there is no such column".into(),
            Self::ColumnTwice => "the column is there twice".into(),
            Self::ColumnMissing(column) => format!("the column \"{}\" is missing", column.en),
            Self::Empty => "must not be empty".into(),
            Self::TooLong(most) => format!("too long, at most {most} characters"),
            Self::NotAValue { text, possible } => format!("\"{text}\" is none of {}", possible.1),
            Self::NotADate(text) => format!("\"{text}\" is no date such as 2026-01-31"),
            Self::NotABoundary => {
                "is no polygon: GeoJSON, Polygon or MultiPolygon, each ring closed".into()
            }
            Self::Unknown { kind, name } => {
                format!("\"{name}\" is not among the {}", kind.names().1)
            }
            Self::Twice { first } => format!("is in {first} already"),
            Self::Cycle => "lies above itself".into(),
            Self::TemporaryHome => "a temporary branch is nobody's home".into(),
            Self::RoleWithoutHome(role) => {
                format!("has no home organisation: write \"{role}@organisation\"")
            }
        }
    }
}

fn keys(header: impl Fn(&Column) -> &'static str) -> String {
    let kinds = Kind::ALL.iter();
    let keys: Vec<_> = kinds
        .filter_map(|kind| kind.columns().first().map(&header))
        .collect();
    keys.join(", ")
}

impl BadRow {
    /// Something that is wrong with a whole file.
    pub fn of_file(file: &str, reason: Reason) -> Self {
        Self {
            file: file.to_owned(),
            sheet: None,
            row: None,
            column: None,
            reason,
        }
    }

    /// Where it is: `党员.xlsx [在岗] 第 12 行 “工号”`.
    pub fn place(&self) -> String {
        let mut place = self.file.clone();
        if let Some(sheet) = &self.sheet {
            place = format!("{place} [{sheet}]");
        }
        if let Some(row) = self.row {
            place = format!("{place} 第 {row} 行");
        }
        if let Some(column) = &self.column {
            place = format!("{place} “{column}”");
        }
        place
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, reason) = (self.place(), &self.reason);
        write!(f, "{place}：{} · {}", reason.chinese(), reason.english())
    }
}
