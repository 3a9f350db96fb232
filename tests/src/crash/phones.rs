//! Phones killed in verbs and in syncs.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::has;
use crate::dice::Dice;
use crate::plain::PlainLog;
use crate::site::{Site, come_together, open_all};
use crate::{scratch, verdict};

/// Phones share the work.
const PHONES: usize = 4;

/// Kills phones so many times, one at a time, each after some random line and some random time;
/// `defect` is planted in them. Gives how much was promised.
///
/// # Errors
/// The first promise that was not kept.
pub async fn kill_phones(
    program: &str,
    kills: usize,
    seed: u64,
    defect: Option<&str>,
) -> Result<usize, String> {
    let folder = scratch();
    let data = folder.path().join("relay");
    let site = Site::start(&data, None).await;
    let (space, paths) = site.enrol_branch(folder.path(), PHONES).await;
    let mut dice = Dice::new(seed);
    let mut promised = vec![HashSet::new(); PHONES];
    let mut acknowledged = HashSet::new();
    for kill in 0..kills {
        let at = dice.below(PHONES);
        let life = Life {
            program: program.to_owned(),
            path: paths[at].clone(),
            arguments: [space.to_string(), dice.seed().to_string()],
            defect: defect.map(str::to_owned),
            // Half of them early, in the first sync, which brings what the others did meanwhile.
            lines: 1 + if dice.percent(50) {
                dice.below(4)
            } else {
                dice.below(25)
            },
            micros: dice.below(20_000),
        };
        let lines = tokio::task::spawn_blocking(move || life.live())
            .await
            .unwrap();
        for line in &lines {
            match line.split_once(' ') {
                Some(("committed", id)) => {
                    promised[at].insert(id.parse::<uuid::Uuid>().map_err(|e| e.to_string())?);
                }
                Some(("acknowledged", hash)) => {
                    acknowledged.insert(hash.to_owned());
                }
                _ => {}
            }
        }
        let opened = open_all(&paths[at..=at])?;
        if let Some(id) = promised[at].iter().find(|id| !has(&opened[0], **id)) {
            return Err(format!("kill {kill}: {id} was committed, and is gone"));
        }
    }
    let mut notebooks = open_all(&paths)?;
    come_together(&mut notebooks).await;
    let ending = keeps_promises(&site, &data, &notebooks, &acknowledged).await;
    site.stop().await;
    ending?;
    Ok(promised.iter().map(HashSet::len).sum::<usize>() + acknowledged.len())
}

/// After everybody has synced: nothing acknowledged is missing, nobody differs.
pub(super) async fn keeps_promises(
    site: &Site,
    data: &Path,
    notebooks: &[vanguard_core::Notebook],
    acknowledged: &HashSet<String>,
) -> Result<(), String> {
    let log = PlainLog::read(data)?;
    let hashes: HashSet<String> = log
        .documents
        .values()
        .flat_map(|document| &document.hashes)
        .map(|hash| vanguard_core::keys::hex(hash))
        .collect();
    if let Some(hash) = acknowledged.iter().find(|hash| !hashes.contains(*hash)) {
        return Err(format!("{hash} was acknowledged, and is not in the log"));
    }
    let all: Vec<_> = notebooks.iter().collect();
    let wrongs = verdict::everybody_agrees(&site.relay, &log, i64::MIN, &all).await;
    match wrongs.first() {
        Some(wrong) => Err(format!("{} wrongs: {wrong}", wrongs.len())),
        None => Ok(()),
    }
}

/// One life of a phone.
struct Life {
    program: String,
    path: PathBuf,
    arguments: [String; 2],
    defect: Option<String>,
    lines: usize,
    micros: usize,
}

impl Life {
    /// Lives until it is killed; gives what it said.
    fn live(self) -> Vec<String> {
        let mut command = Command::new(&self.program);
        command
            .arg(&self.path)
            .args(&self.arguments)
            .stdout(Stdio::piped());
        if let Some(defect) = &self.defect {
            command.env("VANGUARD_DEFECT", defect);
        }
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines: Vec<String> = Vec::new();
        while lines.len() < self.lines
            && let Some(Ok(line)) = said.next()
        {
            lines.push(line);
        }
        // Any moment is as good as another: this one has no condition to wait for.
        std::thread::sleep(Duration::from_micros(self.micros as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.extend(said.map_while(Result::ok));
        lines
    }
}
