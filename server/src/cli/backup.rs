//! `vanguard backup` and `vanguard restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use vanguard_core::keys::hex;

use super::DataArgs;
use crate::backup::{self, Copied};
use crate::progress::Bar;

/// Options of `vanguard backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 备份到此目录；已有备份时只补新照片 · the directory of the copy; of an earlier copy, only what
    /// is new is copied
    #[arg(value_name = "COPY")]
    copy: PathBuf,
}

/// Options of `vanguard restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    data: DataArgs,

    /// 备份所在的目录 · the directory of the copy
    #[arg(value_name = "COPY")]
    copy: PathBuf,
}

/// Copies, and says what is in the copy.
pub(super) fn run(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let copied = with_bar(|bar| backup::copy(&args.data.data, &args.copy, bar))?;
    let place = args.copy.display();
    println!("已备份到 {place}，新增照片 {} 张", copied.photos);
    println!("copied to {place}, {} new photos", copied.photos);
    Ok(tell_damaged(&copied))
}

/// Makes a data directory of a copy, and says what to do with it.
pub(super) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let copied = with_bar(|bar| backup::restore(&args.copy, &args.data.data, bar))?;
    let place = args.data.data.display();
    println!(
        "已恢复到 {place}，照片 {} 张。备份之后停用的设备须重新停用。",
        copied.photos
    );
    println!(
        "restored to {place}, {} photos. Revoke again what was revoked after the copy.",
        copied.photos
    );
    Ok(tell_damaged(&copied))
}

fn with_bar<T>(copy: impl FnOnce(&mut dyn FnMut(usize, usize)) -> T) -> T {
    let mut bar = None;
    let copied = copy(&mut |_, all| {
        bar.get_or_insert_with(|| Bar::new("照片 photos", "张 photos", all))
            .add(1);
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    copied
}

fn tell_damaged(copied: &Copied) -> ExitCode {
    for hash in &copied.damaged {
        eprintln!("照片已损坏，未复制 · damaged, not copied: {}", hex(hash));
    }
    if copied.damaged.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
