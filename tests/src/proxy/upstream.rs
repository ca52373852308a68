//! The engine behind the proxy, over kept-alive connections.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Connections to engines; a clone shares them.
#[derive(Clone, Debug)]
pub(super) struct Upstream(Client<HttpConnector, Full<Bytes>>);

/// The engine did not answer.
#[derive(Debug)]
pub(super) struct Unreachable;

impl Upstream {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request on to the engine at `url`, whatever path it came to, and reads the whole answer.
    pub(super) async fn forward(
        &self,
        url: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, Unreachable> {
        let mut request = hyper::Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse().map_err(|_| Unreachable)?;
        *request.headers_mut() = headers.clone();
        request.headers_mut().remove(HOST);
        request.headers_mut().remove(CONTENT_LENGTH);
        let answer = self.0.request(request).await.map_err(|_| Unreachable)?;
        let (mut head, body) = answer.into_parts();
        head.headers.remove(CONTENT_LENGTH);
        let body = body.collect().await.map_err(|_| Unreachable)?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// Asks the engine something for ourselves. `target` is the API's version and operation.
    pub(super) async fn ask(&self, url: &str, target: &str, body: &Value) -> Result<Value, Unreachable> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (CONTENT_TYPE.as_str(), "application/x-amz-json-1.0"),
            ("x-amz-target", target),
            ("x-amz-date", "20260101T000000Z"),
            (
                AUTHORIZATION.as_str(),
                "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
            ),
        ] {
            let name = hyper::header::HeaderName::try_from(name).map_err(|_| Unreachable)?;
            headers.insert(
                name,
                hyper::header::HeaderValue::from_str(value).map_err(|_| Unreachable)?,
            );
        }
        let answer = self.forward(url, &headers, body.to_string().into()).await?;
        if !answer.status().is_success() {
            return Err(Unreachable);
        }
        serde_json::from_slice(answer.body()).map_err(|_| Unreachable)
    }
}
