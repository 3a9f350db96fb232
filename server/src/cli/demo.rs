//! `vanguard demo`: what it takes, handed to [`crate::demo`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::demo::{Options, Sabotage};

/// What `vanguard demo` takes.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// 党员人数 · how many members
    #[arg(long, default_value_t = 337)]
    members: usize,
    /// 天数 · how many days
    #[arg(long, default_value_t = 30)]
    days: usize,
    /// 随机种子：相同种子得到相同台账 · the same seed gives the same ledger
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 把测得和比对的全部结果写成 JSON · writes everything measured and compared
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// 比对后即退出 · ends after the comparison instead of keeping the relay up
    #[arg(long)]
    exit: bool,
    /// 空的数据目录，默认用临时目录 · an empty directory for the data, else a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 中继站监听地址 · where the relay listens
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
    /// 故意破坏一处，检验比对能否发现 · spoils one thing on purpose, for the comparison to find
    #[arg(long, value_enum, value_name = "WHAT")]
    sabotage: Option<Spoil>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spoil {
    /// 中继站日志丢一条变更 · the relay's log loses an admitted change
    DropChange,
    /// 一处事件内容被改 · an event's text is altered in one place
    FlipEvent,
    /// 一台手机误以为已回执 · a phone takes for acknowledged what the relay never got
    SkipReceipt,
    /// 中继站丢一张照片 · the relay loses a photo
    LosePhoto,
}

/// Runs the demo.
pub(super) fn run(args: DemoArgs) -> ExitCode {
    let sabotage = args.sabotage.map(|spoil| match spoil {
        Spoil::DropChange => Sabotage::DropChange,
        Spoil::FlipEvent => Sabotage::FlipEvent,
        Spoil::SkipReceipt => Sabotage::SkipReceipt,
        Spoil::LosePhoto => Sabotage::LosePhoto,
    });
    crate::demo::run(&Options {
        members: args.members,
        days: args.days,
        seed: args.seed,
        json: args.json,
        exit: args.exit,
        data: args.data,
        listen: args.listen,
        sabotage,
    })
}
