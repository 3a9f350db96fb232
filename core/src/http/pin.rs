//! Trust by key: a certificate counts when it carries the relay's own key, whatever its names and
//! dates say, since a phone's clock may be wrong by years. Any other has to be vouched for by the
//! Web's authorities.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use webpki::EndEntityCert;

use crate::keys::PublicKey;

/// TLS towards the relay of a key.
pub(super) fn client_config(relay_key: &PublicKey) -> Result<ClientConfig, String> {
    let provider = super::crypto::provider();
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let by_authority =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| error.to_string())?;
    let verifier = Arc::new(PinnedKey {
        relay_key: *relay_key,
        by_authority,
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct PinnedKey {
    relay_key: PublicKey,
    by_authority: Arc<WebPkiServerVerifier>,
}

/// An uncompressed point of P-256, as which a certificate carries it.
const POINT_BYTES: usize = 65;

impl PinnedKey {
    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> Result<bool, Error> {
        let bad = |_| Error::InvalidCertificate(CertificateError::BadEncoding);
        let info = EndEntityCert::try_from(certificate)
            .map_err(bad)?
            .subject_public_key_info();
        // The key's point ends the SubjectPublicKeyInfo (RFC 5480).
        let point = info.len().checked_sub(POINT_BYTES).map(|at| &info[at..]);
        Ok(point.and_then(|point| PublicKey::from_sec1(point).ok()) == Some(self.relay_key))
    }
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.is_pinned(end_entity)? {
            return Ok(ServerCertVerified::assertion());
        }
        self.by_authority.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    // That the other side has the certificate's key is always checked.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authority.supported_verify_schemes()
    }
}
