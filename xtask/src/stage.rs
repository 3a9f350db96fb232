//! The stages of the test command: what each proves and what it needs.

use std::fmt;

use clap::ValueEnum;

use crate::needs::Need;
use crate::tools::Tool;

/// A part of the tests that runs alone too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Format, lints, documentation, licences, and every short test
    Fast,
    /// The core builds for the browser
    Wasm,
    /// The supervisor's console in a real browser, in Chinese and English, on the demo's data
    Web,
    /// The review API does what its OpenAPI document says
    Openapi,
    /// An Automerge that nobody here wrote reads the relay's documents
    Documents,
    /// Kotlin and Swift tell the notebook's stories against a real relay
    Bindings,
    /// Photos arrive whole over bad networks and through kills; another's tus client uploads too
    Photos,
    /// Attacks in full, and a minute of fuzzing for each target, find nothing
    Faults,
    /// Deliberate defects make the long tests fail
    Defects,
    /// Notebooks end equal, whatever the network does
    Convergence,
    /// Nothing is lost when phones and relays are killed
    Crash,
    /// The demonstration's books balance, and sabotage is noticed
    Demo,
}

impl Stage {
    /// Every stage, in the order in which they run: what fails quickly comes first.
    pub(crate) const ALL: [Self; 12] = [
        Self::Fast,
        Self::Wasm,
        // Before all that builds the relay optimised: its program embeds the page.
        Self::Web,
        Self::Openapi,
        Self::Documents,
        Self::Bindings,
        Self::Photos,
        Self::Faults,
        Self::Defects,
        Self::Convergence,
        Self::Crash,
        Self::Demo,
    ];

    /// What it proves, in one line.
    pub(crate) fn about(self) -> String {
        self.to_possible_value()
            .and_then(|value| value.get_help().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// What it needs besides cargo.
    pub(crate) fn needs(self) -> Vec<Need> {
        let own: &[Need] = match self {
            Self::Fast => &[Need::Tool(Tool::CargoDeny)],
            Self::Wasm => &[Need::Clang, Need::WasmLibrary],
            Self::Web => &[
                Need::ConsoleNode,
                Need::Chromium,
                Need::ChineseFonts,
                Need::PdfTools,
                Need::Tool(Tool::Console),
            ],
            Self::Openapi => &[
                Need::Python,
                Need::LibreOffice,
                Need::Tool(Tool::Schemathesis),
            ],
            Self::Documents => &[Need::Node, Need::Tool(Tool::Automerge)],
            Self::Bindings => &[Need::Maven, Need::Swift, Need::Tool(Tool::Swift)],
            Self::Photos => &[Need::Node, Need::NetworkTools, Need::Tool(Tool::TusClient)],
            Self::Faults | Self::Defects | Self::Convergence | Self::Crash | Self::Demo => &[],
        };
        [&[Need::CCompiler], own].concat()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// The named stages, each once and in the order of running; all of them if none is named.
pub(crate) fn chosen(named: &[Stage]) -> Vec<Stage> {
    Stage::ALL
        .into_iter()
        .filter(|stage| named.is_empty() || named.contains(stage))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_is_in_the_list_once() {
        assert_eq!(Stage::ALL, Stage::value_variants());
    }

    #[test]
    fn no_name_means_all_and_order_is_ours() {
        assert_eq!(chosen(&[]), Stage::ALL);
        assert_eq!(
            chosen(&[Stage::Demo, Stage::Fast, Stage::Demo]),
            [Stage::Fast, Stage::Demo]
        );
    }

    #[test]
    fn every_stage_says_what_it_proves() {
        assert!(Stage::ALL.iter().all(|stage| !stage.about().is_empty()));
        assert_eq!(Stage::Openapi.to_string(), "openapi");
    }
}
