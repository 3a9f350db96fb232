//! How smoothly the console's lists scroll, in a real browser, while records come in. It needs Node,
//! Chromium and what `cargo xtask console` has installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::table::Table;

/// Sixty frames a second, in milliseconds.
const FRAME_MS: f64 = 1_000.0 / 60.0;
/// What a person sees as a stutter: one frame in a hundred may take the time of two.
const FRAMES: f64 = 2.0;

/// Measures the lists of the relay at `url` in the hand of whom the session token belongs to.
pub(crate) fn measure(url: &str, token: &str, table: &mut Table) {
    let console = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/console");
    let ran = Command::new("node")
        .args(["bench/scroll.mjs", url, token])
        .current_dir(console)
        .output();
    let lists: Option<BTreeMap<String, Vec<f64>>> = match &ran {
        Ok(output) => serde_json::from_slice(&output.stdout).ok(),
        Err(_) => None,
    };
    let Some(lists) = lists else {
        let why = ran.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        eprintln!("  scrolling was not measured: it needs Node, Chromium and the console: {why}");
        return;
    };
    for (list, mut frames) in lists {
        frames.sort_by(f64::total_cmp);
        let at = |percent: usize| frames[(frames.len() * percent / 100).min(frames.len() - 1)];
        let name = format!("scrolling 300 rows of the console's {list}");
        table.put(&format!("{name}: median of frames"), "ms", at(50));
        let limit = ("a frame", FRAME_MS);
        // A display's clock is not exact to the last digit.
        table.put_beside(&format!("{name}: p99"), "ms", at(99), limit, FRAMES + 0.01);
    }
}
