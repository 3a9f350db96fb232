//! Progress for people: bars with rates on a terminal, a line now and then where there is none.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of one part of some long work.
pub(crate) struct Bar {
    drawn: Option<ProgressBar>,
    name: &'static str,
    unit: &'static str,
    total: u64,
    done: AtomicU64,
    begun: Instant,
    said: Mutex<Instant>,
}

/// How often a line is printed where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

impl Bar {
    /// A bar for `total` units; `name` and `unit` are Chinese first, then English.
    pub(crate) fn new(name: &'static str, unit: &'static str, total: usize) -> Self {
        let total = total as u64;
        let drawn = std::io::stderr().is_terminal().then(|| {
            let template = "{msg} {wide_bar} {pos}/{len} · {per_sec} · {elapsed}";
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(total);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(format!("{name}（{unit}）"));
            bar
        });
        let now = Instant::now();
        Self {
            drawn,
            name,
            unit,
            total,
            done: AtomicU64::new(0),
            begun: now,
            said: Mutex::new(now),
        }
    }

    /// So many more are done.
    pub(crate) fn add(&self, count: usize) {
        let count = count as u64;
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        match &self.drawn {
            Some(bar) => bar.inc(count),
            None => self.say_now_and_then(done),
        }
    }

    fn say_now_and_then(&self, done: u64) {
        let Ok(mut said) = self.said.lock() else {
            return;
        };
        if said.elapsed() >= EVERY && done < self.total {
            *said = Instant::now();
            eprintln!("{} {done}/{} {}", self.name, self.total, self.unit);
        }
    }

    /// It is over; gives the seconds that it took.
    pub(crate) fn finish(self) -> f64 {
        let seconds = self.begun.elapsed().as_secs_f64();
        let done = self.done.load(Ordering::Relaxed);
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
        #[allow(clippy::cast_precision_loss)] // a rate for people
        let rate = done as f64 / seconds.max(0.001);
        eprintln!(
            "✓ {}: {done} {} · {seconds:.1} s · {rate:.0}/s",
            self.name, self.unit
        );
        seconds
    }
}
