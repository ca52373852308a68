//! Fetches key sets, from public hosts alone.

use std::fmt;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError, SharedDnsResolver};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::sync::OnceCell;

use super::is_global;
use super::url::{Target, target};

/// Longest answer, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Longest time for all of it: resolving, connecting, TLS, and the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Fetches key sets over https from hosts whose every address is public.
///
/// Each connection goes to an address that was judged after it was resolved, so a name that is re-pointed between
/// check and use gains nothing. Redirects are not followed and proxies of the environment are not used.
pub struct Fetcher {
    allow_loopback: bool,
    resolver: SharedDnsResolver,
    /// Made when first needed: loading the system's certificates is the slowest thing a function can do.
    public: OnceCell<Connector>,
    loopback: OnceCell<Connector>,
}

/// Why there is no key set. Names no part of the answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the key set's url is not allowed")]
    Url,
    #[error("the client could not be made")]
    Client,
    #[error("the key set's host could not be asked")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the key set's host answered with status {0}")]
    Status(u16),
    #[error("the key set is larger than 64 KiB")]
    Size,
    #[error("the key set took longer than 2 s")]
    Timeout,
    #[error("the answer is no key set")]
    Content,
    #[error("the last attempt failed a moment ago")]
    Recently,
}

impl Fetcher {
    /// A fetcher that resolves names as the system does.
    ///
    /// `allow_loopback` also allows plain http to a loopback address. It is for development and tests alone.
    pub fn new(allow_loopback: bool) -> Self {
        Self::resolving(allow_loopback, SharedDnsResolver::new(SystemResolver))
    }

    fn resolving(allow_loopback: bool, resolver: SharedDnsResolver) -> Self {
        Self {
            allow_loopback,
            resolver,
            public: OnceCell::new(),
            loopback: OnceCell::new(),
        }
    }

    /// The bytes of the key set at `url`.
    pub(super) async fn fetch(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let allowed = target(url, self.allow_loopback).ok_or(FetchError::Url)?;
        tokio::time::timeout(TIMEOUT, self.read(url, &allowed))
            .await
            .unwrap_or(Err(FetchError::Timeout))
    }

    async fn read(&self, url: &str, allowed: &Target) -> Result<Vec<u8>, FetchError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|_| FetchError::Url)?;
        request.headers_mut().insert("accept", "application/json");
        request.headers_mut().insert("user-agent", "holdfast");
        let response = self
            .connector(allowed)
            .await?
            .call(request)
            .await
            .map_err(|error| FetchError::Connection(Box::new(error)))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(FetchError::Status(status));
        }
        let mut body = ByteStream::new(response.into_body());
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| FetchError::Connection(Box::new(error)))?);
            if MAX_BYTES < bytes.len() {
                return Err(FetchError::Size);
            }
        }
        Ok(bytes)
    }

    async fn connector(&self, allowed: &Target) -> Result<&Connector, FetchError> {
        let (cell, roots) = match allowed {
            Target::Public(_) => (&self.public, TrustStore::default()),
            Target::Loopback(_) => (&self.loopback, TrustStore::empty()),
        };
        cell.get_or_try_init(|| async {
            let resolver = PublicOnly(self.resolver.clone());
            // Reading the certificates blocks, and where a machine has none a development build panics inside.
            tokio::task::spawn_blocking(move || connector(roots, resolver))
                .await
                .map_err(|_| FetchError::Client)?
        })
        .await
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("allow_loopback", &self.allow_loopback)
            .finish_non_exhaustive()
    }
}

fn connector(roots: TrustStore, resolver: PublicOnly) -> Result<Connector, FetchError> {
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|_| FetchError::Client)?;
    Ok(Connector::builder()
        .proxy_config(ProxyConfig::disabled())
        // No connection outlives its fetch: the next one, minutes later, is resolved and judged anew.
        .pool_max_idle_per_host(0)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_with_resolver(resolver))
}

/// Answers with addresses of the public internet, or not at all.
#[derive(Debug, Clone)]
struct PublicOnly(SharedDnsResolver);

#[derive(Debug, thiserror::Error)]
#[error("the host has an address that is not public")]
struct NotPublic;

impl ResolveDns for PublicOnly {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses = self.0.resolve_dns(name).await?;
            // One private address among public ones is how a rebinding starts, so the whole answer is refused.
            if addresses.is_empty() || !addresses.iter().copied().all(is_global) {
                return Err(ResolveDnsError::new(NotPublic));
            }
            Ok(addresses.iter().map(std::net::IpAddr::to_canonical).collect())
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct SystemResolver;

impl ResolveDns for SystemResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0))
                .await
                .map_err(ResolveDnsError::new)?;
            Ok(found.map(|it| it.ip()).collect())
        })
    }
}
