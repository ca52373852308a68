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
        let sent = Sent {
            method: method.to_owned(),
            ..Sent::post(&format!("/api/v1/sessions{path}"), body.to_owned())
        };
        self.send_this(sent.header("authorization", &format!("Bearer {token}")))
            .await
    }

    /// Sends a request to any path.
    pub(crate) async fn send_this(&self, sent: Sent) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(sent.method.as_str())
            .uri(format!("{}{}", self.url, sent.path));
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        let response = self.http.request(request.body(Body::from(sent.body))?).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Opens a session for the token's subject.
    pub(crate) async fn open(&self, token: &str) -> Result<String> {
        let (_, body) = self
            .send("POST", "/create", token, &clients::create_body())
            .await?;
        opened(&body)
    }
}

/// The id in an answer of create.
pub(crate) fn opened(answer: &[u8]) -> Result<String> {
    let reply: Value = serde_json::from_slice(answer)?;
    let id = reply.get("session_id").and_then(Value::as_str);
    Ok(id.ok_or_else(|| format!("not opened: {reply}"))?.to_owned())
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Sent {
    /// A POST of JSON.
    pub(crate) fn post(path: &str, body: String) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        }
    }

    /// A GET.
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// The same with this header, in place of another of its name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(it, _)| it != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with this header where it has none of its name.
    pub(crate) fn or_header(self, name: &str, value: &str) -> Self {
        if self.headers.iter().any(|(it, _)| it == name) {
            return self;
        }
        self.header(name, value)
    }

    /// The same with another body.
    pub(crate) fn body(self, body: String) -> Self {
        Self { body, ..self }
    }
}
