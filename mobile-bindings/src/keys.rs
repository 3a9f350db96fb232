//! The key that a device signs with. Where an app gives a key store (Secure Enclave, StrongBox), the
//! key never leaves it: core hands out what is to be signed, and it is signed on a thread of its
//! own, since a key store may ask the person first. Else core makes a key and keeps it in the file.

use std::sync::Arc;

use vanguard_core::SystemEnv;
use vanguard_core::keys::{KeyError, SoftwareKey};
#[cfg(feature = "http")]
use vanguard_core::keys::{PublicKey, Signature};

use crate::count::Counted;
use crate::error::{Result, VanguardError};

/// What an app gives to sign with a key of its own: ECDSA on P-256 with SHA-256 (ES256). It is
/// called on a thread of this library that may wait for the person, and never while a verb or a
/// list waits for it.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// The public key as a point of P-256 (SEC 1): 65 bytes uncompressed or 33 compressed. Always
    /// the same.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn public_key(&self) -> std::result::Result<Vec<u8>, KeyStoreError>;

    /// Signs: hashes the message with SHA-256 and gives the signature of that as DER (X9.62), as
    /// key stores answer, or as the 64 bytes of r and s.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn sign(&self, message: Vec<u8>) -> std::result::Result<Vec<u8>, KeyStoreError>;
}

/// Why an app's key store did not sign.
#[derive(Clone, Debug, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// The person said no.
    #[error("cancelled: {reason}")]
    Cancelled {
        /// In the key store's words.
        reason: String,
    },
    /// Not now: the phone is locked.
    #[error("locked: {reason}")]
    Locked {
        /// In the key store's words.
        reason: String,
    },
    /// The key is there no more: another fingerprint was enrolled, or the app moved to another
    /// phone.
    #[error("lost: {reason}")]
    Lost {
        /// In the key store's words.
        reason: String,
    },
    /// Anything else.
    #[error("failed: {reason}")]
    Failed {
        /// In the key store's words.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            reason: error.reason,
        }
    }
}

/// Why nothing could be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SigningFailure {
    /// The person said no: try again when they ask for it.
    Cancelled,
    /// The key store is locked: try again later, by itself.
    Locked,
    /// The key is there no more: hand over the unsent work and enrol a new notebook.
    Lost,
    /// Something else: try again later.
    Failed,
}

impl From<KeyStoreError> for VanguardError {
    fn from(error: KeyStoreError) -> Self {
        let (why, reason) = match error {
            KeyStoreError::Cancelled { reason } => (SigningFailure::Cancelled, reason),
            KeyStoreError::Locked { reason } => (SigningFailure::Locked, reason),
            KeyStoreError::Lost { reason } => (SigningFailure::Lost, reason),
            KeyStoreError::Failed { reason } => (SigningFailure::Failed, reason),
        };
        Self::Unsigned { why, reason }
    }
}

/// Another key than the device's: its own is there no more.
impl From<KeyError> for VanguardError {
    fn from(error: KeyError) -> Self {
        Self::Unsigned {
            why: SigningFailure::Lost,
            reason: error.to_string(),
        }
    }
}

/// A key in memory, for apps that keep its secret themselves, as in a keychain, and for tests of a
/// [`KeyStore`].
#[derive(Debug, uniffi::Object)]
pub struct SigningKey {
    key: SoftwareKey,
    _counted: Counted,
}

#[uniffi::export]
impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// None so far.
    #[uniffi::constructor]
    pub fn generate() -> Result<Arc<Self>> {
        Ok(Self::new(SoftwareKey::generate(&SystemEnv)))
    }

    /// The key of a secret that [`SigningKey::secret`] gave.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    #[uniffi::constructor]
    #[allow(clippy::needless_pass_by_value)] // uniffi hands over what it has made
    pub fn of_secret(secret: Vec<u8>) -> Result<Arc<Self>> {
        let secret = secret.as_slice().try_into();
        let secret: &[u8; 32] = secret.map_err(VanguardError::invalid)?;
        let key = SoftwareKey::from_bytes(secret).map_err(VanguardError::invalid)?;
        Ok(Self::new(key))
    }

    /// The 32 bytes that are to be kept from everybody else.
    ///
    /// # Errors
    /// None so far.
    pub fn secret(&self) -> Result<Vec<u8>> {
        Ok(self.key.to_bytes().to_vec())
    }

    /// As [`KeyStore::public_key`].
    ///
    /// # Errors
    /// None so far.
    pub fn public_key(&self) -> Result<Vec<u8>> {
        Ok(self.key.public_key().as_bytes().to_vec())
    }

    /// As [`KeyStore::sign`].
    ///
    /// # Errors
    /// None so far.
    #[allow(clippy::needless_pass_by_value)] // uniffi hands over what it has made
    pub fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>> {
        Ok(self.key.sign(&message).0.to_vec())
    }
}

impl SigningKey {
    fn new(key: SoftwareKey) -> Arc<Self> {
        Arc::new(Self {
            key,
            _counted: Counted::new(),
        })
    }
}

/// Asks for the public key. (It may have to be made first.)
#[cfg(feature = "http")]
pub(crate) async fn public_key(store: Arc<dyn KeyStore>) -> Result<PublicKey> {
    let bytes = apart(move || store.public_key()).await?;
    PublicKey::from_sec1(&bytes).map_err(VanguardError::invalid)
}

/// Has something signed.
#[cfg(feature = "http")]
pub(crate) async fn sign(store: Option<Arc<dyn KeyStore>>, message: Vec<u8>) -> Result<Signature> {
    let Some(store) = store else {
        return Err(VanguardError::Unsigned {
            why: SigningFailure::Lost,
            reason: "its key lies in a key store, and `open` was given none".into(),
        });
    };
    let bytes = apart(move || store.sign(message)).await?;
    Ok(Signature::parse(&bytes)?)
}

/// On a thread that may wait.
#[cfg(feature = "http")]
async fn apart(
    work: impl FnOnce() -> std::result::Result<Vec<u8>, KeyStoreError> + Send + 'static,
) -> Result<Vec<u8>> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(KeyStoreError::Failed {
            reason: error.to_string(),
        }
        .into()),
    }
}
