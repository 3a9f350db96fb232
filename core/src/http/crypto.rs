//! What TLS is done with on phones: the ciphers of ring and of this crate's own signatures, and of
//! ring's no more than a client needs. Its own tables for P-256 and its private keys would be a
//! thirtieth of all that an app carries, beside the P-256 that signs batches anyway.

use std::sync::Arc;

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rustls::crypto::ring::{cipher_suite as suite, kx_group};
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
};
use rustls::sign::SigningKey;
use rustls::{Error, SignatureScheme};
use webpki::ring as ring_webpki;

/// What TLS is done with, the same for every client.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        // Every relay and every proxy of the last ten years has one of these.
        cipher_suites: vec![
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![kx_group::X25519, kx_group::SECP384R1],
        signature_verification_algorithms: ALGORITHMS,
        secure_random: &System,
        key_provider: &System,
    })
}

/// What relays' and authorities' certificates are signed with.
static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &P256,
        ring_webpki::ECDSA_P384_SHA256,
        ring_webpki::ECDSA_P384_SHA384,
        ring_webpki::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        ring_webpki::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        ring_webpki::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ring_webpki::RSA_PKCS1_2048_8192_SHA256,
        ring_webpki::RSA_PKCS1_2048_8192_SHA384,
        ring_webpki::RSA_PKCS1_2048_8192_SHA512,
    ],
    mapping: &[
        // TLS 1.2 does not say the curve with the scheme, TLS 1.3 does.
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[ring_webpki::ECDSA_P384_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[&P256, ring_webpki::ECDSA_P384_SHA256],
        ),
        (
            SignatureScheme::RSA_PSS_SHA512,
            &[ring_webpki::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA384,
            &[ring_webpki::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA256,
            &[ring_webpki::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            &[ring_webpki::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            &[ring_webpki::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            &[ring_webpki::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

/// ECDSA on P-256 with SHA-256, by the library that signs batches.
#[derive(Debug)]
struct P256;

impl SignatureVerificationAlgorithm for P256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// The system's randomness; and nobody's private key, since no client here has a certificate.
#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for System {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("a client has no certificate".into()))
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer as _;

    use super::*;

    #[test]
    fn a_certificate_is_checked_by_its_own_key_and_nobody_elses() {
        let key = |byte: u8| p256::ecdsa::SigningKey::from_slice(&[byte; 32]).unwrap();
        let signature: Signature = key(1).sign(b"hello");
        let signature = signature.to_der();
        let check = |byte: u8, message: &[u8], signature: &[u8]| {
            let point = key(byte).verifying_key().to_sec1_point(false);
            P256.verify_signature(point.as_bytes(), message, signature)
        };
        assert!(check(1, b"hello", signature.as_bytes()).is_ok());
        assert!(check(2, b"hello", signature.as_bytes()).is_err());
        assert!(check(1, b"hullo", signature.as_bytes()).is_err());
        assert!(check(1, b"hello", &signature.as_bytes()[1..]).is_err());
        let by_ring = webpki::ring::ECDSA_P256_SHA256;
        let point = key(1).verifying_key().to_sec1_point(false);
        let agreed = by_ring.verify_signature(point.as_bytes(), b"hello", signature.as_bytes());
        assert!(agreed.is_ok());
        assert_eq!(by_ring.public_key_alg_id(), P256.public_key_alg_id());
        assert_eq!(by_ring.signature_alg_id(), P256.signature_alg_id());
    }
}
