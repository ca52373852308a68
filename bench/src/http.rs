//! An HTTP client of the API.

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::{Result, clients};

/// A client with connections of its own.
pub(crate) struct Client {
    url: String,
    http: legacy::Client<HttpConnector, Body>,
}

impl Client {
    /// A client of the API at `url`.
    pub(crate) fn new(url: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            url: url.to_owned(),
            http: legacy::Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// Sends a request; `path` is that below `/api/v1/sessions`.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> Result<(StatusCode, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1/sessions{path}", self.url))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))?;
        let response = self.http.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Opens a session for the token's subject.
    pub(crate) async fn open(&self, token: &str) -> Result<String> {
        let (_, body) = self
            .send("POST", "/create", token, &clients::create_body())
            .await?;
        let reply: Value = serde_json::from_slice(&body)?;
        let id = reply.get("session_id").and_then(Value::as_str);
        Ok(id.ok_or_else(|| format!("not opened: {reply}"))?.to_owned())
    }
}
