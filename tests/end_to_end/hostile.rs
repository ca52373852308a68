//! Hostile input, through the gateway and past it: refused or harmless, never a fault, never the end of a process.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{
    ACTIVE, CLEANUP, CREATE, FINGERPRINT, IP, LOGOUT, USER_AGENT, VALIDATE, World, opening, sighting,
};

/// The functions behind routes, with method, path and a body they take.
fn endpoints() -> [(&'static str, &'static str, &'static str, Value); 20] {
    let facts = json!({"user_agent": USER_AGENT, "ip_address": IP});
    [
        ("generate-fingerprint", "POST", FINGERPRINT, facts),
        ("create-session", "POST", CREATE, opening()),
        ("validate-session", "POST", VALIDATE, sighting("no session")),
        ("list-active-sessions", "GET", ACTIVE, Value::Null),
        ("logout-session", "POST", LOGOUT, json!({"session_id": "x"})),
        (
            "step-up-session",
            "POST",
            "/api/v1/sessions/x/step-up",
            sighting("unread"),
        ),
        ("revoke-session", "DELETE", "/api/v1/sessions/x", json!({})),
        ("cleanup-sessions", "POST", CLEANUP, Value::Null),
        ("fetch-session", "GET", "/api/v1/session/x", Value::Null),
        ("list-sessions", "GET", "/api/v1/session", Value::Null),
        (
            "revoke-fetched-session",
            "POST",
            "/api/v1/session/x/revoke",
            Value::Null,
        ),
        (
            "ingest-session",
            "POST",
            "/v1/sessions",
            json!({"clientId": "c", "ipAddress": IP, "device": {"fingerprint": "f"}}),
        ),
        ("get-session", "GET", "/v1/sessions/x", Value::Null),
        (
            "update-session",
            "PUT",
            "/v1/sessions/x",
            json!({"endedAt": "2024-01-15T12:00:00Z"}),
        ),
        (
            "list-client-sessions",
            "GET",
            "/v1/clients/x/sessions",
            Value::Null,
        ),
        (
            "store-client",
            "POST",
            "/v1/clients/individuals",
            json!({"alias": "a"}),
        ),
        ("get-client", "GET", "/v1/clients/individuals/x", Value::Null),
        (
            "update-client",
            "PUT",
            "/v1/clients/corporates/x",
            json!({"alias": "a"}),
        ),
        ("erase-client-data", "DELETE", "/v1/clients/x/data", Value::Null),
        ("route-fallback", "GET", "/nowhere", Value::Null),
    ]
}

fn event(token: &str, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() {
        Value::Null
    } else {
        json!(body.to_string())
    };
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"authorization": format!("Bearer {token}"), "content-type": "application/json"},
        "pathParameters": {"session_id": "x"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": IP, "userAgent": "test"},
            "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "t", "timeEpoch": 0,
        },
        "body": body, "isBase64Encoded": false,
    })
}

/// Events that no gateway sends, made of one that it does.
fn broken(good: &Value) -> Vec<(String, Value)> {
    let mut events = vec![];
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("text\u{0}"),
        json!([]),
        json!([[["deep"]]]),
        json!({}),
        json!({"a": {"b": 1}}),
    ];
    for value in &wrong {
        events.push((format!("the event is {value}"), value.clone()));
    }
    for place in [
        "/version",
        "/routeKey",
        "/rawPath",
        "/rawQueryString",
        "/headers",
        "/headers/authorization",
        "/headers/content-type",
        "/pathParameters",
        "/pathParameters/session_id",
        "/requestContext",
        "/requestContext/http",
        "/requestContext/http/method",
        "/requestContext/http/path",
        "/requestContext/http/sourceIp",
        "/requestContext/timeEpoch",
        "/body",
        "/isBase64Encoded",
    ] {
        for value in &wrong {
            let mut event = good.clone();
            *event.pointer_mut(place).unwrap() = value.clone();
            events.push((format!("{place} is {value}"), event));
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut event = good.clone();
        event
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        events.push((format!("{place} is missing"), event));
    }
    let texts = [
        ("/rawPath", "http://[::1"),
        ("/rawPath", "//\\\\"),
        ("/rawPath", "/%"),
        ("/rawPath", "/\u{202e}\n\r\t"),
        ("/requestContext/http/path", "/api/v1/sessions/\u{0}"),
        ("/requestContext/http/path", "not a path"),
        ("/requestContext/http/method", "BREW"),
        ("/requestContext/http/method", "GET /"),
        ("/requestContext/http/method", "\u{0}"),
        ("/requestContext/http/sourceIp", "999.1.1.1"),
        ("/headers/authorization", "Bearer \u{7f}\r\nx: y"),
        ("/headers/authorization", "Bearer \u{fc}ber"),
        ("/headers/content-type", "multipart/form-data; boundary="),
        ("/pathParameters/session_id", "#a = :b OR attribute_exists(x)"),
        ("/pathParameters/session_id", "\u{0}"),
    ];
    for (place, text) in texts {
        let mut event = good.clone();
        *event.pointer_mut(place).unwrap() = json!(text);
        events.push((format!("{place} is {text:?}"), event));
    }
    for name in ["", "bad name", "x\r\ny", "\u{0}", "\u{fc}"] {
        let mut event = good.clone();
        event["headers"][name] = json!("value");
        events.push((format!("a header {name:?}"), event));
    }
    for (what, body) in [
        ("no base64", "%%%"),
        ("no UTF-8", "//79"),
        ("half a character", "eyJhIjoiw"),
        ("nothing", ""),
    ] {
        let mut event = good.clone();
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(true);
        events.push((format!("a base64 body of {what}"), event));
    }
    events
}

/// Bodies that no client of good will sends.
fn bodies() -> Vec<(&'static str, String)> {
    let user_agent = "x".repeat(8 * 1024);
    let ids = [
        "00000000-0000-0000-0000-000000000000",
        "0198C0DE-0000-7000-8000-000000000001",
        "{0198c0de-0000-7000-8000-000000000001}",
        "urn:uuid:0198c0de-0000-7000-8000-000000000001",
        "0198c0de000070008000000000000001",
        "a#S#b",
        "\\u0000",
        "#a = :b OR attribute_exists(x)",
    ];
    let mut bodies = vec![
        ("17 KiB", format!("{{\"user_agent\":\"{}\"}}", "x".repeat(17 * 1024))),
        ("17 KiB of spaces", " ".repeat(17 * 1024)),
        ("nesting", format!("{}1{}", "[".repeat(8000), "]".repeat(8000))),
        (
            "nesting in a field nobody reads",
            format!(
                "{{\"ignored\":{}1{}}}",
                "{\"a\":".repeat(2500),
                "}".repeat(2500)
            ),
        ),
        ("nesting that never ends", "[".repeat(16_000)),
        (
            "keys twice",
            r#"{"session_id":"a","session_id":"b","user_agent":"a","user_agent":1}"#.to_owned(),
        ),
        ("an array", r#"["a","b"]"#.to_owned()),
        ("a number", "1e400".to_owned()),
        ("a half surrogate", r#"{"session_id":"\ud800"}"#.to_owned()),
        ("a byte order mark", "\u{feff}{}".to_owned()),
        ("bytes after the end", "{} x".to_owned()),
        ("NaN", r#"{"idle_timeout_minutes":NaN}"#.to_owned()),
        ("a huge number", format!("{{\"idle_timeout_minutes\":{}}}", "9".repeat(5000))),
        (
            "control characters",
            r#"{"ip_address":"\u0000\u001b[31m","user_agent":"\u202e\u0007","session_id":"\u0000","current_ip":"\n","current_user_agent":"\r"}"#.to_owned(),
        ),
        (
            "an oversized user agent",
            json!({"ip_address": IP, "user_agent": user_agent, "session_id": "x", "current_ip": IP, "current_user_agent": user_agent}).to_string(),
        ),
    ];
    for id in ids {
        bodies.push((
            "an id",
            format!(
                r#"{{"session_id":"{id}","current_ip":"{id}","current_user_agent":"{id}","ip_address":"{id}","user_agent":"{id}"}}"#
            ),
        ));
    }
    bodies
}

/// The answer of one function to one event; an answer it must give, below 500, in JSON.
async fn ask(world: &World, function: &str, event: &Value, what: &str) -> u64 {
    let output = world.cloud.invoke(function, event).await;
    let output = output.unwrap_or_else(|error| panic!("{function}, {what}: {error}"));
    let answer: Value = serde_json::from_slice(&output).expect("an answer is JSON");
    let status = answer["statusCode"].as_u64();
    let status = status.unwrap_or_else(|| panic!("{function}, {what}: {answer}"));
    assert!((200..500).contains(&status), "{function}, {what}: {answer}");
    let body = answer["body"].as_str().unwrap_or_default();
    assert!(
        status == 307 || serde_json::from_str::<Value>(body).is_ok(),
        "{function}, {what}: {answer}"
    );
    status
}

#[tokio::test]
async fn events_that_no_gateway_sends_end_no_function() {
    let world = World::with(&[("CreatesPerSubject", "1000")]).await;
    let token = world.token("alice");
    for (function, method, path, body) in endpoints() {
        // Corsa's face lets users read alone, and nobody steps up for himself.
        let corsa = path.starts_with("/v1");
        let backend = (corsa || function == "step-up-session").then(|| world.cloud.api_key());
        let good = event(backend.unwrap_or(&token), method, path, &body);
        let usual = ask(&world, function, &good, "a good event").await;
        for (what, event) in broken(&good) {
            ask(&world, function, &event, &what).await;
        }
        for (what, body) in bodies() {
            let mut event = good.clone();
            event["body"] = json!(body);
            let status = ask(&world, function, &event, what).await;
            let reads = !matches!(
                function,
                "list-active-sessions"
                    | "cleanup-sessions"
                    | "fetch-session"
                    | "list-sessions"
                    | "revoke-fetched-session"
                    | "route-fallback"
            );
            if what.starts_with("17 KiB") && reads && !corsa {
                assert_eq!(status, 413, "{function}, {what}");
            }
        }
        if corsa && !matches!(method, "GET" | "DELETE") {
            let mut event = good.clone();
            event["body"] = json!(" ".repeat(101 * 1024));
            assert_eq!(ask(&world, function, &event, "101 KiB").await, 413);
        }
        assert_eq!(
            ask(&world, function, &good, "a good event, after all").await,
            usual
        );
        let started = world.lines_with(&format!("{function}: started in"));
        assert_eq!(started.len(), 1, "{function} did it all in one process");
    }
    world.end().await;
}

#[tokio::test]
async fn records_that_no_stream_has_end_no_process() {
    let world = World::new().await;
    let record = |dynamodb: Value| json!({"Records": [{"eventName": "MODIFY", "dynamodb": dynamodb}]});
    let good = json!({"Records": []});
    let keys = json!({"pk": {"S": "acme#U#x"}, "sk": {"S": "guard"}});
    for event in [
        json!(null),
        json!([]),
        json!({}),
        json!({"Records": {}}),
        json!({"Records": [null, 1, "x", []]}),
        record(json!(null)),
        record(json!({"Keys": keys, "OldImage": 1})),
        record(json!({"Keys": keys, "OldImage": {"m": {"M": {"x": {"S": "y"}}}}, "SequenceNumber": "1"})),
        record(json!({"Keys": {"pk": {"N": "x"}, "sk": {}}, "OldImage": {}, "SequenceNumber": 7})),
    ] {
        match world.cloud.invoke("settle-sessions", &event).await {
            Ok(_)
            | Err(local::Error::Function {
                failure: local::Failure::Reported(_),
                ..
            }) => {}
            Err(error) => panic!("{event}: {error}"),
        }
    }
    assert!(world.cloud.invoke("settle-sessions", &good).await.is_ok());
    assert_eq!(world.lines_with("settle-sessions: started in").len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_subject_with_separators_in_it_is_nobody_elses() {
    let world = World::new().await;
    let names = [
        "alice",
        "alice#",
        "#alice",
        "acme#U#alice",
        "a#S#b",
        "alice/",
        "alice|bob",
        "ALICE",
        "{alice}",
        "alic\u{e9}",
        "alic\u{65}\u{301}",
    ];
    let mut sessions = Vec::new();
    for name in names {
        let token = world.token(name);
        assert!(world.active(&token).await.is_empty(), "{name}");
        let id = world.create(&token).await;
        sessions.push((name, token, id));
    }
    for (name, token, id) in &sessions {
        assert_eq!(world.active(token).await, std::slice::from_ref(id), "{name}");
        for (other, _, foreign) in sessions.iter().filter(|(other, _, _)| other != name) {
            assert!(!world.is_valid(token, foreign).await, "{name} holds {other}'s");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn odd_methods_types_and_bodies_get_an_answer_below_500() {
    let world = World::new().await;
    let token = world.token("alice");
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
    ];
    for kind in types {
        let call = world.post(CREATE).bearer(&token).header("content-type", kind);
        let answer = call.body(opening().to_string()).send().await;
        assert_eq!(
            answer.status, 200,
            "JSON is read as such whatever it is called: {kind}"
        );
    }
    for method in ["OPTIONS", "TRACE", "PATCH", "PUT", "BREW", "PROPFIND"] {
        for (path, status) in [
            (CREATE, 405),
            (ACTIVE, 405),
            ("/api/v1/sessions/x", 405),
            ("/api/v1/session", 405),
            ("/api/v1/session/x", 405),
            ("/", 404),
        ] {
            let answer = world.request(method, path).bearer(&token).send().await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}: {answer:?}");
        }
    }
    let call = world.request("GET", ACTIVE).bearer(&token).body("[broken");
    assert_eq!(call.send().await.status, 200, "a body of GET means nothing");
    for bytes in [vec![0xff, 0xfe], vec![0], vec![0xc3, 0x28], vec![b'{'; 16_384]] {
        let answer = world.post(VALIDATE).bearer(&token).body(bytes).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{answer:?}");
    }
    world.end().await;
}

/// Writes bytes to the service; gives the status of what comes back, if anything does.
async fn raw(world: &World, bytes: &[u8]) -> Option<u16> {
    let address = world.cloud.url().trim_start_matches("http://").to_owned();
    let talk = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // It may have closed the connection before everything was sent.
        drop(socket.write_all(bytes).await);
        let mut answer = vec![0; 64];
        let read = socket.read(&mut answer).await.unwrap_or(0);
        answer.truncate(read);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), talk).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Requests no library sends, each with the status of its answer, or none where the other end just waits or leaves.
fn broken_requests(token: &str) -> Vec<(Option<u16>, Vec<u8>)> {
    let close = "host: x\r\nconnection: close\r\n";
    let alice = format!("{close}authorization: Bearer {token}\r\n");
    let texts = [
        (
            None,
            vec![
                "\r\n\r\n\r\n\r\n".to_owned(),
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            ],
        ),
        (
            Some(200),
            vec![format!(
                "GET {ACTIVE}?{} HTTP/1.1\r\n{alice}\r\n",
                "a=b&".repeat(1500)
            )],
        ),
        (
            Some(400),
            vec![
                "nonsense\r\n\r\n".to_owned(),
                format!("GET {ACTIVE} HTTP/9.9\r\n{close}\r\n"),
                format!("GET /%ff HTTP/1.1\r\n{close}\r\n"),
                format!("GET {ACTIVE} HTTP/1.1\r\n{close}x: a\r\n b\r\n\r\n"),
                format!("POST {CREATE} HTTP/1.1\r\n{close}content-length: -1\r\n\r\n"),
                format!("POST {CREATE} HTTP/1.1\r\n{close}content-length: 1\r\ncontent-length: 2\r\n\r\nab"),
            ],
        ),
        (
            Some(401),
            vec![
                format!("GET http://other.example.com{ACTIVE} HTTP/1.1\r\n{close}\r\n"),
                format!("GET {ACTIVE} HTTP/1.1\r\n{alice}authorization: Bearer {token}\r\n\r\n"),
                format!(
                    "GET {ACTIVE} HTTP/1.1\r\n{close}authorization: Bearer {}\r\n\r\n",
                    "a".repeat(9000)
                ),
                format!("GET {ACTIVE} HTTP/1.1\r\n{close}upgrade: websocket\r\n\r\n"),
                format!(
                    "POST {CREATE} HTTP/1.1\r\n{close}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n"
                ),
            ],
        ),
        (
            Some(404),
            vec![
                format!("GET /%00 HTTP/1.1\r\n{close}\r\n"),
                format!("GET /{} HTTP/1.1\r\n{close}\r\n", "a/".repeat(4000)),
                format!("GET /api/v1/sessions/../../../etc/passwd HTTP/1.1\r\n{close}\r\n"),
                format!("DELETE /api/v1/sessions/%2e%2e%2factive HTTP/1.1\r\n{alice}\r\n"),
                format!("DELETE /api/v1/sessions/a%2Fb HTTP/1.1\r\n{alice}\r\n"),
                format!("DELETE /api/v1/sessions/%25%32%66 HTTP/1.1\r\n{alice}\r\n"),
                format!("CONNECT example.com:443 HTTP/1.1\r\n{close}\r\n"),
                format!("OPTIONS * HTTP/1.1\r\n{close}\r\n"),
            ],
        ),
        (Some(405), vec![format!("HEAD {ACTIVE} HTTP/1.1\r\n{close}\r\n")]),
        (
            Some(413),
            vec![format!(
                "POST {CREATE} HTTP/1.1\r\n{close}transfer-encoding: chunked\r\n\r\nzz\r\n"
            )],
        ),
        (
            Some(431),
            vec![format!(
                "GET {ACTIVE} HTTP/1.1\r\n{close}{}\r\n",
                "x: y\r\n".repeat(500)
            )],
        ),
    ];
    let bytes = [
        (Some(400), format!("GET /?? HTTP/1.1\r\n{close}\r\n").into_bytes()),
        (
            Some(404),
            format!("GET / HTTP/1.1\r\n{close}authorization: Bearer ?\r\n\r\n").into_bytes(),
        ),
        (Some(400), vec![0; 1024]),
        (Some(400), vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]),
    ];
    let bytes = bytes.map(|(status, mut request)| {
        // No text has this byte.
        request
            .iter_mut()
            .filter(|it| **it == b'?')
            .for_each(|it| *it = 0xff);
        (status, request)
    });
    let texts = texts.into_iter().flat_map(|(status, requests)| {
        requests
            .into_iter()
            .map(move |request| (status, request.into_bytes()))
    });
    texts.chain(bytes).collect()
}

#[tokio::test]
async fn requests_that_break_http_break_nothing_else() {
    let world = World::new().await;
    let token = world.token("alice");
    for (status, request) in broken_requests(&token) {
        let told = raw(&world, &request).await;
        assert_eq!(told, status, "{}", String::from_utf8_lossy(&request));
    }
    assert!(world.active(&token).await.is_empty(), "and it still answers");
    assert!(world.lines_with("before it answered").is_empty());
    world.end().await;
}
