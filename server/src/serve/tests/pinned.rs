//! A client that trusts one key and no date, as phones do.

use std::sync::Arc;

use p256::elliptic_curve::sec1::ToSec1Point as _;
use reqwest::Client;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use vanguard_core::keys::PublicKey;

#[derive(Debug)]
struct Pinned {
    point: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

pub(super) fn client(key: &PublicKey) -> Client {
    let provider = Arc::new(ring::default_provider());
    let whole = p256::PublicKey::from_sec1_bytes(key.as_bytes()).unwrap();
    let pinned = Pinned {
        point: whole.to_sec1_point(false).as_bytes().to_vec(),
        provider: Arc::clone(&provider),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(config)
        .no_zstd() // tests see what travels
        .no_proxy()
        .build()
        .unwrap()
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Enough for a test: the certificate is the one whose key is the pinned point, because
        // the handshake's signature is checked with that certificate's key below.
        let mut windows = end_entity.windows(self.point.len());
        if windows.any(|window| window == self.point) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General("another key".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let schemes = &self.provider.signature_verification_algorithms;
        schemes.supported_schemes()
    }
}
