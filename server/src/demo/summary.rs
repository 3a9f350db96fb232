//! Bytes and seconds.

use serde::Serialize;
use serde_json::{Value, json};
use vanguard_core::sync::Progress;

use super::Options;
use super::compare::Findings;
use super::report::Papers;

/// What went over the network for phones, before compression.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Traffic {
    pub(super) requests: u64,
    pub(super) bytes_up: u64,
    pub(super) bytes_down: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    pub(super) taken: u64,
}

impl Traffic {
    /// Adds what a session or a phone has done.
    pub(super) fn add(&mut self, other: &(impl Copy + Into<Self>)) {
        let other: Self = (*other).into();
        self.requests += other.requests;
        self.bytes_up += other.bytes_up;
        self.bytes_down += other.bytes_down;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.taken += other.taken;
    }
}

impl From<Progress> for Traffic {
    fn from(progress: Progress) -> Self {
        let Progress {
            requests,
            bytes_up,
            bytes_down,
            acknowledged,
            refused,
            taken,
            ..
        } = progress;
        Self {
            requests,
            bytes_up,
            bytes_down,
            acknowledged,
            refused,
            taken,
        }
    }
}

/// What phones sent of photos.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct PhotoTraffic {
    /// Files: a thumbnail and an original of each photo.
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl PhotoTraffic {
    /// Adds what a phone has sent.
    pub(super) fn add(&mut self, phone: &super::phone::Phone) {
        self.files += phone.photos.sent;
        self.bytes += phone.photos.bytes_up;
    }
}

/// What the whole demo took.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Summary {
    pub(super) phones: usize,
    pub(super) deeds: usize,
    /// What phones did not let their owners do.
    pub(super) stopped: usize,
    pub(super) syncs: u64,
    /// Requests that brought something.
    pub(super) pushes: u64,
    /// Requests made again after a cut connection.
    pub(super) retries: usize,
    pub(super) traffic: Traffic,
    pub(super) photos: PhotoTraffic,
    /// Bytes of bodies as they travelled, compressed, up and down.
    pub(super) wire_bytes: [u64; 2],
    pub(super) phases: Vec<(&'static str, f64)>,
    pub(super) seconds: f64,
}

impl Summary {
    pub(super) fn print(&self, findings: &Findings) {
        let mib =
            |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes >> 10) % 1024) * 10 / 1024);
        let Traffic {
            requests,
            bytes_up,
            bytes_down,
            ..
        } = self.traffic;
        println!(
            "\n{} 台手机 phones, {} 件事 deeds, {} 次同步 syncs, {requests} 个 HTTPS 请求 requests; \
             上行 up {}, 下行 down {} (压缩前 before compression: {}, {}); 手机上即被规则拦下 stopped by the phone's own rules: {}",
            self.phones,
            self.deeds,
            self.syncs,
            mib(self.wire_bytes[0]),
            mib(self.wire_bytes[1]),
            mib(bytes_up),
            mib(bytes_down),
            self.stopped,
        );
        println!(
            "照片 photos: {} 个文件 files, {}",
            self.photos.files,
            mib(self.photos.bytes)
        );
        let phases = self
            .phases
            .iter()
            .map(|(name, seconds)| format!("{name} {seconds:.1}"));
        let phases: Vec<String> = phases.collect();
        println!("用时 seconds: {:.1} ({})", self.seconds, phases.join(", "));
        println!("台账摘要 ledger digest: {}", findings.ledger_digest);
        if findings.agrees() {
            println!("\n✓ 四方一致 · all four agree");
        } else {
            let rows = findings.rows.iter().filter(|row| !row.agrees()).count();
            let count = findings.differences.len() + rows;
            println!("\n✗ 不一致 · they differ ({count} 处 differences)");
        }
    }

    pub(super) fn json(&self, options: &Options, findings: &Findings, papers: &Papers) -> Value {
        json!({
            "options": {
                "members": options.members,
                "days": options.days,
                "seed": options.seed,
                "sabotage": options.sabotage.map(|sabotage| format!("{sabotage:?}")),
            },
            "agrees": findings.agrees(),
            "comparison": findings,
            "papers": papers.json(),
            "measured": self,
        })
    }
}
