//! What an operator types: `vanguard serve`, `invite`, `confirm`, ... Each command is a small
//! module; every option can also be given as `VANGUARD_*` in the environment. Commands other than
//! `serve` work on the data directory, also while a relay runs on it. They print Chinese first,
//! then English.

mod backup;
mod demo;
mod devices;
mod import;
mod invite;
mod serve;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

/// 先锋中继站：党员手机上的检查、违章和隐患记录在此汇合。
///
/// The relay of Vanguard: inspections, violations and hazards from members' phones come together
/// here.
#[derive(Debug, Parser)]
#[command(name = "vanguard", version, max_term_width = 100)]
pub struct Cli {
    /// 日志格式 · how the log lines on standard error look
    #[arg(
        long,
        env = "VANGUARD_LOG_FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    log_format: LogFormat,

    /// 日志级别 · which log lines: "info", "vanguard_server=debug", ...
    #[arg(long, env = "VANGUARD_LOG", global = true)]
    log: Option<String>,

    #[command(subcommand)]
    command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 运行中继站 · run the relay
    Serve(Box<serve::ServeArgs>),
    /// 为党员生成设备邀请二维码 · make an invite for one device of a member, as a QR code
    Invite(invite::InviteArgs),
    /// 按六位数字确认设备 · confirm the device that shows these six digits
    Confirm(devices::ConfirmArgs),
    /// 列出设备 · list the devices
    Devices(devices::DevicesArgs),
    /// 停用设备 · revoke a device, for good
    Revoke(devices::RevokeArgs),
    /// 从表格导入党组织、单位、党员、责任区和先锋岗 · import from CSV or XLSX, all or nothing
    Import(import::ImportArgs),
    /// 备份数据目录，中继站可照常运行 · copy the data directory, also while a relay runs on it
    Backup(backup::BackupArgs),
    /// 由备份恢复到新的数据目录 · make a new data directory of a copy
    Restore(backup::RestoreArgs),
    /// 输出接口说明（OpenAPI 3.1） · print the API's description
    Openapi,
    /// 演示：一个组织一个月的工作 · the demo: a month of an organisation's work
    Demo(demo::DemoArgs),
}

/// The data directory.
#[derive(Debug, Args)]
struct DataArgs {
    /// 数据目录 · the data directory
    #[arg(long, env = "VANGUARD_DATA", value_name = "DIR")]
    data: PathBuf,
}

/// An address that phones and browsers can open.
fn address(text: &str) -> Result<String, String> {
    let uri: Option<axum::http::Uri> = text.trim_end_matches('/').parse().ok();
    let is_one = uri.as_ref().is_some_and(|uri| {
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        is_web && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()
    });
    match uri {
        Some(uri) if is_one => Ok(uri.to_string().trim_end_matches('/').to_owned()),
        _ => Err("应如 · should look like https://relay.plant.example:8443".to_owned()),
    }
}

/// Whether an address is one that no other device reaches.
fn is_of_this_machine(url: &str) -> bool {
    let uri: Option<axum::http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let address: Result<std::net::IpAddr, _> = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Says that phones cannot use an address, where that is so.
fn tell_of_reach(url: &str) {
    if is_of_this_machine(url) {
        println!("只有本机能访问此地址，请用 --public-url 给出手机能访问的地址。");
        println!(
            "Only this machine reaches that: give the address that phones can with --public-url."
        );
    }
}

/// Runs what was typed.
pub fn run(cli: Cli) -> ExitCode {
    let usual = match cli.command {
        Command::Demo(_) => "error,automerge=off", // its own lines are what it shows
        _ => "info,automerge=off",                 // what Automerge refuses is told by us
    };
    start_logging(cli.log_format, cli.log.as_deref().unwrap_or(usual));
    let done = match cli.command {
        Command::Serve(args) => block_on(serve::run(*args)),
        Command::Invite(args) => block_on(invite::run(args)),
        Command::Confirm(args) => devices::confirm(&args),
        Command::Devices(args) => devices::list(&args),
        Command::Revoke(args) => devices::revoke(&args),
        Command::Import(args) => block_on(import::run(args)),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Openapi => openapi(),
        Command::Demo(args) => Ok(demo::run(args)),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("出错 · failed: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, without what a cause only repeats.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.ends_with(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

fn openapi() -> anyhow::Result<ExitCode> {
    println!("{}", crate::http::openapi::description()?);
    Ok(ExitCode::SUCCESS)
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

fn start_logging(format: LogFormat, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Somebody who embeds this has a subscriber already; theirs stays.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_can_be_opened() {
        let good = address("https://relay.plant.example:8443/").unwrap();
        assert_eq!(good, "https://relay.plant.example:8443");
        assert_eq!(address("http://[::1]:80").unwrap(), "http://[::1]:80");
        for wrong in [
            "",
            "relay.plant.example",
            "relay.plant.example:8443",
            "ftp://relay",
            "https://",
            "https://relay?x=1",
            "https://re lay",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_of_this_machine_is_known() {
        for here in [
            "http://localhost:1",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
        ] {
            assert!(is_of_this_machine(here), "{here}");
        }
        for elsewhere in ["https://relay.plant.example:8443", "https://10.0.0.7"] {
            assert!(!is_of_this_machine(elsewhere), "{elsewhere}");
        }
    }
}
