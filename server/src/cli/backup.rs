//! `vanguard backup`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use vanguard_core::keys::hex;

use super::DataArgs;
use crate::backup;
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

/// Copies, and says how to use the copy.
pub(super) fn run(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let mut bar = None;
    let copied = backup::copy(&args.data.data, &args.copy, |_, all| {
        bar.get_or_insert_with(|| Bar::new("照片 photos", "张 photos", all))
            .add(1);
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let (copied, place) = (copied?, args.copy.display());
    println!("已备份到 {place}，新增照片 {} 张", copied.photos);
    println!("copied to {place}, {} new photos", copied.photos);
    for hash in &copied.damaged {
        eprintln!("照片已损坏，未备份 · damaged, not copied: {}", hex(hash));
    }
    Ok(if copied.damaged.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
