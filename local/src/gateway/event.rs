//! Requests as functions see them: HTTP API payload format 2.0.
//!
//! Facts about the real gateway that are kept: the path is decoded once, before routing, and cut at a decoded `?`;
//! the query string stays as it was sent; header names are lower case and repeated ones are joined by commas; cookies
//! leave the headers; a body that is not text is base64.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use shared::model::Instant;

use crate::template::ACCOUNT;

/// A request that reached the gateway.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) peer: IpAddr,
}

/// What the gateway itself adds.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) at: Instant,
    pub(crate) trace_id: &'a str,
}

/// The path as it is routed; `None` when it is not UTF-8 once decoded.
pub(crate) fn decoded_path(uri: &Uri) -> Option<String> {
    let path = percent_decode_str(uri.path()).decode_utf8().ok()?;
    let end = path.find('?').unwrap_or(path.len());
    path.get(..end).map(str::to_owned)
}

/// The address requests are said to come from: the peer's, or that in the header `named` for trying addresses out.
pub(crate) fn source_ip(received: &Received<'_>, named: Option<&HeaderName>) -> IpAddr {
    named
        .and_then(|name| received.headers.get(name))
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .unwrap_or(received.peer)
}

/// The event; `route_key` and `parameters` are those of the route that matched `path`.
pub(crate) fn event(
    received: &Received<'_>,
    arrival: &Arrival<'_>,
    (route_key, path): (&str, &str),
    parameters: &[(String, String)],
    (source_ip, hidden): (IpAddr, Option<&HeaderName>),
) -> Value {
    let headers = headers(received, hidden, source_ip, arrival);
    let host = headers.get("host").and_then(Value::as_str).unwrap_or_default();
    let domain = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": received.uri.query().unwrap_or_default(),
    });
    let context = json!({
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": domain,
        "domainPrefix": domain.split('.').next(),
        "http": {
            "method": received.method.as_str(),
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip.to_canonical().to_string(),
            "userAgent": text(received.headers, &header::USER_AGENT),
        },
        "requestId": arrival.request_id,
        "routeKey": route_key,
        "stage": "$default",
        "time": DateTime::from_timestamp_millis(arrival.at.millis())
            .unwrap_or_default()
            .format("%d/%b/%Y:%H:%M:%S +0000")
            .to_string(),
        "timeEpoch": arrival.at.millis(),
    });
    let cookies: Vec<Value> = received
        .headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| {
            latin1(value.as_bytes())
                .split("; ")
                .map(Value::from)
                .collect::<Vec<_>>()
        })
        .collect();
    if let Value::Object(event) = &mut event {
        if !cookies.is_empty() {
            event.insert("cookies".to_owned(), Value::Array(cookies));
        }
        event.insert("headers".to_owned(), Value::Object(headers));
        let query = query(received.uri.query().unwrap_or_default());
        if !query.is_empty() {
            event.insert("queryStringParameters".to_owned(), Value::Object(query));
        }
        if !parameters.is_empty() {
            let parameters = parameters
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()));
            event.insert("pathParameters".to_owned(), Value::Object(parameters.collect()));
        }
        event.insert("requestContext".to_owned(), context);
        let (body, base64) = body(received);
        if let Some(body) = body {
            event.insert("body".to_owned(), body.into());
        }
        event.insert("isBase64Encoded".to_owned(), base64.into());
    }
    event
}

fn headers(
    received: &Received<'_>,
    hidden: Option<&HeaderName>,
    source_ip: IpAddr,
    arrival: &Arrival<'_>,
) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in received.headers.keys() {
        if *name != header::COOKIE && Some(name) != hidden {
            joined.insert(name.as_str().to_owned(), text(received.headers, name).into());
        }
    }
    let forwarded = match joined.get("x-forwarded-for").and_then(Value::as_str) {
        Some(before) => format!("{before}, {source_ip}"),
        None => source_ip.to_string(),
    };
    joined.insert("x-forwarded-for".to_owned(), forwarded.into());
    joined.insert("x-forwarded-proto".to_owned(), "https".into());
    joined.insert("x-forwarded-port".to_owned(), "443".into());
    joined.insert("x-amzn-trace-id".to_owned(), arrival.trace_id.into());
    if !received.body.is_empty() || received.headers.contains_key(header::CONTENT_LENGTH) {
        joined.insert(
            "content-length".to_owned(),
            received.body.len().to_string().into(),
        );
    }
    joined.remove("transfer-encoding");
    joined
}

/// The values of one header, joined as the gateway joins them.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|it| latin1(it.as_bytes()));
    values.collect::<Vec<_>>().join(",")
}

/// UTF-8 where it is that, otherwise each byte is one character: a header always becomes text.
fn latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn query(raw: &str) -> Map<String, Value> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let mut parameters: Map<String, Value> = Map::new();
    for pair in raw.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let joined = match parameters.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        parameters.insert(name, joined.into());
    }
    parameters
}

fn body(received: &Received<'_>) -> (Option<String>, bool) {
    if received.body.is_empty() {
        return (None, false);
    }
    let kind = text(received.headers, &header::CONTENT_TYPE).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let textual = kind.is_empty()
        || kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json" | "application/javascript" | "application/xml"
        );
    match std::str::from_utf8(received.body) {
        Ok(text) if textual => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(received.body)), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        let uri: Uri = uri.parse().unwrap();
        let received = Received {
            method: &Method::POST,
            uri: &uri,
            headers: &map,
            body,
            peer: "127.0.0.1".parse().unwrap(),
        };
        let arrival = Arrival {
            request_id: "JKJaXmPLvHcESHA=",
            at: Instant::from_millis(1_583_348_638_390),
            trace_id: "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        };
        let named = HeaderName::from_static("x-client-ip");
        let ip = source_ip(&received, Some(&named));
        let path = decoded_path(&uri).unwrap();
        event(
            &received,
            &arrival,
            ("POST /my/{id}", &path),
            &[("id".into(), "b#1".into())],
            (ip, Some(&named)),
        )
    }

    #[test]
    fn an_event_has_the_shape_of_payload_format_2() {
        let event = built(
            "/my/b%231?parameter1=value1&parameter1=value2&parameter2=a%20b",
            &[
                ("Host", "sessions.example.com:8787"),
                ("User-Agent", "agent"),
                ("Header1", "value1"),
                ("header1", "value2"),
                ("Cookie", "cookie1=a; cookie2=b"),
                ("Content-Type", "application/json"),
            ],
            b"{}",
        );
        let expected = json!({
            "version": "2.0",
            "routeKey": "POST /my/{id}",
            "rawPath": "/my/b#1",
            "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=a%20b",
            "cookies": ["cookie1=a", "cookie2=b"],
            "headers": {
                "host": "sessions.example.com:8787",
                "user-agent": "agent",
                "header1": "value1,value2",
                "content-type": "application/json",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-proto": "https",
                "x-forwarded-port": "443",
                "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
                "content-length": "2",
            },
            "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "a b"},
            "pathParameters": {"id": "b#1"},
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": "sessions.example.com",
                "domainPrefix": "sessions",
                "http": {
                    "method": "POST",
                    "path": "/my/b#1",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "agent",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "POST /my/{id}",
                "stage": "$default",
                "time": "04/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_583_348_638_390_i64,
            },
            "body": "{}",
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn bodies_that_are_not_text_are_base64() {
        let table: [(&str, &[u8], Value, bool); 6] = [
            ("application/json; charset=utf-8", b"{}", json!("{}"), false),
            ("application/problem+json", b"{}", json!("{}"), false),
            ("application/json", b"\xff", json!("/w=="), true),
            ("application/octet-stream", b"abc", json!("YWJj"), true),
            ("application/x-www-form-urlencoded", b"a=b", json!("YT1i"), true),
            ("text/plain", b"", Value::Null, false),
        ];
        for (kind, body, expected, base64) in table {
            let event = built("/", &[("content-type", kind)], body);
            assert_eq!(event["body"], expected, "{kind}");
            assert_eq!(event["isBase64Encoded"], base64, "{kind}");
        }
    }

    #[test]
    fn the_named_header_gives_the_address_and_is_not_passed_on() {
        let event = built("/", &[("X-Client-Ip", "203.0.113.7")], b"");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "203.0.113.7");
        assert_eq!(event["headers"]["x-client-ip"], Value::Null);
        let event = built("/", &[("X-Client-Ip", "not an address")], b"");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    }

    #[test]
    fn paths_are_decoded_once() {
        let table = [
            ("/a%20b", Some("/a b")),
            ("/a%2Fb", Some("/a/b")),
            ("/a%2523", Some("/a%23")),
            ("/a%3Fb", Some("/a")),
            ("/%zz", Some("/%zz")),
            ("/%ff", None),
        ];
        for (raw, expected) in table {
            assert_eq!(decoded_path(&raw.parse().unwrap()).as_deref(), expected, "{raw}");
        }
    }
}
