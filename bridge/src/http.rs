//! The HTTP client that everything goes through: TLS, proxies, and how soon a dead connection is noticed.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;

use crate::address::Address;

const CONNECT: Duration = Duration::from_secs(10);
/// A stream may be silent for hours; that its other end is gone is found out by the system's own probes.
const PROBE_AFTER: Duration = Duration::from_secs(15);
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBES: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// A client for one server.
///
/// # Errors
/// The system's certificates cannot be read.
pub fn client(address: &Address) -> Result<reqwest::Client, NoClient> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("agentrq/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .tcp_keepalive(PROBE_AFTER)
        .tcp_keepalive_interval(PROBE_EVERY)
        .tcp_keepalive_retries(PROBES)
        // What was sent to one address is meant for no other, the token least of all.
        .redirect(Policy::none());
    #[cfg(target_os = "linux")]
    {
        builder = builder.tcp_user_timeout(PROBE_AFTER + PROBE_EVERY * PROBES);
    }
    if address.is_this_machine() {
        builder = builder.no_proxy();
    }
    if address.is_encrypted() {
        // Only if nobody has chosen one: a library does not decide that for its process.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
    } else {
        // Machines without any certificates exist, and reading them takes time: not where none is asked for.
        builder = builder.tls_backend_preconfigured(unencrypted()?);
    }
    Ok(builder.build()?)
}

/// What reqwest wants to have of TLS where there is none: it trusts nobody.
fn unencrypted() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
