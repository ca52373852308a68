//! The local cloud as its users meet it: over HTTP, with functions as processes.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, as its own lines do"
)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{Lines, cloud, options, raw, send};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local::{Cloud, Engine, Options};
use serde_json::{Value, json};

fn count(lines: &Lines, part: &str) -> usize {
    lines
        .lock()
        .unwrap()
        .iter()
        .filter(|it| it.contains(part))
        .count()
}

#[tokio::test]
async fn a_request_reaches_the_function_of_its_route_as_an_event() {
    let (cloud, lines) = cloud().await;
    let (status, seen) = send(&cloud, "GET", "/api/v1/sessions/b%231?q=a%20b", "").await;
    assert_eq!(status, 200);
    let event = &seen["event"];
    assert_eq!(event["routeKey"], "GET /api/v1/sessions/{session_id}");
    assert_eq!(event["pathParameters"]["session_id"], "b#1");
    assert_eq!(event["rawQueryString"], "q=a%20b");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["http"]["userAgent"], "test/1");
    let (_, seen) = send(&cloud, "GET", "/api/v1/sessions/active", "").await;
    assert_eq!(seen["event"]["routeKey"], "GET /api/v1/sessions/active");
    let (_, seen) = send(&cloud, "GET", "/nowhere", "").await;
    assert_eq!(seen["event"]["routeKey"], "$default");
    assert_eq!(
        count(&lines, "echo: a line of the function"),
        1,
        "one instance served all"
    );
    cloud.shutdown().await;
}

#[tokio::test]
async fn a_function_has_the_environment_of_the_template_and_nothing_of_the_developers() {
    let (mut options, _) = options();
    let own = [("EXTRA".to_owned(), "yes".to_owned())];
    options.environment.insert("echo".to_owned(), own.into());
    options.function_dynamodb_endpoint = Some("http://127.0.0.1:9".to_owned());
    let cloud = Cloud::start(options).await.unwrap();
    let (_, seen) = send(&cloud, "POST", "/api/v1/sessions", "{}").await;
    let environment = &seen["environment"];
    let expected = [
        ("HOLDFAST_TABLE", "holdfast-local-Table"),
        ("HOLDFAST_MAX_CONCURRENT", "5"),
        ("HOLDFAST_LOOPBACK_JWKS", "true"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
        ("AWS_LAMBDA_FUNCTION_NAME", "holdfast-local-EchoFunction"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("OWN", "1"),
        ("EXTRA", "yes"),
    ];
    for (name, value) in expected {
        assert_eq!(environment[name], value, "{name}");
    }
    assert_eq!(
        (&environment["HOME"], &environment["CARGO_MANIFEST_DIR"]),
        (&Value::Null, &Value::Null)
    );
    let remaining = seen["remaining_ms"].as_u64().unwrap();
    assert!(
        (1_000..=2_000).contains(&remaining),
        "{remaining} ms to the deadline"
    );
    cloud.shutdown().await;
}

#[tokio::test]
async fn failures_are_answered_as_the_gateway_does_and_a_fresh_instance_follows() {
    let (cloud, lines) = cloud().await;
    let table = [
        ("exit", 500, "Internal Server Error"),
        ("fail", 500, "Internal Server Error"),
        ("hang", 503, "Service Unavailable"),
    ];
    for (what, status, message) in table {
        let answer = send(&cloud, "POST", "/api/v1/sessions", what).await;
        assert_eq!(
            answer,
            (StatusCode::from_u16(status).unwrap(), json!({"message": message})),
            "{what}"
        );
        let (status, _) = send(&cloud, "POST", "/api/v1/sessions", "").await;
        assert_eq!(status, 200, "after {what}");
    }
    assert_eq!(count(&lines, "exited with exit status: 3 before it answered"), 1);
    assert_eq!(count(&lines, "timed out after 2.00 seconds"), 1);
    cloud.shutdown().await;
}

#[tokio::test]
async fn a_killed_function_answers_as_a_crashed_one_and_starts_anew() {
    let (cloud, lines) = cloud().await;
    let (_, first) = send(&cloud, "POST", "/api/v1/sessions", "").await;
    let (answer, ()) = tokio::join!(send(&cloud, "POST", "/api/v1/sessions", "sleep"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cloud.kill("EchoFunction").await.unwrap();
    });
    assert_eq!(answer.0, 500);
    assert_eq!(count(&lines, "was killed before it answered"), 1);
    let (status, second) = send(&cloud, "POST", "/api/v1/sessions", "").await;
    assert_eq!(status, 200);
    assert_ne!(first["pid"], second["pid"]);
    assert!(cloud.kill("no-function").await.is_err());
    cloud.shutdown().await;
}

#[tokio::test]
async fn an_instance_that_ends_while_idle_is_replaced_unnoticed() {
    let (cloud, _) = cloud().await;
    let (_, first) = send(&cloud, "POST", "/api/v1/sessions", "answer and exit").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let (status, second) = send(&cloud, "POST", "/api/v1/sessions", "").await;
    assert_eq!(status, 200);
    assert_ne!(first["pid"], second["pid"]);
    cloud.shutdown().await;
}

#[tokio::test]
async fn concurrent_requests_get_instances_of_their_own_and_the_reserve_is_a_limit() {
    let (cloud, _) = cloud().await;
    let sleeping = || send(&cloud, "POST", "/api/v1/sessions", "sleep");
    let (a, b, c) = tokio::join!(sleeping(), sleeping(), sleeping());
    let mut pids: Vec<u64> = [a, b, c].iter().map(|it| it.1["pid"].as_u64().unwrap()).collect();
    pids.dedup();
    assert_eq!(pids.len(), 3, "one process for each");

    let one = || send(&cloud, "POST", "/one", "sleep");
    let (a, b) = tokio::join!(one(), one());
    let mut statuses = [a.0.as_u16(), b.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503]);
    let (status, _) = one().await;
    assert_eq!(status, 200, "the reserve is free again");
    cloud.shutdown().await;
}

#[tokio::test]
async fn invocations_beyond_the_machines_room_wait() {
    let (mut options, lines) = options();
    options.max_instances = 2;
    let cloud = Cloud::start(options).await.unwrap();
    let sleeping = || send(&cloud, "POST", "/api/v1/sessions", "sleep");
    let (a, b, c) = tokio::join!(sleeping(), sleeping(), sleeping());
    assert!([a, b, c].iter().all(|it| it.0 == 200));
    assert_eq!(count(&lines, "echo: started in"), 2);
    cloud.shutdown().await;
}

#[tokio::test]
async fn the_gateway_refuses_what_is_too_large_or_too_often() {
    let (cloud, _) = cloud().await;
    let large = vec![b' '; 10 * 1024 * 1024 + 1];
    let answer = send(&cloud, "POST", "/api/v1/sessions", large).await;
    assert_eq!(answer.0, 413);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&cloud, "GET", "/throttled", "").await.0.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
    let answer = send(&cloud, "GET", "/throttled", "").await;
    assert_eq!(answer.1, json!({"message": "Too Many Requests"}));
    let answer = send(&cloud, "GET", "/%ff", "").await;
    assert_eq!(
        answer,
        (StatusCode::BAD_REQUEST, json!({"message": "Bad Request"}))
    );
    cloud.shutdown().await;
}

#[tokio::test]
async fn a_refused_request_leaves_its_connection_usable() {
    let (cloud, _) = cloud().await;
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(1)
        .build_http::<Body>();
    for status in [200, 200, 429, 429] {
        let request = Request::get(format!("{}/throttled", cloud.url())).body(Body::from("body"));
        let response = client.request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().get("connection"), None);
        response.into_body().collect().await.unwrap();
    }
    cloud.shutdown().await;
}

#[tokio::test]
async fn the_issuers_keys_are_served_outside_the_routes() {
    let (cloud, _) = cloud().await;
    let (status, keys) = send(&cloud, "GET", "/.well-known/jwks.json", "").await;
    assert_eq!(status, 200);
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    assert_eq!(cloud.token("alice").unwrap().split('.').count(), 3);
    assert_eq!(cloud.api_key().split(':').count(), 2);
    cloud.shutdown().await;
}

#[tokio::test]
async fn the_demo_and_the_collector_are_served_outside_the_routes() {
    let (cloud, _) = cloud().await;
    for path in ["/demo", "/demo/", "/demo/demo.js", "/client.js"] {
        assert_eq!(send(&cloud, "GET", path, "").await.0, 200, "{path}");
    }
    let (status, config) = send(&cloud, "GET", "/demo/api/config", "").await;
    assert_eq!(
        (status, &config["siteKey"]),
        (StatusCode::OK, &json!(cloud.site_key()))
    );
    for path in ["/demos", "/demo/nothing", "/client"] {
        let (_, seen) = send(&cloud, "GET", path, "").await;
        assert_eq!(seen["event"]["routeKey"], "$default", "{path}");
    }
    cloud.shutdown().await;
}

#[tokio::test]
async fn the_engine_answers_programs_that_have_its_key() {
    let (cloud, _) = cloud().await;
    let address = cloud.dynamodb_url().trim_start_matches("http://");
    let ask = async |key: &str, more: &str| {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-date: 20260101T000000Z\r\n\
             content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.ListTables\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0{more}"
        );
        raw(address, &head, "{}").await
    };
    let key = cloud.dynamodb_access_key();
    let answer = ask(key, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains(cloud.table()),
        "{answer}"
    );
    for wrong in [
        "local",
        "",
        &key.to_ascii_lowercase(),
        &format!("{key}X"),
        key.trim_end_matches(|it: char| it.is_ascii_hexdigit()),
    ] {
        let answer = ask(wrong, "").await;
        assert!(
            answer.contains("UnrecognizedClientException"),
            "{wrong}: {answer}"
        );
    }
    let answer = ask(key, "\r\nauthorization: Bearer x").await;
    assert!(answer.contains("MissingAuthenticationTokenException"), "{answer}");
    let other = common::cloud().await.0;
    assert_ne!(other.dynamodb_access_key(), key, "drawn for each");
    other.shutdown().await;
    cloud.shutdown().await;
}

#[tokio::test]
async fn containers_are_answered_where_it_was_asked_for_and_with_the_key_alone() {
    let (mut options, _) = options();
    options.dynamodb_listen = Some("127.0.0.1:0".parse().unwrap());
    let cloud = Cloud::start(options).await.unwrap();
    let address = cloud.dynamodb_listen().unwrap().to_string();
    let ask = async |key: &str, host: &str, more: &str| {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-date: 20260101T000000Z\r\n\
             content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.ListTables\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0{more}"
        );
        raw(&address, &head, "{}").await
    };
    let key = cloud.dynamodb_access_key();
    for host in ["host.docker.internal:8000", "172.17.0.1:8000", "127.0.0.1:8000"] {
        let answer = ask(key, host, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
        assert!(!ask("local", host, "").await.contains("TableNames"), "{host}");
        let answer = ask(key, host, "\r\norigin: https://evil.example").await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
    }
    assert!(
        ask(key, "evil.example:8000", "")
            .await
            .starts_with("HTTP/1.1 403")
    );
    let (plain, _) = common::cloud().await;
    assert_eq!(plain.dynamodb_listen(), None, "off unless it was asked for");
    plain.shutdown().await;
    cloud.shutdown().await;
}

async fn put(cloud: &Cloud, pk: &str, sk: &str, more: &[(&str, AttributeValue)]) {
    let mut put = cloud
        .dynamodb_client()
        .put_item()
        .table_name(cloud.table())
        .item("pk", AttributeValue::S(pk.to_owned()))
        .item("sk", AttributeValue::S(sk.to_owned()));
    for (name, value) in more {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
}

fn batches(lines: &Lines) -> Vec<String> {
    let lines = lines.lock().unwrap();
    lines
        .iter()
        .filter_map(|it| it.split_once("echo: batch ").map(|(_, keys)| keys.to_owned()))
        .collect()
}

#[tokio::test]
async fn stream_records_come_filtered_in_order_around_a_poison_record() {
    let (cloud, lines) = cloud().await;
    for pk in ["a", "b", "poison", "c", "d", "e"] {
        put(&cloud, pk, "guard", &[]).await;
        put(&cloud, pk, "session", &[]).await;
    }
    cloud.streams_read().await;
    let batches = batches(&lines);
    let last_of = |key: &str| batches.iter().rposition(|it| it.split(' ').any(|it| it == key));
    let order: Vec<Option<usize>> = ["a", "b", "c", "d", "e"].into_iter().map(last_of).collect();
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{batches:?}"
    );
    // How many of its neighbours come along at first depends on when the stream was read.
    let tries = batches
        .iter()
        .filter(|it| it.split(' ').any(|it| it == "poison"))
        .count();
    assert!(2 <= tries, "tried, and once more: {batches:?}");
    assert_eq!(count(&lines, "echo: gave up 1 record(s)"), 1);
    cloud.shutdown().await;
}

#[tokio::test]
async fn expired_items_leave_when_swept_and_the_stream_says_who_removed_them() {
    let (cloud, lines) = cloud().await;
    put(
        &cloud,
        "old",
        "guard",
        &[("t", AttributeValue::N("1700000000".to_owned()))],
    )
    .await;
    cloud.streams_read().await;
    assert_eq!(cloud.sweep_expired().await.unwrap(), 1);
    cloud.streams_read().await;
    assert_eq!(batches(&lines), ["old", "old"]);
    cloud.shutdown().await;
}

#[tokio::test]
async fn a_schedule_is_fired_with_its_input() {
    let (cloud, _) = cloud().await;
    let output = cloud.fire("EchoFunction").await.unwrap();
    let output: Value = serde_json::from_slice(&output).unwrap();
    let seen: Value = serde_json::from_str(output["body"].as_str().unwrap()).unwrap();
    assert_eq!(seen["event"], json!({"schedule": "cleanup-sessions"}));
    cloud.shutdown().await;
}

#[tokio::test]
async fn state_and_credentials_survive_a_restart() {
    let directory = std::env::temp_dir().join(format!("local-restart-{}", std::process::id()));
    let start = async || {
        let (mut options, lines) = options();
        options.directory = Some(directory.clone());
        options.ephemeral = false;
        (Cloud::start(options).await.unwrap(), lines)
    };
    let (cloud, lines) = start().await;
    let key = cloud.api_key().to_owned();
    put(&cloud, "kept", "guard", &[]).await;
    cloud.streams_read().await;
    assert_eq!(batches(&lines), ["kept"]);
    for entry in std::fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    assert!(directory.join("dynamodb.sqlite-wal").exists());
    let (second, _) = options();
    let refused = Cloud::start(Options {
        directory: Some(directory.clone()),
        ..second
    });
    assert!(
        refused
            .await
            .unwrap_err()
            .to_string()
            .contains("one runs already")
    );
    cloud.shutdown().await;

    let (cloud, lines) = start().await;
    assert_eq!(cloud.api_key(), key);
    let item = cloud
        .dynamodb_client()
        .get_item()
        .table_name(cloud.table())
        .key("pk", AttributeValue::S("kept".to_owned()))
        .key("sk", AttributeValue::S("guard".to_owned()));
    assert!(item.send().await.unwrap().item.is_some());
    put(&cloud, "new", "guard", &[]).await;
    cloud.streams_read().await;
    assert_eq!(
        batches(&lines),
        ["new"],
        "what was worked on before does not come again"
    );
    cloud.shutdown().await;
    assert!(!directory.join("instance.json").exists());
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn of_starts_at_the_same_time_on_one_directory_one_is_made() {
    let directory = std::env::temp_dir().join(format!("local-race-{}", std::process::id()));
    for _ in 0..3 {
        let start = || {
            let (mut options, _) = options();
            options.directory = Some(directory.clone());
            options.ephemeral = false;
            Cloud::start(options)
        };
        let (a, b, c) = tokio::join!(start(), start(), start());
        let (started, refused): (Vec<_>, Vec<_>) = [a, b, c].into_iter().partition(Result::is_ok);
        assert_eq!(started.len(), 1);
        for error in refused.into_iter().filter_map(Result::err) {
            assert!(error.to_string().contains("one runs already"), "{error}");
        }
        let cloud = started.into_iter().next().unwrap().unwrap();
        // What the others did not get has nothing of theirs.
        put(&cloud, "own", "guard", &[]).await;
        cloud.streams_read().await;
        cloud.shutdown().await;
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_table_that_is_there_is_used_as_it_is() {
    let engine = Engine::start(None, "KEY").await.unwrap();
    let outside = || {
        let (mut options, _) = options();
        options.dynamodb_endpoint = Some(engine.url().to_owned());
        options.dynamodb_access_key = Some(engine.access_key().to_owned());
        Cloud::start(options)
    };
    let cloud = outside().await.unwrap();
    put(&cloud, "kept", "session", &[]).await;
    cloud.shutdown().await;
    let cloud = outside().await.unwrap();
    let found = cloud
        .dynamodb_client()
        .scan()
        .table_name(cloud.table())
        .send()
        .await
        .unwrap();
    assert!(
        found
            .items()
            .iter()
            .any(|it| it["pk"] == AttributeValue::S("kept".to_owned()))
    );
    assert_eq!(cloud.dynamodb_url(), engine.url());
    cloud.shutdown().await;
    engine.stop().await;
}

#[tokio::test]
async fn shutting_down_ends_the_functions_and_the_port() {
    let (cloud, _) = cloud().await;
    let (_, seen) = send(&cloud, "POST", "/api/v1/sessions", "").await;
    let process = PathBuf::from(format!("/proc/{}", seen["pid"]));
    assert!(process.exists());
    let address = cloud.url().trim_start_matches("http://").to_owned();
    let began = Instant::now();
    cloud.shutdown().await;
    assert!(!process.exists());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
}
