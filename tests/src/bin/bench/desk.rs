//! The console on a year of a large enterprise: how long each call of the review API takes while
//! many supervisors are at work and phones bring news. The relay runs in a process of its own and
//! fills itself there.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use vanguard_core::SystemEnv;
use vanguard_core::env::Env;
use vanguard_server::access::Session;
use vanguard_server::{Config, Server};

use crate::news;
use crate::places;
use crate::process;
use crate::scrolling;
use crate::table::Table;
use crate::year::{self, Year};

/// What makes this program a relay with a year in it.
pub(crate) const COMMAND: &str = "desk-relay";

/// What the relay tells when the year is in it.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    url: String,
    /// A session for each supervisor.
    tokens: Vec<String>,
    /// Some hazards to open.
    hazards: Vec<String>,
    /// Some zones to look at.
    zones: Vec<String>,
    filled_s: f64,
}

/// So many supervisors are at work.
pub(crate) const SUPERVISORS: usize = 50;

/// How long a supervisor looks at a page before opening another, in milliseconds.
const LOOKS_MS: std::ops::Range<u64> = 1_000..4_000;
/// How many pages each of them opens.
const PAGES: usize = 24;

/// Runs the relay until its standard input ends.
pub(crate) fn run(args: &[String]) {
    let [data, inspections, supervisors] = args else {
        eprintln!("{COMMAND} DATA INSPECTIONS SUPERVISORS");
        std::process::exit(2);
    };
    let (inspections, supervisors) = (inspections.parse().unwrap(), supervisors.parse().unwrap());
    let mut config = Config::new(data);
    config.limits.connections = 2_000;
    process::serve(config, async |server| {
        let begun = Instant::now();
        let year = year_in(server, Path::new(data), inspections, supervisors).await;
        let ready = ready(server, &year, begun.elapsed());
        let mut beside = JoinSet::new();
        beside.spawn(news::bring(server.relay(), year));
        (ready, beside)
    });
}

/// The year that an earlier run has left in the directory, else a new one.
async fn year_in(server: &Server, data: &Path, inspections: usize, supervisors: usize) -> Year {
    let note = data.join(format!("year-{inspections}-{supervisors}.json"));
    if let Ok(kept) = std::fs::read(&note) {
        return serde_json::from_slice(&kept).unwrap();
    }
    let year = year::fill(&server.relay(), inspections, supervisors).await;
    std::fs::write(note, serde_json::to_vec(&year).unwrap()).unwrap();
    year
}

fn ready(server: &Server, year: &Year, filled: Duration) -> Ready {
    let tokens = year.supervisors.iter().map(|member| {
        let session = Session {
            member: *member,
            number: member.to_string(),
            name: "督查".into(),
        };
        server.access().put_account(*member, "x").unwrap();
        server.access().create_session(&session).unwrap()
    });
    Ready {
        url: server.ready().public_url.clone(),
        tokens: tokens.collect(),
        hazards: year.hazards.iter().map(ToString::to_string).collect(),
        zones: year.zones.iter().map(ToString::to_string).collect(),
        filled_s: filled.as_secs_f64(),
    }
}

/// Measures the calls of so many supervisors on so many inspections; the relay and its year are
/// kept in `keep` for the next run, where one is named.
pub(crate) async fn measure(
    inspections: usize,
    supervisors: usize,
    keep: Option<&Path>,
    table: &mut Table,
) {
    eprintln!("filling a relay with {inspections} inspections and what belongs to them");
    let passing = places::passing();
    let directory = keep.unwrap_or(passing.path());
    std::fs::create_dir_all(directory).unwrap();
    let (mut child, ready) =
        process::start::<Ready>(COMMAND, directory, &[inspections, supervisors]);
    eprintln!("filled in {:.0} s", ready.filled_s);

    let everybody = ready.tokens.iter().enumerate().map(|(number, token)| {
        tokio::spawn(work(
            number as u64,
            ready.url.clone(),
            token.clone(),
            ready.hazards.clone(),
            ready.zones.clone(),
        ))
    });
    let everybody: Vec<_> = everybody.collect();
    let mut calls: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for supervisor in everybody {
        for (name, ms) in supervisor.await.unwrap() {
            calls.entry(name).or_default().push(ms);
        }
    }
    tell(&calls, inspections, supervisors, table);
    scrolling::measure(&ready.url, &ready.tokens[0], table);
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// A page as the console opens it: the calls that it makes at once, each with its name.
type Page = Vec<(&'static str, String)>;

fn page(random: &mut ChaCha8Rng, hazards: &[String], zones: &[String]) -> Page {
    let hazard = &hazards[random.random_range(0..hazards.len())];
    let zone = &zones[random.random_range(0..zones.len())];
    let of = |calls: &[(&'static str, &str)]| {
        let calls = calls.iter();
        calls
            .map(|(name, path)| (*name, (*path).to_owned()))
            .collect()
    };
    match random.random_range(0..10) {
        0 => of(&[
            ("overview", "/statistics/overview"),
            ("quarter", "/statistics/quarterly?year=2026&quarter=3"),
            ("trend", "/statistics/trend?days=30"),
            ("duties", "/duties?days=7"),
            ("repeats", "/statistics/repeats?days=90"),
            ("zones", "/zones?limit=200"),
        ]),
        1 => of(&[
            (
                "queue: overdue",
                "/ledger?overdue=true&is_open=true&limit=50",
            ),
            (
                "queue: to verify",
                "/ledger?status=rectified&is_open=true&limit=50",
            ),
            (
                "queue: to grade",
                "/ledger?status=reported&is_open=true&limit=50",
            ),
            (
                "queue: to assign",
                "/ledger?status=graded&is_open=true&limit=50",
            ),
            (
                "queue: conflicts",
                "/ledger?is_conflicted=true&is_open=true&limit=50",
            ),
            (
                "queue: inspections",
                "/inspections?status=submitted&limit=50",
            ),
            ("queue: violations", "/violations?status=recorded&limit=50"),
        ]),
        2 => of(&[("ledger", "/ledger?limit=100")]),
        3 => of(&[("hazards open", "/ledger?is_open=true&limit=100")]),
        4 => of(&[("search", "/ledger?q=%E6%B6%88%E9%98%B2&limit=100")]),
        5 => of(&[("inspections", "/inspections?limit=100")]),
        6 => vec![
            (
                "inspections of a zone",
                format!("/inspections?zone={zone}&limit=100"),
            ),
            (
                "hazards of a zone",
                format!("/ledger?zone={zone}&is_open=true&limit=100"),
            ),
        ],
        7 => of(&[
            ("members", "/members?limit=200"),
            ("organisations", "/organisations?limit=200"),
        ]),
        8 => of(&[("year", "/statistics/yearly?year=2026")]),
        _ => vec![
            ("hazard", format!("/hazards/{hazard}")),
            ("hazard's row", format!("/ledger/{hazard}")),
            ("hazard's actions", format!("/documents/{hazard}/actions")),
            ("hazard's history", format!("/documents/{hazard}/history")),
        ],
    }
}

/// One supervisor's work: pages one after another, now and then a remark, and time to look.
async fn work(
    number: u64,
    url: String,
    token: String,
    hazards: Vec<String>,
    zones: Vec<String>,
) -> Vec<(&'static str, f64)> {
    let mut random = ChaCha8Rng::seed_from_u64(number);
    let client = vanguard_tests::plain_client();
    let cookie = format!("vanguard_session={token}");
    let mut calls = Vec::new();
    let looks = |random: &mut ChaCha8Rng| {
        tokio::time::sleep(Duration::from_millis(random.random_range(LOOKS_MS)))
    };
    looks(&mut random).await; // they do not all come in through the door at once
    for _ in 0..PAGES {
        let asked = page(&mut random, &hazards, &zones)
            .into_iter()
            .map(|(name, path)| {
                let request = client.get(format!("{url}/api{path}"));
                let request = request.header("cookie", &cookie);
                tokio::spawn(timed(name, request))
            });
        let asked: Vec<_> = asked.collect();
        for call in asked {
            calls.push(call.await.unwrap());
        }
        if random.random_range(0..8) == 0 {
            let hazard = &hazards[random.random_range(0..hazards.len())];
            let id = (&SystemEnv as &dyn Env).uuid_v7();
            let remark = client
                .post(format!("{url}/api/documents/{hazard}/events?id={id}"))
                .header("cookie", &cookie)
                .header("content-type", "application/json")
                .body(r#"{"event": "commented", "text": "已电话核实"}"#);
            calls.push(timed("a remark", remark).await);
        }
        looks(&mut random).await;
    }
    calls
}

async fn timed(name: &'static str, request: reqwest::RequestBuilder) -> (&'static str, f64) {
    let begun = Instant::now();
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    assert!(
        status.is_success(),
        "{name}: {status} {}",
        String::from_utf8_lossy(&body)
    );
    (name, begun.elapsed().as_secs_f64() * 1e3)
}

/// To stay within, in milliseconds: half of the calls, and 99 of 100.
const MEDIAN_MS: f64 = 50.0;
const P99_MS: f64 = 150.0;

fn tell(
    calls: &BTreeMap<&'static str, Vec<f64>>,
    inspections: usize,
    supervisors: usize,
    table: &mut Table,
) {
    let at = |sorted: &[f64], percent: usize| {
        // The smallest that so many do not exceed.
        let place = (sorted.len() * percent).div_ceil(100);
        sorted[place.clamp(1, sorted.len()) - 1]
    };
    let mut slowest: Vec<(f64, f64, &str, usize)> = calls
        .iter()
        .map(|(name, took)| {
            let mut sorted = took.clone();
            sorted.sort_by(f64::total_cmp);
            (at(&sorted, 99), at(&sorted, 50), *name, sorted.len())
        })
        .collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    eprintln!(
        "  calls of the console, the slowest first (p50 ≤ {MEDIAN_MS} ms, p99 ≤ {P99_MS} ms):"
    );
    let mut missing = 0;
    for (p99, p50, name, count) in &slowest {
        let is_within = *p50 <= MEDIAN_MS && *p99 <= P99_MS;
        missing += u32::from(!is_within);
        let verdict = if is_within { "✓" } else { "✗" };
        eprintln!("    {verdict} {name}: p50 {p50:.1} ms, p99 {p99:.1} ms of {count}");
    }
    let worst = slowest.iter().map(|(_, p50, ..)| *p50).fold(0.0, f64::max);
    let mut all: Vec<f64> = calls.values().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let name = |what: &str| {
        format!(
            "{supervisors} supervisors on {inspections} inspections, {} records a second coming in: {what}",
            news::A_SECOND
        )
    };
    let rows = [
        ("median of all calls", at(&all, 50), MEDIAN_MS),
        ("median of the slowest call", worst, MEDIAN_MS),
        ("p99 of all calls", at(&all, 99), P99_MS),
        ("p99 of the slowest call", slowest[0].0, P99_MS),
    ];
    for (what, value, limit) in rows {
        table.put_beside(&name(what), "ms", value, ("to stay within", limit), 1.0);
    }
    let what = format!("calls that miss their limits, of {}", slowest.len());
    table.put_within(&name(&what), "calls", f64::from(missing), 0.0);
}
