//! What the test command prints about itself: the stages, what they need, how they ended.

use crate::host::Host;
use crate::libtest::Tally;
use crate::needs::Need;
use crate::stage::Stage;

/// How one stage ended.
pub(crate) struct Outcome {
    /// The stage; `None` for the installing before all stages.
    pub(crate) stage: Option<Stage>,
    /// Its tests.
    pub(crate) tally: Tally,
    /// How long it took.
    pub(crate) minutes: f64,
    /// How many gigabytes were free on the disk when it had ended; `None` where nobody says.
    pub(crate) free_gb: Option<f64>,
    /// One line for each thing that went wrong.
    pub(crate) failures: Vec<String>,
    /// Why it was not run, if it was not.
    pub(crate) not_run: Option<String>,
}

/// Prints what there is to run.
pub(crate) fn list(stages: &[Stage]) {
    for stage in stages {
        println!("{stage:<12} {}", stage.about());
        println!("{:<12} needs {}", "", join(&stage.needs()));
    }
}

/// About so many gigabytes all stages together put on the disk of a fresh checkout.
const WHOLE_RUN_GB: f64 = 8.0;

/// Prints what each stage needs and whether this machine has it, and how much room there is.
pub(crate) fn needs(stages: &[Stage], host: &Host, free_gb: Option<f64>) {
    println!("{:<12} {:<42} On this machine", "Stage", "Needs");
    for stage in stages {
        for need in stage.needs() {
            println!("{stage:<12} {:<42} {}", need.to_string(), need.state(host));
        }
    }
    if let Some(free) = free_gb {
        println!(
            "\n{free:.1} GB are free; all stages take about {WHOLE_RUN_GB} on a fresh checkout."
        );
    }
    println!();
}

/// Prints how all stages ended, and at the very end the sums. Answers with the sums.
pub(crate) fn summary(outcomes: &[Outcome]) -> Tally {
    let mut sum = Tally::default();
    println!(
        "\n{:<12} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "Stage", "passed", "failed", "skipped", "minutes", "GB free"
    );
    for outcome in outcomes {
        let name = outcome
            .stage
            .map_or_else(|| "installing".to_owned(), |stage| stage.to_string());
        let Tally {
            passed,
            failed,
            skipped,
        } = outcome.tally;
        let mark = if outcome.not_run.is_some() {
            "  NOT RUN"
        } else {
            ""
        };
        println!(
            "{name:<12} {passed:>8} {failed:>8} {skipped:>8} {:>9.1} {:>9}{mark}",
            outcome.minutes,
            outcome
                .free_gb
                .map_or_else(|| "?".to_owned(), |free| format!("{free:.1}"))
        );
        sum += outcome.tally;
    }
    for outcome in outcomes {
        for failure in &outcome.failures {
            println!("FAILED: {failure}");
        }
        if let (Some(stage), Some(reason)) = (outcome.stage, &outcome.not_run) {
            println!("NOT RUN: {stage}: {reason}");
        }
    }
    println!("\n{}", sums(sum));
    sum
}

/// The last line, which other programs read.
fn sums(tally: Tally) -> String {
    let Tally {
        passed,
        failed,
        skipped,
    } = tally;
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

/// Needs as one text.
pub(crate) fn join(needs: &[Need]) -> String {
    let names: Vec<String> = needs.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_other_programs_read() {
        let mut sum = Tally::PASSED;
        sum += Tally::PASSED;
        sum += Tally::SKIPPED;
        assert_eq!(sums(sum), "2 passed, 0 failed, 1 skipped");
    }
}
