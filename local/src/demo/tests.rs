//! The demo's backend before a Holdfast that answers what a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Uri};
use http_body_util::BodyExt;
use serde_json::json;

use super::*;

const SECRET: &str = "c2VjcmV0LW9mLXRoZS1kZW1v";
const OWN: [(&str, &str); 3] = [
    ("host", "127.0.0.1:8787"),
    ("content-type", "application/json"),
    ("user-agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0"),
];

/// Headers of a request.
type Headers<'a> = &'a [(&'static str, &'a str)];
/// What is asked of Holdfast: path, headers, body.
type Asked = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// A Holdfast that answers everything with `status` and `body`.
async fn holdfast(status: u16, body: Value) -> (Demo, Asked) {
    let asked = Asked::default();
    let reply = (StatusCode::from_u16(status).unwrap(), body);
    let service = Router::new()
        .fallback(
            async |State((asked, (status, body))): State<(Asked, (StatusCode, Value))>, request: Request| {
                let (parts, sent) = request.into_parts();
                let sent = sent.collect().await.unwrap().to_bytes();
                let sent = serde_json::from_slice(&sent).unwrap();
                let told = (parts.uri.path().to_owned(), parts.headers, sent);
                asked.lock().unwrap().push(told);
                json_body(status, &body)
            },
        )
        .with_state((Arc::clone(&asked), reply));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, service).await });
    (demo(&url), asked)
}

fn demo(url: &str) -> Demo {
    let template = include_str!("../../../template.yaml");
    let template = Template::read(template, &BTreeMap::new()).unwrap();
    let key = format!("local-demo:{SECRET}");
    Demo::new(url, &key, "site_demo", &template, Log::silent())
}

/// Status, headers and body of the demo's answer.
async fn ask(
    demo: &Demo,
    method: Method,
    path: &str,
    headers: Headers<'_>,
    body: &[u8],
) -> (u16, HeaderMap, String) {
    let mut named = HeaderMap::new();
    for (name, value) in headers {
        named.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    let peer = "192.0.2.9".parse().unwrap();
    let received = Received {
        method: &method,
        uri: &path.parse::<Uri>().unwrap(),
        headers: &named,
        body,
        peer,
    };
    let (parts, body) = demo.answer(&received, peer).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(!format!("{:?}{text}", parts.headers).contains(SECRET), "{path}");
    assert_eq!(parts.headers["x-content-type-options"], "nosniff", "{path}");
    assert_eq!(parts.headers["content-security-policy"], POLICY, "{path}");
    (parts.status.as_u16(), parts.headers, text)
}

async fn post(demo: &Demo, what: &str, body: &Value) -> (u16, Value) {
    let path = format!("{API}{what}");
    let (status, headers, text) = ask(demo, Method::POST, &path, &OWN, body.to_string().as_bytes()).await;
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers.get("access-control-allow-origin"), None);
    let answer: Value = serde_json::from_str(&text).unwrap();
    if status != 200 {
        let said: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(said, ["problem", "advice"]);
    }
    (status, answer)
}

fn validation(browser: &str) -> Value {
    json!({"session_id": "s", "token": "t", "browser": browser})
}

#[tokio::test]
async fn the_page_is_served_under_both_spellings_and_the_collector_to_everybody() {
    let demo = demo("http://127.0.0.1:9");
    for path in ["/demo", "/demo/"] {
        // However somebody came there.
        let headers = [("host", "localhost:8787"), ("sec-fetch-site", "cross-site")];
        let (status, headers, text) = ask(&demo, Method::GET, path, &headers, b"").await;
        assert!(status == 200 && text.starts_with("<!doctype html>"), "{path}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers.get("access-control-allow-origin"), None);
    }
    let foreign = [("host", "localhost:8787"), ("origin", "http://shop.example.com")];
    let (status, headers, _) = ask(&demo, Method::GET, "/client.js", &foreign, b"").await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["access-control-allow-origin"], "*");
    let (status, headers, _) = ask(&demo, Method::POST, "/demo", &OWN, b"").await;
    assert_eq!((status, &headers["allow"]), (405, &"GET".parse().unwrap()));
}

#[tokio::test]
async fn other_names_and_other_origins_get_nothing_of_the_demo() {
    let (demo, asked) = holdfast(200, json!({})).await;
    let elsewhere: [Headers<'_>; 4] = [
        &[("host", "evil.example")],
        &[
            ("host", "evil.example:8787"),
            ("origin", "http://evil.example:8787"),
        ],
        &[("host", "localhost:8787"), ("origin", "https://evil.example")],
        &[("host", "localhost:8787"), ("origin", "null")],
    ];
    for sent in elsewhere {
        for path in [
            "/demo",
            "/demo/",
            "/demo/demo.js",
            "/demo/api/config",
            "/demo/api/open",
        ] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let (status, headers, text) = ask(&demo, method, path, sent, b"{}").await;
                assert_eq!(status, 403, "{path} {sent:?}");
                assert!(!text.contains("site_demo") && text.len() < 200, "{text}");
                let cors = headers
                    .keys()
                    .find(|it| it.as_str().starts_with("access-control-"));
                assert_eq!(cors, None, "{path} {sent:?}");
            }
        }
    }
    let (status, _, _) = ask(&demo, Method::GET, "/client.js", elsewhere[0], b"").await;
    assert_eq!(
        status, 403,
        "a script for every origin, under the names of this machine"
    );
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_page_is_told_its_site_its_user_and_the_thresholds_of_the_template() {
    let demo = demo("http://127.0.0.1:9");
    let (status, _, text) = ask(&demo, Method::GET, "/demo/api/config", &OWN, b"").await;
    let told: Value = serde_json::from_str(&text).unwrap();
    let thresholds = json!({"suspicious": 45, "stolen": 80});
    let expected = json!({"siteKey": "site_demo", "subject": "demo", "thresholds": thresholds});
    assert_eq!((status, told), (200, expected));
}

#[tokio::test]
async fn what_is_not_the_pages_request_is_refused_before_holdfast_is_asked() {
    let (demo, asked) = holdfast(200, json!({})).await;
    let foreign = [("host", "localhost:8787"), ("origin", "http://shop.example.com")];
    let text = [("host", "localhost:8787"), ("content-type", "text/plain")];
    let large = vec![b' '; 16 * 1024 + 1];
    let table: [(Method, &str, Headers<'_>, &[u8], u16); 16] = [
        (Method::GET, "config", &foreign, b"", 403),
        (Method::POST, "open", &foreign, b"{}", 403),
        (Method::GET, "nothing", &OWN, b"", 404),
        (Method::POST, "", &OWN, b"{}", 404),
        (Method::POST, "config", &OWN, b"{}", 405),
        (Method::GET, "open", &OWN, b"", 405),
        (Method::OPTIONS, "open", &OWN, b"", 405),
        (Method::POST, "open", &text, br#"{"token":"t"}"#, 415),
        (Method::POST, "open", &OWN, &large, 413),
        (Method::POST, "open", &OWN, b"", 400),
        (Method::POST, "open", &OWN, br#"["t"]"#, 400),
        (Method::POST, "open", &OWN, br#"{"token":1}"#, 400),
        (Method::POST, "open", &OWN, br#"{"token":"t","token":"t"}"#, 400),
        (Method::POST, "open", &OWN, br#"{"token":"t","more":"m"}"#, 400),
        (Method::POST, "end", &OWN, br#"{"token":"t"}"#, 400),
        (
            Method::POST,
            "validate",
            &OWN,
            br#"{"session_id":"s","token":"t","browser":"third"}"#,
            400,
        ),
    ];
    for (method, what, headers, body, expected) in table {
        let path = format!("{API}{what}");
        let (status, told, text) = ask(&demo, method, &path, headers, body).await;
        assert_eq!(status, expected, "{path} {text}");
        assert_eq!(told.contains_key("allow"), status == 405, "{path}");
        let said: Value = serde_json::from_str(&text).unwrap();
        assert!(
            said["problem"].is_string() && said["advice"].is_string(),
            "{said}"
        );
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_session_is_asked_for_with_the_key_the_user_and_the_visitors_own_facts() {
    let (demo, asked) = holdfast(200, json!({"success": true})).await;
    let (status, answer) = post(&demo, "open", &json!({"token": "t"})).await;
    assert_eq!((status, answer), (200, json!({"success": true})));
    let (path, headers, body) = asked.lock().unwrap().pop().unwrap();
    assert_eq!(path, "/api/v1/sessions/create");
    assert_eq!(headers["authorization"], format!("Bearer local-demo:{SECRET}"));
    assert_eq!(headers["holdfast-subject"], "demo");
    let expected = json!({"ip_address": "192.0.2.9", "user_agent": OWN[2].1, "telemetry_token": "t"});
    assert_eq!(body, expected);

    post(&demo, "exchange", &json!({"token": "t"})).await;
    let (path, _, body) = asked.lock().unwrap().pop().unwrap();
    assert_eq!((path.as_str(), body), ("/token/v2/verify", json!({"token": "t"})));
    post(&demo, "end", &json!({"session_id": "s"})).await;
    let (path, _, body) = asked.lock().unwrap().pop().unwrap();
    assert_eq!(
        (path.as_str(), body),
        ("/api/v1/sessions/logout", json!({"session_id": "s"}))
    );
}

#[tokio::test]
async fn another_browser_is_elsewhere_on_another_system_with_the_same_token() {
    let (demo, asked) = holdfast(200, json!({"is_valid": true})).await;
    let linux = [
        OWN[0],
        OWN[1],
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0"),
    ];
    for (browser, headers, address, part) in [
        ("this", OWN, "192.0.2.9", "Chrome/142"),
        ("another", OWN, "203.0.113.42", "X11; Linux"),
        ("another", linux, "203.0.113.42", "Windows NT"),
    ] {
        let sent = validation(browser).to_string();
        let path = "/demo/api/validate";
        let (_, _, text) = ask(&demo, Method::POST, path, &headers, sent.as_bytes()).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        let (path, _, body) = asked.lock().unwrap().pop().unwrap();
        assert_eq!(path, "/api/v1/sessions/validate");
        assert_eq!(body["telemetry_token"], "t");
        assert_eq!(body["current_ip"], address);
        assert!(body["current_user_agent"].as_str().unwrap().contains(part));
        for told in ["current_ip", "current_user_agent"] {
            assert_eq!(answer["sent"][told], body[told]);
        }
        assert_eq!(answer["is_valid"], true);
    }
}

#[tokio::test]
async fn each_failure_of_holdfast_has_its_own_words() {
    let (token, other) = (
        json!({"detail": [{"loc": ["body", "telemetry_token"]}]}),
        json!({"detail": [{"loc": ["body", "user_agent"]}]}),
    );
    let exchange = ("exchange", json!({"token": "t"}));
    let open = ("open", json!({"token": "t"}));
    let table = [
        (&exchange, 404, Value::Null, 404),
        (&exchange, 400, Value::Null, 404),
        (&exchange, 401, Value::Null, 502),
        (&exchange, 200, json!([]), 502),
        (&exchange, 429, Value::Null, 429),
        (&open, 422, token, 404),
        (&open, 422, other, 400),
        (&open, 401, json!({"detail": "Not authenticated"}), 502),
        (&open, 500, json!({}), 502),
        (&open, 503, json!({}), 503),
        (&open, 429, json!({"message": "Too Many Requests"}), 429),
    ];
    for ((what, body), answers, with, expected) in table {
        let (demo, _) = holdfast(answers, with).await;
        let (status, _) = post(&demo, what, body).await;
        assert_eq!(status, expected, "{what}, {answers}");
    }
    // Nothing listens there.
    let (status, answer) = post(&demo("http://127.0.0.1:9"), "open", &json!({"token": "t"})).await;
    assert_eq!(
        (status, &answer["problem"]),
        (503, &json!("Holdfast does not answer."))
    );
}

#[tokio::test]
async fn that_nothing_could_be_opened_or_ended_is_an_answer() {
    let refused = json!({"success": false, "error": "session not found"});
    let (demo, _) = holdfast(200, refused.clone()).await;
    for (what, body) in [
        ("open", json!({"token": "t"})),
        ("end", json!({"session_id": "s"})),
    ] {
        assert_eq!(post(&demo, what, &body).await, (200, refused.clone()));
    }
}
