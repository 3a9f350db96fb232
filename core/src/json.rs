//! JSON text read by way of plain values.

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};

/// Reads a value of any type. What is read from text as well as from plain values (as records are,
/// out of Automerge) would be compiled for both: a hundredth of all that a phone carries.
///
/// # Errors
/// Where the text is no JSON, or not of this type.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::from_str::<Value>(text)?)
}
