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
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    /// Made when first needed: most fetches are answered from memory, and parsing the roots takes a while.
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
            Target::Public(_) => (&self.public, mozilla_roots()),
            Target::Loopback(_) => (&self.loopback, TrustStore::empty()),
        };
        cell.get_or_try_init(|| async {
            let resolver = PublicOnly(self.resolver.clone());
            // Parsing a hundred certificates would hold up whatever else this thread does.
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

/// The roots browsers trust, compiled in: the system's are read from files, which takes longer than anything else a
/// function does, and a machine may have none. `docs/operations.md` says how to update them.
fn mozilla_roots() -> TrustStore {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.fold(TrustStore::empty(), |store, root| {
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(root)
        );
        store.with_pem_certificate(pem)
    })
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

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;
    use crate::auth::testing::Server;

    /// Answers each question with the next of its lists of addresses, the last one for ever.
    #[derive(Debug, Clone)]
    struct Scripted(Arc<(AtomicUsize, Vec<Vec<IpAddr>>)>);

    impl Scripted {
        fn new(answers: &[&[&str]]) -> Self {
            let parsed = answers
                .iter()
                .map(|answer| answer.iter().map(|it| it.parse().unwrap()).collect())
                .collect();
            Self(Arc::new((AtomicUsize::new(0), parsed)))
        }
    }

    impl ResolveDns for Scripted {
        fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
            let (asked, answers) = &*self.0;
            let turn = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            DnsFuture::ready(Ok(answers[turn].clone()))
        }
    }

    fn guarded(answers: &[&[&str]]) -> PublicOnly {
        PublicOnly(SharedDnsResolver::new(Scripted::new(answers)))
    }

    fn causes(error: &dyn Error) -> String {
        let next = error.source().map(causes).unwrap_or_default();
        format!("{error}: {next}")
    }

    #[tokio::test]
    async fn a_host_that_moves_to_a_private_address_after_the_check_is_refused() {
        let guarded = guarded(&[&["1.1.1.1"], &["127.0.0.1"]]);
        let first = guarded.resolve_dns("issuer.example.com").await.unwrap();
        assert_eq!(first, ["1.1.1.1".parse::<IpAddr>().unwrap()]);
        assert!(guarded.resolve_dns("issuer.example.com").await.is_err());
    }

    #[tokio::test]
    async fn one_private_address_spoils_the_answer() {
        for answer in [
            &[] as &[&str],
            &["127.0.0.1"],
            &["1.1.1.1", "127.0.0.1"],
            &["10.0.0.1", "1.1.1.1"],
            &["::ffff:169.254.169.254"],
            &["64:ff9b::a9fe:a9fe"],
            &["2002:7f00:1::"],
            &["2600:1f00::1", "fd00:ec2::254"],
        ] {
            assert!(
                guarded(&[answer])
                    .resolve_dns("issuer.example.com")
                    .await
                    .is_err(),
                "{answer:?}"
            );
        }
        let mapped = guarded(&[&["::ffff:1.1.1.1"]])
            .resolve_dns("issuer.example.com")
            .await;
        assert_eq!(mapped.unwrap(), ["1.1.1.1".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test]
    async fn a_fetch_never_connects_to_a_private_address_that_a_public_name_stands_for() {
        // Nobody may listen on 443 here, so what is asserted is that the refusal came before any connection.
        for loopback in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
        ] {
            for allow_loopback in [false, true] {
                let resolver = SharedDnsResolver::new(Scripted::new(&[&[loopback]]));
                let fetcher = Fetcher::resolving(allow_loopback, resolver);
                // The roots of a development machine are not needed for a connection that is not made.
                let connector = connector(TrustStore::empty(), PublicOnly(fetcher.resolver.clone())).unwrap();
                fetcher.public.set(connector).unwrap();
                let error = fetcher
                    .fetch("https://issuer.example.com/jwks.json")
                    .await
                    .unwrap_err();
                assert!(causes(&error).contains("not public"), "{}", causes(&error));
            }
        }
    }

    #[test]
    fn every_root_that_is_compiled_in_can_be_read() {
        // A root that cannot be read ends the process.
        assert!(connector(mozilla_roots(), guarded(&[&["1.1.1.1"]])).is_ok());
        assert!(100 <= webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    }

    #[tokio::test]
    async fn the_answer_is_what_the_server_said() {
        let server = Server::start().await;
        server.answer_with("200 OK", "", &vec![b'x'; MAX_BYTES]);
        assert_eq!(
            Fetcher::new(true).fetch(&server.url).await.unwrap().len(),
            MAX_BYTES
        );
    }

    #[tokio::test]
    async fn loopback_is_for_development_alone() {
        let server = Server::start().await;
        server.answer_with("200 OK", "", b"{}");
        let answer = Fetcher::new(false).fetch(&server.url).await;
        assert!(matches!(answer, Err(FetchError::Url)));
        assert_eq!(server.asked(), 0);
    }

    #[tokio::test]
    async fn a_larger_answer_is_refused_whatever_length_it_claims() {
        let server = Server::start().await;
        server.answer_with("200 OK", "", &vec![b'x'; MAX_BYTES + 1]);
        assert!(matches!(
            Fetcher::new(true).fetch(&server.url).await,
            Err(FetchError::Size)
        ));

        let mut unbounded = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        unbounded.extend(std::iter::repeat_n(b'x', 1 << 20));
        server.answer_raw(Duration::ZERO, unbounded);
        assert!(matches!(
            Fetcher::new(true).fetch(&server.url).await,
            Err(FetchError::Size)
        ));
    }

    #[tokio::test]
    async fn a_slow_answer_is_given_up_after_two_seconds() {
        let server = Server::start().await;
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".to_vec();
        server.answer_raw(Duration::from_mins(1), bytes);
        let answer =
            tokio::time::timeout(Duration::from_secs(10), Fetcher::new(true).fetch(&server.url)).await;
        assert!(matches!(answer.unwrap(), Err(FetchError::Timeout)));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (server, elsewhere) = (Server::start().await, Server::start().await);
        elsewhere.answer_with("200 OK", "", b"{}");
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "303 See Other",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            server.answer_with(status, &format!("location: {}\r\n", elsewhere.url), b"");
            let answer = Fetcher::new(true).fetch(&server.url).await;
            assert!(matches!(answer, Err(FetchError::Status(_))), "{status}");
        }
        assert_eq!(elsewhere.asked(), 0);
    }

    #[tokio::test]
    async fn other_answers_are_failures() {
        let server = Server::start().await;
        for status in [
            "201 Created",
            "204 No Content",
            "404 Not Found",
            "429 Too Many Requests",
            "500 Internal Server Error",
        ] {
            server.answer_with(status, "", b"");
            assert!(
                matches!(
                    Fetcher::new(true).fetch(&server.url).await,
                    Err(FetchError::Status(_))
                ),
                "{status}"
            );
        }
        for bytes in [
            b"".as_slice(),
            b"garbage",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        ] {
            server.answer_raw(Duration::ZERO, bytes.to_vec());
            assert!(matches!(
                Fetcher::new(true).fetch(&server.url).await,
                Err(FetchError::Connection(_))
            ));
        }
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let answer = Fetcher::new(true).fetch(&format!("http://{closed}/")).await;
        assert!(matches!(answer, Err(FetchError::Connection(_))));
    }
}
