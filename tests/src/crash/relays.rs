//! A relay killed in a storm of syncs.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use vanguard_core::Notebook;
use vanguard_core::env::SystemEnv;
use vanguard_core::http::HttpRelay;
use vanguard_core::id::OrgId;
use vanguard_core::keys::hex;
use vanguard_core::sync::Options;

use super::phones::keeps_promises;
use super::{Worker, acknowledged_after};
use crate::dice::Dice;
use crate::scratch;
use crate::site::{Site, come_together, open_all, start_program};

/// Phones that storm the relay.
const PHONES: usize = 4;

/// What the phones and who kills the relay know together.
#[derive(Default)]
struct Storm {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    acknowledged: HashSet<String>,
    /// How many relays were started.
    started: usize,
    is_over: bool,
}

/// Kills a relay so many times while phones push to it; `defect` is planted in it. Gives how many
/// changes were acknowledged.
///
/// # Errors
/// The first acknowledged change that a killed relay did not have.
pub async fn kill_relays(
    program: &str,
    kills: usize,
    seed: u64,
    defect: Option<&str>,
) -> Result<usize, String> {
    let folder = scratch();
    let data = folder.path().join("relay");
    let site = Site::start(&data, None).await;
    let address = site.address;
    let (space, paths) = site.enrol_branch(folder.path(), PHONES).await;
    site.stop().await;

    let storm = Storm::default();
    let mut dice = Dice::new(seed);
    let (program, defect, data_path) =
        (program.to_owned(), defect.map(str::to_owned), data.clone());
    let phones = paths.clone();
    let stormed = tokio::task::spawn_blocking(move || {
        std::thread::scope(|scope| {
            for (number, path) in phones.iter().enumerate() {
                let (storm, seed) = (&storm, dice.seed());
                std::thread::Builder::new()
                    .name(format!("phone-{number}"))
                    .spawn_scoped(scope, move || storm.push(path, space, Dice::new(seed)))
                    .unwrap();
            }
            let mut kept = Ok(());
            for kill in 0..kills {
                let child = start(&program, &data_path, address, defect.as_deref());
                let is_news = storm.wait_for_news(1 + dice.below(12));
                std::thread::sleep(Duration::from_micros(dice.below(5_000) as u64));
                kept = storm
                    .kill(child, &data_path)
                    .map_err(|why| format!("kill {kill}: {why}"));
                if !is_news {
                    kept = Err(format!(
                        "kill {kill}: the relay acknowledged nothing for a minute"
                    ));
                }
                if kept.is_err() {
                    break;
                }
            }
            storm.end();
            kept
        })?;
        let state = storm.state.into_inner().unwrap();
        Ok::<_, String>(state.acknowledged)
    });
    let acknowledged = stormed.await.unwrap()?;
    let site = Site::start(&data, Some(address)).await;
    let mut notebooks = open_all(&paths)?;
    come_together(&mut notebooks).await;
    let kept = keeps_promises(&site, &data, &notebooks, &acknowledged).await;
    site.stop().await;
    kept?;
    Ok(acknowledged.len())
}

fn start(program: &str, data: &Path, address: SocketAddr, defect: Option<&str>) -> Child {
    let mut command = Command::new(program);
    command.arg(data).arg(address.to_string());
    if let Some(defect) = defect {
        command.env("VANGUARD_DEFECT", defect);
    }
    start_program(&mut command)
}

impl Storm {
    /// One phone: works and syncs, whether or not there is a relay, until the storm is over.
    fn push(&self, path: &Path, space: OrgId, dice: Dice) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut notebook = Notebook::open(path, SystemEnv::shared()).unwrap();
        let http = runtime.block_on(async { HttpRelay::of(&notebook).unwrap() });
        let mut worker = Worker::new(space, dice);
        let mut last = acknowledged_after(notebook.reader(), u64::MAX).1;
        let mut met = 0;
        while let Some(relay) = self.relay_after(met) {
            for _ in 0..worker.dice.below(4) {
                worker.work(&mut notebook);
            }
            let synced = runtime.block_on(http.sync(&mut notebook, Options::default(), |_| {}));
            let (hashes, position) = acknowledged_after(notebook.reader(), last);
            last = position;
            let mut state = self.state.lock().unwrap();
            state.acknowledged.extend(hashes);
            // A connection to the last relay may fail once more with the next one.
            met = if synced.is_ok() { 0 } else { relay };
            self.news.notify_all();
        }
    }

    /// Says which relay there is; waits for another than `met` for a while, if that one failed.
    /// None when the storm is over.
    fn relay_after(&self, met: usize) -> Option<usize> {
        let state = self.state.lock().unwrap();
        let waits = |state: &mut State| state.started == met && !state.is_over;
        let retry = Duration::from_millis(20);
        let (state, _) = self.news.wait_timeout_while(state, retry, waits).unwrap();
        (!state.is_over).then_some(state.started)
    }

    /// Says that there is a relay, and waits until it has acknowledged so many changes more.
    fn wait_for_news(&self, count: usize) -> bool {
        let mut state = self.state.lock().unwrap();
        state.started += 1;
        self.news.notify_all();
        let enough = state.acknowledged.len() + count;
        let waits = |state: &mut State| state.acknowledged.len() < enough;
        let limit = Duration::from_mins(1);
        let waited = self.news.wait_timeout_while(state, limit, waits).unwrap();
        !waited.1.timed_out()
    }

    /// Kills the relay, and looks for all that it had acknowledged.
    fn kill(&self, mut child: Child, data: &Path) -> Result<(), String> {
        child.kill().unwrap();
        child.wait().unwrap();
        let state = self.state.lock().unwrap();
        let log =
            Connection::open_with_flags(data.join("log.db"), OpenFlags::SQLITE_OPEN_READ_WRITE);
        let log = log.map_err(|error| error.to_string())?;
        let mut statement = log.prepare("SELECT hash FROM change").unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, [u8; 32]>(0))
            .unwrap();
        let there: HashSet<String> = rows.map(|hash| hex(&hash.unwrap())).collect();
        match state
            .acknowledged
            .iter()
            .find(|hash| !there.contains(*hash))
        {
            Some(hash) => Err(format!("{hash} was acknowledged, and is not in the log")),
            None => Ok(()),
        }
    }

    fn end(&self) {
        self.state.lock().unwrap().is_over = true;
        self.news.notify_all();
    }
}
