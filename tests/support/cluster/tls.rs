//! The double's certificates: an authority of its own, and a server certificate for 127.0.0.1.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// A fresh authority and the server certificate it signed.
pub(super) struct Certificates {
    /// For the kubeconfig's `certificate-authority-data`.
    pub(super) authority_pem: String,
    server: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificates {
    /// Makes both, for `127.0.0.1` and `localhost`.
    pub(super) fn generate() -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "cluster-double authority");
        let authority_key = KeyPair::generate().expect("a key for the authority");
        let authority = CertifiedIssuer::self_signed(authority, authority_key)
            .expect("a self-signed authority");
        let mut server =
            CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])
                .expect("the server's names");
        server
            .distinguished_name
            .push(DnType::CommonName, "cluster-double");
        let key = KeyPair::generate().expect("a key for the server");
        let certificate = server
            .signed_by(&key, &authority)
            .expect("a certificate signed by the authority");
        Self {
            authority_pem: authority.as_ref().pem(),
            server: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        }
    }

    /// The acceptor offers HTTP/1.1 only, since exec upgrades need it.
    pub(super) fn acceptor(self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the default TLS versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.server], PrivateKeyDer::Pkcs8(self.key))
            .expect("the server's certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}
