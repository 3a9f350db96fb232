//! The relay's certificate: a given one, or its own, signed by the long-lived key itself, so that
//! the key a client pins is the key in the certificate. Its dates say nothing on purpose: phones'
//! clocks are wrong, and the key is what is checked.

use std::path::Path;
use std::sync::Arc;

use p256::pkcs8::EncodePrivateKey as _;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use vanguard_core::keys::SoftwareKey;

use super::{ServeError, Tls};

/// What takes TLS handshakes; `None` for plain HTTP.
pub(super) fn acceptor(
    tls: &Tls,
    key: &SoftwareKey,
    public_url: &str,
) -> Result<Option<TlsAcceptor>, ServeError> {
    let (chain, key) = match tls {
        Tls::Plain => return Ok(None),
        Tls::OwnKey => own(key, public_url)?,
        Tls::Files { cert, key } => {
            let failed_in = |file: &Path| {
                let file = file.display().to_string();
                move |error: pem::Error| failed(format!("{file}: {error}"))
            };
            let chain = CertificateDer::pem_file_iter(cert).map_err(failed_in(cert))?;
            let chain = chain.collect::<Result<Vec<_>, _>>();
            let chain = chain.map_err(failed_in(cert))?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(failed_in(key))?;
            (chain, key)
        }
    };
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(key: &SoftwareKey, public_url: &str) -> Result<Identity, ServeError> {
    let secret = p256::SecretKey::from_slice(&key.to_bytes()).map_err(failed)?;
    let pkcs8 = secret.to_pkcs8_der().map_err(failed)?;
    let der = PrivatePkcs8KeyDer::from(pkcs8.as_bytes().to_vec());
    let pair = KeyPair::try_from(&der).map_err(failed)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    names.extend(host_of(public_url).filter(|host| !names.contains(host)));
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31); // RFC 5280, 4.1.2.5: no expiry that means anything
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Vanguard relay");
    let certificate = params.self_signed(&pair).map_err(failed)?;
    Ok((
        vec![certificate.der().clone()],
        PrivateKeyDer::Pkcs8(der.clone_key()),
    ))
}

fn failed(error: impl std::fmt::Display) -> ServeError {
    ServeError::Tls(error.to_string())
}

/// The host of `https://host:port`, without the brackets of an IPv6 address.
fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    Some(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address() {
        assert_eq!(host_of("https://relay:8443").as_deref(), Some("relay"));
        assert_eq!(host_of("https://[::1]:8443/x").as_deref(), Some("::1"));
        assert_eq!(host_of("not an address"), None);
    }
}
