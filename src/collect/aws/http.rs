//! One HTTP connector for all clients of all accounts: each client of the SDK would open connections of its own.

use super::failure::Failure;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use std::time::Duration;

/// Bound of one TCP and TLS handshake.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections that are kept for each host.
const IDLE: usize = 8;

/// A client that honours HTTPS_PROXY, NO_PROXY and AWS_CA_BUNDLE, which the SDK does not read itself, and waits for an
/// answer as long as a request may take.
///
/// # Errors
/// When the bundle of certificate authorities cannot be used.
pub(super) fn client(request: Duration) -> Result<SharedHttpClient, Failure> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT)
        .read_timeout(request)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_max_idle_per_host(IDLE)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(trust()?)
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}

fn trust() -> Result<TlsContext, Failure> {
    let mut store = TrustStore::default();
    if let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        let pem = std::fs::read(&path).map_err(|error| {
            let path = path.to_string_lossy();
            Failure::new(
                "NotSent",
                format!("cannot read AWS_CA_BUNDLE {path}: {error}"),
            )
        })?;
        store = store.with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| Failure::new("NotSent", format!("cannot set up TLS: {error}")))
}
