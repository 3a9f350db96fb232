//! What phones of one space have of each other: one record to all who listen, and everybody's
//! records to everybody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::time::{MissedTickBehavior, interval};
use vanguard_core::id::DocumentId;
use vanguard_core::keys::hex;
use vanguard_core::sync::Options as SyncOptions;

use crate::Options;
use crate::fleet::Fleet;
use crate::relay::Spaces;
use crate::table::Table;

/// So many records are written while the others listen.
const WRITES: usize = 200;
/// Twenty a second.
const PACE: Duration = Duration::from_millis(50);

/// When a record was begun.
type Begun = Arc<Mutex<HashMap<DocumentId, Instant>>>;

/// One record after the other from one phone to all others, who listen: from the moment when the
/// verb begins until its bytes are there, committed and admitted on the way.
pub(crate) async fn measure_live(options: &Options, table: &mut Table) {
    let count = options.devices;
    let mut fleet = Fleet::enrol(count, 0, Spaces::Together).await;
    eprintln!("{count} devices listen");
    let begun: Begun = Arc::default();
    let ready = Arc::new(Barrier::new(count));
    let mut listeners = Vec::with_capacity(count);
    for device in &fleet.devices[1..] {
        let credential = hex(&device.notebook.identity().unwrap().credential);
        let mut channel = device.http.live(&credential).await.unwrap();
        let request = device.notebook.live_request(&SyncOptions::default());
        channel.ask(request.unwrap()).await.unwrap();
        let (begun, ready) = (Arc::clone(&begun), Arc::clone(&ready));
        listeners.push(tokio::spawn(async move {
            channel.next().await.unwrap(); // where the log stands
            ready.wait().await;
            let mut took_ms = Vec::with_capacity(WRITES);
            while took_ms.len() < WRITES {
                let news = channel.next().await.unwrap();
                let now = Instant::now();
                let page = news.page.unwrap().page; // the news are small
                let begun = begun.lock().unwrap();
                for record in &page.tail {
                    took_ms.push((now - begun[&record.document]).as_secs_f64() * 1e3);
                }
            }
            took_ms
        }));
    }
    ready.wait().await;
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..WRITES {
        pace.tick().await;
        let now = Instant::now();
        let id = fleet.write_one(0);
        begun.lock().unwrap().insert(id, now);
        fleet.devices[0].sync().await;
    }
    let mut took_ms = Vec::with_capacity(WRITES * count);
    for listener in listeners {
        took_ms.extend(listener.await.unwrap());
    }
    took_ms.sort_by(f64::total_cmp);
    let name = |which: &str| format!("one record to {} live devices, {which}", count - 1);
    table.put_within(&name("p50"), "ms", took_ms[took_ms.len() / 2], 6.0);
    table.put_within(&name("p99"), "ms", took_ms[took_ms.len() * 99 / 100], 20.0);
}

/// Half as many phones, who all follow the same space, end with everybody's records on disk.
pub(crate) async fn measure_everybody(options: &Options, table: &mut Table) {
    let count = (options.devices / 2).max(2);
    let total = options.devices * options.each;
    let mut fleet = Fleet::enrol(count, 0, Spaces::Together).await;
    fleet.write(total / count, |_, _, _| {});
    let total = (total / count * count) as u64;
    let begun = Instant::now();
    while fleet.devices.iter().any(|device| device.held() < total) {
        fleet.sync_all().await;
    }
    let took_s = begun.elapsed().as_secs_f64();
    fleet.assert_acknowledged();
    let name = format!("each of {count} devices ends with all {total}");
    table.put_within(&name, "s", took_s, 75.0);
}
