//! `vanguard import`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::{DataArgs, devices};
use crate::import::{self, ImportError};
use crate::relay::Relay;
use crate::serve::Config;

/// Options of `vanguard import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    data: DataArgs,

    /// CSV 或 XLSX 文件，可一次给出多个 · CSV or XLSX files, several at once
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Imports the files, or names every row that is not right.
pub(super) async fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    devices::open(&args.data)?; // a mistyped directory is not made into a relay
    let config = Config::new(&args.data.data);
    let relay = Relay::open(&config.data, config.relay, Arc::clone(&config.env))
        .context("无法打开数据目录 · cannot open the data directory")?;
    let imported = import::run(&relay, &args.files, config.env.as_ref()).await;
    relay.close().await;
    match imported {
        Ok(counts) => {
            for (kind, (created, unchanged)) in counts {
                let (zh, en) = kind.names();
                println!(
                    "{zh}：新增 {created}，已有 {unchanged} · {en}: {created} new, {unchanged} there already"
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(ImportError::BadRows(rows)) => {
            for row in &rows {
                eprintln!("{row}");
            }
            let count = rows.len();
            eprintln!();
            eprintln!(
                "有 {count} 处错误，未导入任何内容。 {count} mistakes; nothing was imported."
            );
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}
