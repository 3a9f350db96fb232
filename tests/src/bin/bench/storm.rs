//! The storm of a hundred phones, its bytes, the catch-up and the reconnect.

use std::time::Instant;

use vanguard_core::model::inspection::Inspection;
use vanguard_core::store::query::{self, Filter};

use crate::fleet::Fleet;
use crate::relay::Spaces;
use crate::table::Table;
use crate::{Options, limits};

pub(crate) async fn measure(options: &Options, table: &mut Table) {
    let total = options.devices * options.each;
    let mut fleet = Fleet::enrol(options.devices, 3, Spaces::Apart).await;
    let mut json = vec![Vec::new(); options.devices];
    fleet.write(options.each, |number, notebook, id| {
        let row = notebook.get::<Inspection>(id).unwrap();
        json[number].extend(serde_json::to_vec(&row.view).unwrap());
    });
    let json_bytes: usize = json.iter().map(Vec::len).sum();
    eprintln!("a record is {} bytes as JSON", json_bytes / total);
    let packed = |json: &Vec<u8>| zstd::bulk::compress(json, 3).unwrap().len();
    let packed_bytes: usize = json.iter().map(packed).sum();

    let bare_s = limits::bare_storm(fleet.directory.path(), options.devices, options.each).await;
    let before_bytes = fleet.up_bytes();
    let begun = Instant::now();
    fleet.sync_all().await;
    let storm_s = begun.elapsed().as_secs_f64();
    fleet.assert_acknowledged();
    let limit = ("bare axum + SQLite FULL", bare_s);
    let name = format!("upload storm, {total} admitted");
    table.put_beside(&name, "s", storm_s, limit, 10.0);
    let limit = ("JSON, zstd-3 for each device", packed_bytes as f64 / 1e6);
    let up_mb = (fleet.up_bytes() - before_bytes) as f64 / 1e6;
    table.put_beside("bytes up, bodies", "MB", up_mb, limit, 1.6);
    let peak_mb = fleet.relay.peak_bytes() / 1e6;
    table.put_within("relay peak memory in the storm", "MB", peak_mb, 64.0);

    let begun = Instant::now();
    fleet.sync_all().await;
    let took_s = begun.elapsed().as_secs_f64();
    table.put_within("all devices reconnect, no news", "s", took_s, 0.15);
    let bytes = fleet.sync_all_counted().await as f64;
    let name = "their bytes of HTTP, heads and bodies, both ways";
    table.put_within(name, "KB", bytes / 1e3, 100.0);

    let mut supervisor = fleet.invite(options.devices, "first").await;
    let begun = Instant::now();
    supervisor.sync().await;
    let catch_up_s = begun.elapsed().as_secs_f64();
    let name = format!("catch-up of {total}, searchable");
    table.put_within(&name, "s", catch_up_s, 1.5);
    let bare_s = limits::bare_catch_up(fleet.directory.path(), total);
    let name = "the same rows inserted and indexed, SQLite FULL";
    table.put(name, "s", bare_s);
    let down_mb = supervisor.http.traffic().down_bytes() as f64 / 1e6;
    table.put("catch-up bytes", "MB", down_mb);
    assert_eq!(supervisor.held(), total as u64);
    let found = Filter {
        text: Some("电解".into()),
        ..Filter::default()
    };
    let page = query::list::<Inspection>(supervisor.notebook.reader(), &found, None, 50).unwrap();
    assert!(!page.rows.is_empty(), "what was caught up is searchable");
}
