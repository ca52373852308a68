//! The AWS clients: small, warm and bounded in time.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::skew::Skew;

/// The roots AWS endpoints chain to (<https://www.amazontrust.com/repository/>). Compiled in because reading the
/// system's roots is more than half of a cold start; `docs/operations.md` says how to update them.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// A client of the function's own Region, whose answers tell `skew` what time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, at the start, as all configuration"
)]
pub(super) async fn dynamodb(skew: &Skew) -> Client {
    let config = config().await;
    let mut builder = aws_sdk_dynamodb::config::Builder::from(&config).interceptor(skew.clone());
    // `sam local` sets what a template has as `AWS::NoValue` to nothing, which the SDK takes for an address.
    if std::env::var("AWS_ENDPOINT_URL_DYNAMODB").is_ok_and(|it| it.is_empty()) {
        builder.set_endpoint_url(config.endpoint_url().map(str::to_owned));
    }
    Client::from_conf(builder.build())
}

/// A client of the function's own Region.
pub(super) async fn secrets() -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&config().await)
}

/// A client of the function's own Region.
pub(super) async fn queues() -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&config().await)
}

async fn config() -> SdkConfig {
    let roots = TrustStore::empty()
        .with_native_roots(false)
        .with_pem_certificate(AMAZON_ROOTS);
    let http = match TlsContext::builder().with_trust_store(roots).build() {
        Ok(tls) => aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls)
            .build_https(),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "compiled roots refused, using the system's"
            );
            aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build_https()
        }
    };
    // Three sendings of at most 2 s end well before a function's 10 s, whatever hangs.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(7))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(50)),
        )
        .timeout_config(timeouts)
        .load()
        .await
}
