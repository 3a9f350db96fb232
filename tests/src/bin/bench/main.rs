//! `cargo xtask bench`: how fast Vanguard is, each figure beside its limit measured in the same
//! run on the same machine. Prints a table and writes JSON.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod bindings;
mod desk;
mod fleet;
mod limits;
mod notebooks;
mod photos;
mod relay;
mod table;
mod year;

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
    desk: usize,
    json: Option<PathBuf>,
}

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == relay::COMMAND) {
        return relay::run(&args[1..]);
    }
    if args.first().is_some_and(|first| first == desk::COMMAND) {
        return desk::run(&args[1..]);
    }
    if args.first().is_some_and(|first| first == photos::COMMAND) {
        return photos::take_one(&args[1]);
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
    let desk = take("--desk", 100_000);
    let json = match args.as_slice() {
        [flag, file] if flag == "--json" => Some(PathBuf::from(file)),
        [] => None,
        _ => {
            eprintln!("bench [--devices N] [--each N] [--large N] [--desk N] [--json FILE]");
            std::process::exit(2);
        }
    };
    let options = Options {
        devices,
        each,
        large,
        desk,
        json,
    };
    let mut table = Table::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if options.devices > 0 {
        runtime.block_on(fleet::measure(&options, &mut table));
        runtime.block_on(photos::measure(&mut table));
        notebooks::measure_verbs(&mut table);
    }
    if options.desk > 0 {
        runtime.block_on(desk::measure(options.desk, desk::SUPERVISORS, &mut table));
    }
    if options.large > 0 {
        notebooks::measure_large(options.large, &mut table);
    }
    table.print();
    if let Some(file) = &options.json {
        std::fs::write(file, table.to_json()).unwrap();
    }
}
