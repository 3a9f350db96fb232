//! `vanguard devices`, `confirm` and `revoke`: the device book from the command line, also while a
//! relay runs on the same directory.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use vanguard_core::SystemEnv;
use vanguard_core::id::{DeviceId, MemberId};

use super::DataArgs;
use crate::access::{Access, DeviceRow, DeviceStatus};

/// Options of `vanguard devices`.
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Options of `vanguard confirm`.
#[derive(Debug, Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 设备屏幕上的六位数字 · the six digits on the device's screen
    #[arg(value_name = "CODE")]
    code: String,
}

/// Options of `vanguard revoke`.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 设备编号 · the device's id, as `vanguard devices` lists it
    #[arg(value_name = "DEVICE")]
    device: DeviceId,
}

/// The device book of a directory that a relay has been started in.
pub(super) fn open(data: &DataArgs) -> anyhow::Result<Access> {
    if !data.data.join("access.db").exists() {
        anyhow::bail!(
            "{} 不是中继站的数据目录，请先用 vanguard serve 启动一次 · is not a relay's data directory: \
             start one on it with vanguard serve",
            data.data.display()
        );
    }
    Access::open(&data.data, SystemEnv::shared()).context("access.db")
}

/// Lists the devices.
pub(super) fn list(args: &DevicesArgs) -> anyhow::Result<ExitCode> {
    let rows = open(&args.data)?.devices()?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header([
        "设备\ndevice",
        "名称\nname",
        "党员\nmember",
        "状态\nstatus",
        "数字\ncode",
        "登记\nenrolled",
        "最近联系\nlast contact",
        "未发送\nunsent",
    ]);
    for row in &rows {
        table.add_row(cells(row));
    }
    println!("{table}");
    println!("{} 台设备 · devices", rows.len());
    Ok(ExitCode::SUCCESS)
}

fn cells(row: &DeviceRow) -> [String; 8] {
    let status = row.status();
    let is_waiting = status == DeviceStatus::Unconfirmed;
    let label = match status {
        DeviceStatus::Unconfirmed => "待确认\nunconfirmed",
        DeviceStatus::Confirmed => "已确认\nconfirmed",
        DeviceStatus::Revoked => "已停用\nrevoked",
    };
    let code = if is_waiting { row.code.as_str() } else { "" };
    let code = code.to_owned();
    let contact = row.contact.as_ref();
    [
        row.id.to_string(),
        row.name.clone(),
        row.member.to_string(),
        label.to_owned(),
        code,
        time(row.enrolled_at_ms),
        contact.map_or_else(String::new, |contact| time(contact.at_ms)),
        contact.map_or_else(String::new, |contact| contact.unsent.to_string()),
    ]
}

/// A time as the users count it, in China Standard Time.
fn time(ms: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(ms) else {
        return String::new();
    };
    let china = TimeZone::fixed(Offset::constant(8));
    at.to_zoned(china).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Confirms the device that shows these digits.
pub(super) fn confirm(args: &ConfirmArgs) -> anyhow::Result<ExitCode> {
    let access = open(&args.data)?;
    let waiting = access.devices_waiting_with(args.code.trim())?;
    match waiting.as_slice() {
        [] => anyhow::bail!("没有显示此数字的待确认设备 · no device waits with these digits"),
        [row] => {
            access.confirm_device(row.id, MemberId::OPERATOR)?;
            println!("已确认 · confirmed: {} {}", row.id, row.name);
            Ok(ExitCode::SUCCESS)
        }
        several => {
            for row in several {
                eprintln!("{} {}", row.id, row.name);
            }
            anyhow::bail!(
                "多台设备显示此数字，请停用不认识的设备后重试 · several devices show these digits; \
                 revoke those that nobody knows and try again"
            )
        }
    }
}

/// Revokes a device.
pub(super) fn revoke(args: &RevokeArgs) -> anyhow::Result<ExitCode> {
    let access = open(&args.data)?;
    if access.revoke_device(args.device, MemberId::OPERATOR)? {
        println!("已停用 · revoked: {}", args.device);
        return Ok(ExitCode::SUCCESS);
    }
    if access.device(args.device)?.is_some() {
        println!("此前已停用 · revoked before: {}", args.device);
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::bail!("没有此设备 · no such device: {}", args.device)
}
