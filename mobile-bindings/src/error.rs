//! The errors that apps see: few and stable, one for each thing that a person can do next. All of
//! core's are mapped here and nowhere else.

#[cfg(feature = "http")]
use vanguard_core::http::HttpError;
use vanguard_core::invite::NotAnInvite;
use vanguard_core::notebook::NotebookError;
use vanguard_core::rules::Refusal;
use vanguard_core::store::StoreError;
#[cfg(feature = "http")]
use vanguard_core::sync::SyncError;

use crate::keys::SigningFailure;

/// Why a call was not carried out; nothing has happened then. The variant says what to do next,
/// `reason` is for logs and support.
#[derive(Clone, Debug, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum VanguardError {
    /// The rules do not allow it. Show the words of `refusal`; what was typed can be kept.
    #[error("refused: {reason}")]
    Refused {
        /// Which rule.
        refusal: Refusal,
        /// The same as a word.
        reason: String,
    },
    /// There is no such record here: it was never synced, was pruned, or is out of scope now.
    #[error("not found: {reason}")]
    NotFound {
        /// Which.
        reason: String,
    },
    /// The device has to be enrolled first.
    #[error("not enrolled: {reason}")]
    NotEnrolled {
        /// What was asked for.
        reason: String,
    },
    /// The device is enrolled already; open another file to enrol for somebody else.
    #[error("already enrolled: {reason}")]
    AlreadyEnrolled {
        /// What was asked for.
        reason: String,
    },
    /// What was given is not what it should be: no invite, no id, no day.
    #[error("invalid: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// A newer version of the app is needed for this record, this file or this relay.
    #[error("needs a newer app: {reason}")]
    NeedsUpdate {
        /// For what.
        reason: String,
    },
    /// The relay cannot be reached. Nothing is lost; try again when there is a network.
    #[error("unreachable: {reason}")]
    Unreachable {
        /// How the attempt ended.
        reason: String,
    },
    /// The relay says no to this device: its invite is used up or over, or it was revoked.
    /// Nothing is lost; ask a supervisor.
    #[error("rejected: {reason}")]
    Rejected {
        /// The relay's word for it, stable.
        reason: String,
    },
    /// The relay knows this device, and a supervisor has to compare its six digits first: show
    /// `confirmation_code`, and try again.
    #[error("unconfirmed: {reason}")]
    Unconfirmed {
        /// The relay's word for it, stable.
        reason: String,
    },
    /// The app's key store did not sign. Nothing is lost; `why` says what to do.
    #[error("unsigned: {reason}")]
    Unsigned {
        /// Why not.
        why: SigningFailure,
        /// In the key store's words.
        reason: String,
    },
    /// The notebook is paused; call `resume` first.
    #[error("paused: {reason}")]
    Paused {
        /// What was asked for.
        reason: String,
    },
    /// The file cannot be read or written: the disk is full, or the folder is not there.
    #[error("storage: {reason}")]
    Storage {
        /// What SQLite or the system says.
        reason: String,
    },
}

/// Shorthand for results at the border.
pub(crate) type Result<T> = std::result::Result<T, VanguardError>;

impl VanguardError {
    /// Something given that is not what it should be.
    #[allow(clippy::needless_pass_by_value)] // made for `map_err`
    pub(crate) fn invalid(reason: impl ToString) -> Self {
        Self::Invalid {
            reason: reason.to_string(),
        }
    }
}

impl From<NotebookError> for VanguardError {
    fn from(error: NotebookError) -> Self {
        let reason = error.to_string();
        match error {
            NotebookError::Refused(refusal) => Self::Refused {
                refusal,
                reason: refusal.as_str().to_owned(),
            },
            NotebookError::NotFound(_) => Self::NotFound { reason },
            NotebookError::NotEnrolled => Self::NotEnrolled { reason },
            NotebookError::AlreadyEnrolled => Self::AlreadyEnrolled { reason },
            NotebookError::ReadOnly(_) => Self::NeedsUpdate { reason },
            NotebookError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for VanguardError {
    fn from(error: StoreError) -> Self {
        let reason = error.to_string();
        match error {
            StoreError::TooNew { .. } => Self::NeedsUpdate { reason },
            _ => Self::Storage { reason },
        }
    }
}

impl From<NotAnInvite> for VanguardError {
    fn from(error: NotAnInvite) -> Self {
        Self::invalid(error)
    }
}

#[cfg(feature = "http")]
impl From<SyncError> for VanguardError {
    fn from(error: SyncError) -> Self {
        let reason = error.to_string();
        match error {
            SyncError::Notebook(error) => error.into(),
            SyncError::Rejected(reason) => Self::Rejected { reason },
            SyncError::Answer(_) | SyncError::Receipt => Self::Unreachable { reason },
        }
    }
}

/// 426 Upgrade Required.
#[cfg(feature = "http")]
const UPGRADE_REQUIRED: u16 = 426;

/// How the relay names what it says to a device that nobody has confirmed yet.
#[cfg(feature = "http")]
const DEVICE_UNCONFIRMED: &str = "urn:vanguard:problem:device-unconfirmed";

#[cfg(feature = "http")]
impl From<HttpError> for VanguardError {
    fn from(error: HttpError) -> Self {
        let reason = error.to_string();
        match error {
            HttpError::Sync(error) => error.into(),
            HttpError::Notebook(error) => error.into(),
            HttpError::Unreachable(_) => Self::Unreachable { reason },
            HttpError::Address(_) => Self::Invalid { reason },
            HttpError::Problem {
                status: UPGRADE_REQUIRED,
                ..
            } => Self::NeedsUpdate { reason },
            // Too busy, or ill: no fault of this device.
            HttpError::Problem { status, .. } if status >= 500 || status == 429 => {
                Self::Unreachable { reason }
            }
            HttpError::Problem { kind, .. } if kind == DEVICE_UNCONFIRMED => {
                Self::Unconfirmed { reason: kind }
            }
            HttpError::Problem { kind, title, .. } => Self::Rejected {
                reason: if kind.is_empty() { title } else { kind },
            },
        }
    }
}
