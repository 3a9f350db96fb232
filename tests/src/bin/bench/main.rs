//! `cargo xtask bench`: how fast Vanguard is, each figure beside its limit measured in the same
//! run on the same machine. Prints a table, and writes it as JSON to `bench/figures.json` in the
//! build's folder.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod bindings;
mod company;
mod desk;
mod fleet;
mod kill;
mod limits;
mod news;
mod notebooks;
mod photos;
mod places;
mod process;
mod relay;
mod scale;
mod scrolling;
mod storm;
mod table;
mod year;

use std::path::PathBuf;

use table::Table;

/// What is measured.
struct Options {
    devices: usize,
    each: usize,
    large: usize,
    desk: usize,
}

/// What may be measured alone.
const PARTS: [&str; 8] = [
    "storm",
    "kill",
    "live",
    "everybody",
    "photos",
    "desk",
    "verbs",
    "large",
];
const USAGE: &str = "bench [--devices N] [--each N] [--large N] [--desk N] [--keep DIR] \
                     [--scale SVG] [--json FILE] [PART…]";

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some(relay::COMMAND) => return relay::run(&args[1..]),
        Some(desk::COMMAND) => return desk::run(&args[1..]),
        Some(notebooks::COMMAND) => return notebooks::run(&args[1..]),
        Some(photos::COMMAND) => return photos::take_one(&args[1]),
        _ => {}
    }
    let mut take = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        let value = args.get(at + 1).cloned();
        args.drain(at..(at + 2).min(args.len()));
        value
    };
    let [json, scale] = ["--json", "--scale"].map(|name| take(name).map(PathBuf::from));
    // Where the year that the console is measured on stays for the next run.
    let keep = take("--keep").map(PathBuf::from);
    let mut number = |name: &str, default| take(name).map_or(Ok(default), |text| text.parse());
    let numbers = (
        number("--devices", 100),
        number("--each", 100),
        number("--large", 100_000),
        number("--desk", 100_000),
    );
    let ((Ok(devices), Ok(each), Ok(large), Ok(desk)), true) = (
        numbers,
        args.iter().all(|part| PARTS.contains(&part.as_str())),
    ) else {
        eprintln!("{USAGE}\nparts: {}", PARTS.join(", "));
        std::process::exit(2);
    };
    let options = Options {
        devices,
        each,
        large,
        desk,
    };
    let is_asked = |part: &str| args.is_empty() || args.iter().any(|arg| arg == part);
    let mut table = Table::default();
    process::runtime().block_on(async {
        if is_asked("storm") {
            storm::measure(&options, &mut table).await;
        }
        if is_asked("kill") {
            kill::measure(&options, &mut table).await;
        }
        if is_asked("live") {
            company::measure_live(&options, &mut table).await;
        }
        if is_asked("everybody") {
            company::measure_everybody(&options, &mut table).await;
        }
        if is_asked("photos") {
            photos::measure(&mut table).await;
        }
        if is_asked("desk") {
            desk::measure(options.desk, desk::SUPERVISORS, keep.as_deref(), &mut table).await;
        }
        if let Some(picture) = &scale {
            scale::measure(picture, &mut table).await;
        }
    });
    if is_asked("verbs") {
        notebooks::measure_verbs(&mut table);
    }
    if is_asked("large") {
        notebooks::measure_large(options.large, &mut table);
    }
    table.print();
    let file = json.unwrap_or_else(|| places::kept().join("figures.json"));
    std::fs::write(&file, table.to_json()).unwrap();
    eprintln!("as JSON: {}", file.display());
}
