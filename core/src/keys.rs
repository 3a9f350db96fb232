//! Signing keys of devices and of the relay: ES256 (ECDSA on P-256 with SHA-256, RFC 7518), the
//! algorithm that Secure Enclave, StrongBox and WebCrypto hold keys of.
//!
//! A key may live outside this process, and answering may take it time: so signing is a step of
//! the [`sync`](crate::sync) session, which hands out the bytes and takes the signature back.
//! [`SoftwareKey`] is the signer for those who have nothing better.

use minicbor::{Decode, Encode};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature as P256Signature, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::env::Env;

/// SHA-256.
pub type Hash = [u8; 32];

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Why a key or a signature is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no P-256 key.
    #[error("not a P-256 key")]
    NotAKey,
    /// The signature is not this key's over these bytes.
    #[error("the signature does not match")]
    Mismatch,
}

/// A public key: a compressed point of P-256, 33 bytes (SEC 1, 2.3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(#[cbor(n(0), with = "minicbor::bytes")] [u8; 33]);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", hex(&self.0))
    }
}

impl PublicKey {
    /// The key of 33 bytes in compressed form, or 65 in uncompressed form.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] where they are no point of the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_sec1_bytes(bytes).map_err(|_| KeyError::NotAKey)?;
        let point = key.to_sec1_point(true);
        point
            .as_bytes()
            .try_into()
            .map(Self)
            .map_err(|_| KeyError::NotAKey)
    }

    /// The 33 bytes.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// SHA-256 of the 33 bytes: the key's name in signed statements.
    pub fn fingerprint(&self) -> Hash {
        sha256(&self.0)
    }

    /// The eight bytes that every Automerge actor of this key's device begins with.
    pub fn actor_prefix(&self) -> [u8; 8] {
        let fingerprint = self.fingerprint();
        std::array::from_fn(|i| fingerprint[i])
    }

    /// Checks a signature over `message`.
    ///
    /// # Errors
    /// [`KeyError::Mismatch`] where it is not this key's, [`KeyError::NotAKey`] where this is none.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        let key = VerifyingKey::from_sec1_bytes(&self.0).map_err(|_| KeyError::NotAKey)?;
        let signature = P256Signature::from_slice(&signature.0).map_err(|_| KeyError::Mismatch)?;
        key.verify(message, &signature)
            .map_err(|_| KeyError::Mismatch)
    }
}

/// A signature: the two 32-byte numbers one after the other (RFC 7518, 3.4).
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 64]);

impl Signature {
    /// The signature as key stores give it: the 64 bytes, or the DER of X9.62 that Secure Enclave,
    /// Android and Java answer with.
    ///
    /// # Errors
    /// [`KeyError::Mismatch`] where the bytes are neither.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = P256Signature::from_slice(bytes).or_else(|_| P256Signature::from_der(bytes));
        let signature = parsed.map_err(|_| KeyError::Mismatch)?;
        Ok(Self(signature.to_bytes().into()))
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({}…)", hex(&self.0[..4]))
    }
}

/// A private key kept in memory, and beside the data on disk where nothing better is at hand.
#[derive(Clone)]
pub struct SoftwareKey(SigningKey);

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftwareKey({:?})", self.public_key())
    }
}

impl SoftwareKey {
    /// A new key.
    pub fn generate(env: &dyn Env) -> Self {
        // All but about one in 2^32 draws are a scalar of the curve.
        loop {
            if let Ok(key) = Self::from_bytes(&env.random_32()) {
                return key;
            }
        }
    }

    /// The key of a 32-byte secret scalar.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] where it is none.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::from_slice(secret)
            .map(Self)
            .map_err(|_| KeyError::NotAKey)
    }

    /// The 32-byte secret scalar.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(true);
        let mut bytes = [0; 33];
        bytes.copy_from_slice(point.as_bytes());
        PublicKey(bytes)
    }

    /// Signs `message`, deterministically (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signature: P256Signature = self.0.sign(message);
        Signature(signature.to_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEnv;

    #[test]
    fn a_signature_holds_for_its_key_and_message_only() {
        let key = SoftwareKey::generate(&SystemEnv);
        let other = SoftwareKey::generate(&SystemEnv);
        let signature = key.sign("隐患".as_bytes());
        assert_eq!(
            key.public_key().verify("隐患".as_bytes(), &signature),
            Ok(())
        );
        assert_eq!(
            key.public_key().verify(b"x", &signature),
            Err(KeyError::Mismatch)
        );
        let others = other.public_key().verify("隐患".as_bytes(), &signature);
        assert_eq!(others, Err(KeyError::Mismatch));
    }

    #[test]
    fn a_signature_is_read_as_any_key_store_gives_it() {
        let key = SoftwareKey::generate(&SystemEnv);
        let signature = key.sign(b"x");
        let der = P256Signature::from_slice(&signature.0).unwrap().to_der();
        assert_eq!(Signature::parse(&signature.0), Ok(signature));
        assert_eq!(Signature::parse(der.as_bytes()), Ok(signature));
        assert_eq!(Signature::parse(b"x"), Err(KeyError::Mismatch));
        assert_eq!(Signature::parse(&[0; 64]), Err(KeyError::Mismatch));
    }

    #[test]
    fn a_key_survives_its_bytes() {
        let key = SoftwareKey::generate(&SystemEnv);
        let again = SoftwareKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(key.public_key(), again.public_key());
        assert_eq!(
            PublicKey::from_sec1(key.public_key().as_bytes()),
            Ok(key.public_key())
        );
        assert_eq!(PublicKey::from_sec1(&[7; 33]), Err(KeyError::NotAKey));
    }
}
