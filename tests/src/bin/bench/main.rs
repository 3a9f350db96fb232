//! `cargo xtask bench`: how fast Vanguard is, each figure beside its limit measured in the same
//! run on the same machine. Prints a table and writes JSON.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod bindings;
mod company;
mod fleet;
mod limits;
mod notebooks;
mod relay;
mod scale;
mod storm;
mod table;

use std::path::PathBuf;

use table::Table;

/// That of the `vanguard` binary, whose relay this measures.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured.
struct Options {
    devices: usize,
    each: usize,
    large: usize,
    json: Option<PathBuf>,
}

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some(relay::COMMAND) => return relay::run(&args[1..]),
        Some(notebooks::COMMAND) => return notebooks::run(&args[1..]),
        _ => {}
    }
    let mut take = |name: &str, default: usize| {
        let Some(at) = args.iter().position(|arg| arg == name) else {
            return default;
        };
        let value = args.get(at + 1).and_then(|value| value.parse().ok());
        args.drain(at..(at + 2).min(args.len()));
        value.unwrap_or(default)
    };
    let (devices, each) = (take("--devices", 100), take("--each", 100));
    let large = take("--large", 100_000);
    let mut file = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        let file = PathBuf::from(args.get(at + 1)?);
        args.drain(at..at + 2);
        Some(file)
    };
    let (json, scale) = (file("--json"), file("--scale"));
    if !args.is_empty() {
        eprintln!("bench [--devices N] [--each N] [--large N] [--scale SVG] [--json FILE]");
        std::process::exit(2);
    }
    let options = Options {
        devices,
        each,
        large,
        json,
    };
    let mut table = Table::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        storm::measure(&options, &mut table).await;
        company::measure_live(&options, &mut table).await;
        company::measure_everybody(&options, &mut table).await;
        if let Some(picture) = &scale {
            scale::measure(picture, &mut table).await;
        }
    });
    notebooks::measure_verbs(&mut table);
    if options.large > 0 {
        notebooks::measure_large(options.large, &mut table);
    }
    table.print();
    if let Some(file) = &options.json {
        std::fs::write(file, table.to_json()).unwrap();
    }
}
