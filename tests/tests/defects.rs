//! The crash tests notice what they are there to notice: each deliberate defect makes a short run
//! of them fail, and the same run passes without it.

#![allow(clippy::unwrap_used, missing_docs)]

use vanguard_core::defects::Defect;
use vanguard_tests::crash::{kill_phones, kill_relays};

const PHONE: &str = env!("CARGO_BIN_EXE_phone");
const RELAY: &str = env!("CARGO_BIN_EXE_relay");
const KILLS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_defect_the_short_runs_pass() {
    kill_phones(PHONE, KILLS, 1, None).await.unwrap();
    kill_relays(RELAY, KILLS, 1, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_that_returns_before_its_commit_is_noticed() {
    let defect = Some(Defect::UnsyncedCommit.name());
    let noticed = kill_phones(PHONE, KILLS, 1, defect).await.unwrap_err();
    assert!(noticed.contains("was committed, and is gone"), "{noticed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_committed_before_its_page_is_noticed() {
    let defect = Some(Defect::CursorBeforePage.name());
    let noticed = kill_phones(PHONE, KILLS, 1, defect).await.unwrap_err();
    assert!(noticed.contains("missing"), "{noticed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_sent_before_the_log_is_committed_is_noticed() {
    let defect = Some(Defect::ReceiptBeforeLog.name());
    let noticed = kill_relays(RELAY, KILLS, 1, defect).await.unwrap_err();
    assert!(
        noticed.contains("was acknowledged, and is not in the log"),
        "{noticed}"
    );
}
