//! Requests and replies as handlers see them, free of the gateway's event format.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::HeaderMap;
use serde::Serialize;

use crate::face::pages;
use crate::network;
use crate::policy::Origins;

/// A request that passed the gateway.
#[derive(Clone)]
pub struct Request {
    /// The method, as it was sent.
    pub method: String,
    /// The path, decoded once by the gateway.
    pub path: String,
    /// The query as it was sent, without `?`; empty when there is none.
    pub query: String,
    /// The address of the connection, canonical. Some gateways add its port, which is no part of it.
    pub source_ip: Option<String>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The headers.
    pub headers: HeaderMap,
    parameters: Vec<(String, String)>,
    /// Set once it is known whose pages may read the answer: to the page's origin, if it is one of theirs.
    reader: Arc<OnceLock<Option<String>>>,
}

/// An event that is no request.
#[derive(Debug, thiserror::Error)]
#[error("not an HTTP request: {0}")]
pub struct MalformedEvent(&'static str);

impl Request {
    /// Reads a payload 2.0 event.
    pub fn read(event: &str) -> Result<Self, MalformedEvent> {
        let event: ApiGatewayV2httpRequest =
            serde_json::from_str(event).map_err(|_| MalformedEvent("not a payload 2.0 event"))?;
        let http = event.request_context.http;
        let body = match (event.body, event.is_base64_encoded) {
            (None, _) => Vec::new(),
            (Some(text), false) => text.into_bytes(),
            (Some(text), true) => STANDARD
                .decode(text)
                .map_err(|_| MalformedEvent("body is not base64"))?,
        };
        Ok(Self {
            method: http.method.to_string(),
            path: http.path.or(event.raw_path).ok_or(MalformedEvent("no path"))?,
            query: event.raw_query_string.unwrap_or_default(),
            source_ip: http.source_ip.map(|sent| match network::parse(&sent) {
                Some(address) => address.to_string(),
                None => sent,
            }),
            body,
            parameters: event.path_parameters.into_iter().collect(),
            headers: event.headers,
            reader: Arc::default(),
        })
    }

    /// A header's value by its lower-case name, where it is printable ASCII. The gateway joins repeated headers with
    /// a comma.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Lets pages of these origins read the answer, if the request is one of theirs.
    pub(super) fn show_to(&self, origins: &Origins) {
        if !origins.is_empty() {
            let origin = self.header("origin").filter(|it| origins.admit(it));
            let _first_word_counts = self.reader.set(origin.map(str::to_owned));
        }
    }

    /// The headers by which the page that sent the request may read its answer, to be asked for once it is answered.
    pub(super) fn page_headers(&self) -> Vec<(&'static str, String)> {
        match self.reader.get() {
            Some(Some(origin)) => pages::headers(origin),
            Some(None) => vec![pages::vary()],
            None => Vec::new(),
        }
    }

    /// A path parameter's value, decoded once.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({})", self.method)
    }
}

/// A successful reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The media type of the body; empty where there is none.
    pub content_type: &'static str,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(value: &impl Serialize) -> Self {
        Self::json_text(serde_json::to_string(value).unwrap_or_default())
    }

    /// 200 with a text.
    pub const fn text(content_type: &'static str, body: String) -> Self {
        Self {
            status: 200,
            content_type,
            headers: Vec::new(),
            body,
        }
    }

    /// 204.
    pub const fn empty() -> Self {
        Self {
            status: 204,
            content_type: "",
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// The same with more headers.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The same with another status.
    #[must_use]
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// 200 with a text that is JSON already.
    pub const fn json_text(body: String) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            headers: Vec::new(),
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_connection_is_read_without_its_port() {
        for (sent, read) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:52431", "192.0.2.1"),
            ("[2001:DB8::1]:52431", "2001:db8::1"),
            ("2001:db8:0:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
            ("unknown", "unknown"),
            ("192.0.2.1, 198.51.100.7", "192.0.2.1, 198.51.100.7"),
        ] {
            let event = serde_json::json!({
                "version": "2.0", "routeKey": "GET /a", "rawPath": "/a", "rawQueryString": "", "headers": {},
                "requestContext": {
                    "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
                    "routeKey": "GET /a", "stage": "$default", "time": "25/Nov/2026:08:00:00 +0000", "timeEpoch": 1,
                    "http": {"method": "GET", "path": "/a", "protocol": "HTTP/1.1", "sourceIp": sent, "userAgent": "t"},
                },
                "isBase64Encoded": false,
            });
            let request = Request::read(&event.to_string()).unwrap();
            assert_eq!(request.source_ip.as_deref(), Some(read), "{sent}");
        }
    }
}
