//! Counting tests: reads the lines in which cargo's test programs, Maven's Surefire and Swift's
//! XCTest sum up, and those in which they and Playwright say what failed.

use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that held.
    pub(crate) passed: u64,
    /// Tests that did not.
    pub(crate) failed: u64,
    /// Tests that were not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that held.
    pub(crate) const PASSED: Self = Self::of(1, 0, 0);
    /// One check that did not.
    pub(crate) const FAILED: Self = Self::of(0, 1, 0);
    /// One check that was not made.
    pub(crate) const SKIPPED: Self = Self::of(0, 0, 1);

    /// A tally of these three numbers.
    const fn of(passed: u64, failed: u64, skipped: u64) -> Self {
        Self {
            passed,
            failed,
            skipped,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Adds up the summing lines of an output that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The sum so far.
    tally: Tally,
    /// What XCTest said last: it sums up each suite, and all of them at the end.
    xctest: Tally,
    /// The lines that say what failed and why, as many as a person reads.
    complaints: Vec<String>,
    /// How many of the next lines belong to the complaint before them.
    rest_of_complaint: usize,
}

/// How many lines of what failed are told again at the end.
const MAX_COMPLAINTS: usize = 60;

/// How many lines after `panicked at` say why.
const LINES_OF_A_PANIC: usize = 3;

impl Counter {
    /// Takes the next piece of output, cut anywhere.
    pub(crate) fn see(&mut self, piece: &[u8]) {
        for &byte in piece {
            if byte == b'\n' {
                self.end_line();
            } else {
                self.line.push(byte);
            }
        }
    }

    /// The verdict on a run of `cargo test` that ended with this exit code.
    ///
    /// A program that did not build, or died, leaves no line about it: its exit code counts as
    /// one failure. A run in which no test was executed proves nothing and counts as one too.
    pub(crate) fn judge(mut self, exit_code: i32) -> Tally {
        self.end_line();
        self.tally += self.xctest;
        let ended_badly = exit_code != 0 && self.tally.failed == 0;
        let ran_nothing = self.tally.passed + self.tally.failed == 0;
        if ended_badly || ran_nothing {
            self.tally.failed += 1;
        }
        self.tally
    }

    /// The lines that said what failed and why: where a log is long, they are told again at its
    /// end.
    pub(crate) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// Keeps a line if it says what failed or why.
    fn hear(&mut self, line: &str) {
        let is_panic = line.contains("panicked at ");
        if is_panic {
            self.rest_of_complaint = LINES_OF_A_PANIC + 1;
        } else if line.trim().is_empty() || line.starts_with("stack backtrace") {
            self.rest_of_complaint = 0;
        }
        let belongs = self.rest_of_complaint > 0;
        self.rest_of_complaint = self.rest_of_complaint.saturating_sub(1);
        let is_heard = belongs || names_a_failure(line.trim());
        if is_heard && self.complaints.len() < MAX_COMPLAINTS {
            self.complaints.push(line.trim_end().to_owned());
        }
    }

    /// Reads the line that has ended and forgets it.
    fn end_line(&mut self) {
        let line = without_colours(&self.line);
        self.hear(&line);
        if let Some(found) = parse(&line).or_else(|| parse_surefire(&line)) {
            self.tally += found;
        } else if let Some(found) = parse_xctest(&line) {
            self.xctest = found;
        }
        self.line.clear();
    }
}

/// Whether a line names a test that failed, as libtest, Surefire, XCTest and Playwright write it.
fn names_a_failure(line: &str) -> bool {
    let is_libtest = line.starts_with("test ") && line.ends_with(" ... FAILED");
    let is_surefire = line.ends_with("<<< FAILURE!") || line.ends_with("<<< ERROR!");
    let is_xctest = line.contains(": error: ");
    let is_playwright = line.starts_with('✘') || line.starts_with("Error: ");
    is_libtest || is_surefire || is_xctest || is_playwright
}

/// The numbers of Surefire's last line, `[INFO] Tests run: 18, Failures: 0, Errors: 0, Skipped: 0`;
/// those of single classes say how long they took.
fn parse_surefire(line: &str) -> Option<Tally> {
    let (level, counts) = line.trim().split_once("] Tests run: ")?;
    if !level.starts_with('[') || counts.contains("Time elapsed") {
        return None;
    }
    let mut numbers = counts.split(", ").map(|part| {
        let (_, number) = part.rsplit_once(' ').unwrap_or(("", part));
        number.trim().parse::<u64>().ok()
    });
    let [run, failures, errors, skipped] = std::array::from_fn(|_| numbers.next().flatten());
    let (failed, skipped) = (failures? + errors?, skipped?);
    Some(Tally::of(
        run?.checked_sub(failed + skipped)?,
        failed,
        skipped,
    ))
}

/// The numbers of XCTest's `Executed 18 tests, with 0 failures (0 unexpected) in 13 (13) seconds`.
fn parse_xctest(line: &str) -> Option<Tally> {
    let (run, rest) = line.trim().strip_prefix("Executed ")?.split_once(" test")?;
    let (_, failures) = rest.split_once("with ")?;
    let (failed, _) = failures.split_once(" failure")?;
    // One failed test may count several failures.
    let (run, failed): (u64, u64) = (run.parse().ok()?, failed.parse().ok()?);
    Some(Tally::of(run.saturating_sub(failed), failed, 0))
}

/// The numbers of one `test result:` line; `None` for any other line.
fn parse(line: &str) -> Option<Tally> {
    let counts = line.trim().strip_prefix("test result: ")?;
    let (_verdict, counts) = counts.split_once(". ")?;
    let number = |name: &str| {
        counts
            .split("; ")
            .find_map(|count| count.strip_suffix(name)?.trim().parse().ok())
    };
    Some(Tally::of(
        number("passed")?,
        number("failed")?,
        number("ignored")?,
    ))
}

/// The text of a line without terminal colours (`ESC [ … m`).
fn without_colours(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; \
                      2 filtered out; finished in 0.42s\n";
    const BAD: &str = "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; \
                       0 filtered out; finished in 1.00s\n";

    fn counted(output: &str, exit_code: i32) -> Tally {
        let mut counter = Counter::default();
        counter.see(output.as_bytes());
        counter.judge(exit_code)
    }

    #[test]
    fn the_lines_of_several_programs_add_up() {
        let output = format!("running 15 tests\ntest a ... ok\n{OK}\n   Doc-tests x\n{BAD}");
        assert_eq!(counted(&output, 101), Tally::of(16, 2, 3));
    }

    #[test]
    fn maven_and_swift_are_counted_once() {
        let maven = "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 2 s -- in A\n\
                     [ERROR] Tests run: 18, Failures: 1, Errors: 2, Skipped: 3\n";
        assert_eq!(counted(maven, 1), Tally::of(12, 3, 3));
        let swift = "\t Executed 2 tests, with 0 failures (0 unexpected) in 1.9 (1.9) seconds\n\
                     \t Executed 18 tests, with 1 failure (0 unexpected) in 13.7 (13.7) seconds\n";
        assert_eq!(counted(swift, 1), Tally::of(17, 1, 0));
        assert_eq!(
            counted("Executed 0 tests, with 0 failures (0 unexpected)\n", 0),
            Tally::FAILED
        );
    }

    #[test]
    fn a_line_cut_anywhere_is_still_one_line() {
        for cut in 0..OK.len() {
            let mut counter = Counter::default();
            counter.see(&OK.as_bytes()[..cut]);
            counter.see(&OK.as_bytes()[cut..]);
            assert_eq!(counter.judge(0), Tally::of(12, 0, 3));
        }
    }

    #[test]
    fn a_last_line_without_an_end_counts() {
        assert_eq!(counted(OK.trim_end(), 0), Tally::of(12, 0, 3));
    }

    #[test]
    fn colours_are_looked_through() {
        let coloured = OK.replace("ok", "\u{1b}[32mok\u{1b}(B\u{1b}[m");
        assert_eq!(counted(&coloured, 0), Tally::of(12, 0, 3));
    }

    #[test]
    fn a_build_that_fails_or_a_program_that_dies_is_one_failure() {
        assert_eq!(counted("error: could not compile\n", 101), Tally::FAILED);
        assert_eq!(counted(OK, 134), Tally::of(12, 1, 3));
    }

    #[test]
    fn a_run_without_any_test_is_a_failure() {
        let none = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; \
                    5 filtered out; finished in 0.00s\n";
        assert_eq!(counted(none, 0), Tally::FAILED);
        assert_eq!(counted("", 0), Tally::FAILED);
    }

    #[test]
    fn what_failed_is_told_again() {
        let output = "test rules::reach ... ok\n\
             test photos::order ... FAILED\n\
             thread 'photos::order' (7) panicked at core/src/photos/tests.rs:345:5:\n\
             assertion `left == right` failed\n  left: 1\n right: 2\n\
             stack backtrace:\n   0: rust_begin_unwind\n\
             [ERROR] KilledTest.inASync -- Time elapsed: 2 s <<< FAILURE!\n\
             /a/KilledTests.swift:12: error: KilledTests.testSync : XCTAssertEqual failed\n  \
             ✘  12 flows.spec.ts:30:3 › 隐患的一生 (2.0s)\n";
        let mut counter = Counter::default();
        counter.see(output.as_bytes());
        assert_eq!(
            counter.take_complaints(),
            [
                "test photos::order ... FAILED",
                "thread 'photos::order' (7) panicked at core/src/photos/tests.rs:345:5:",
                "assertion `left == right` failed",
                "  left: 1",
                " right: 2",
                "[ERROR] KilledTest.inASync -- Time elapsed: 2 s <<< FAILURE!",
                "/a/KilledTests.swift:12: error: KilledTests.testSync : XCTAssertEqual failed",
                "  ✘  12 flows.spec.ts:30:3 › 隐患的一生 (2.0s)",
            ]
        );
    }

    #[test]
    fn what_a_test_prints_is_not_a_result() {
        let output = format!("the log said: test result: ok. 9 passed; 9 failed\n{OK}");
        assert_eq!(counted(&output, 0), Tally::of(12, 0, 3));
    }
}
