//! Requests as a caller sends them, and answers as it reads them.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The type of an answer that is a text.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// An HTTP client of one service.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    url: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub(crate) fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Call {
        Call {
            client: self.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    client: Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    /// The user an API key acts for.
    pub(crate) fn subject(self, subject: &str) -> Self {
        self.header("holdfast-subject", subject)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it. Whatever the answer is, it carries the headers that keep it out of caches and other readings.
    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}", self.client.url, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).unwrap();
        let response = self.client.pool.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).expect("every answer is text"),
        };
        answer.check_headers();
        answer
    }
}

/// An answer. Two answers a caller could not tell apart are equal.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The names of the answer's fields, in their order.
    pub(crate) fn fields(&self) -> Vec<String> {
        let body = self.json();
        let fields = body.as_object().expect("an object");
        fields.keys().cloned().collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Everything a caller can see but the time of day.
    pub(crate) fn visible(&self) -> (u16, Vec<(String, String)>, &str) {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| name.as_str() != "date" && !name.as_str().contains("request"))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        headers.sort();
        (self.status.as_u16(), headers, &self.text)
    }

    /// The gateway's own answers, `{"message": ...}`, are AWS's.
    fn is_gateways(&self) -> bool {
        self.text.starts_with(r#"{"message":"#)
    }

    fn check_headers(&self) {
        if self.is_gateways() {
            return;
        }
        let expected = [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000"),
        ];
        for (name, value) in expected {
            assert_eq!(self.header(name), Some(value), "{name} of {self:?}");
        }
        // Only the tests of cside's one textual answer expect another type, and they ask for it by name.
        let expected = match self.status {
            // The gateway gives one that has none a type of its own.
            StatusCode::NO_CONTENT => self.header("content-type"),
            _ if self.header("content-type") == Some(TEXT) => Some(TEXT),
            _ => Some("application/json"),
        };
        assert_eq!(self.header("content-type"), expected, "{self:?}");
    }
}
