//! Deliberate defects, so that the tests which must notice them are tested themselves. Compiled
//! only with the feature `defects`, and planted only in a process whose environment names one in
//! `VANGUARD_DEFECT`.

use std::sync::OnceLock;
use std::time::Duration;

/// Something done wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A verb returns before its transaction is committed; the next one commits it.
    UnsyncedCommit,
    /// The cursor is committed before the page that it stands behind.
    CursorBeforePage,
    /// The receipt is sent before the log is committed.
    ReceiptBeforeLog,
}

impl Defect {
    /// Its name in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnsyncedCommit => "unsynced-commit",
            Self::CursorBeforePage => "cursor-before-page",
            Self::ReceiptBeforeLog => "receipt-before-log",
        }
    }

    /// Whether it is planted in this process.
    pub fn is_planted(self) -> bool {
        static PLANTED: OnceLock<Option<String>> = OnceLock::new();
        let planted = PLANTED.get_or_init(|| std::env::var("VANGUARD_DEFECT").ok());
        planted.as_deref() == Some(self.name())
    }

    /// Widens the moment in which a kill shows the defect.
    pub fn linger(self) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
