//! Every port that a local cloud opens, asked as pages of other sites ask. Alone in its process, so that all are its own.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, as its own lines do"
)]

mod common;

use std::collections::HashSet;

use common::{cloud, raw, send};

/// The addresses on which this process listens.
fn listeners() -> Vec<String> {
    let own: HashSet<String> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|it| std::fs::read_link(it.unwrap().path()).ok())
        .filter_map(|it| {
            Some(
                it.to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .map(|it| it.split_whitespace().collect::<Vec<_>>());
    // State `0A` is LISTEN.
    rows.filter(|row| row.get(3) == Some(&"0A") && row.get(9).is_some_and(|it| own.contains(*it)))
        .map(|row| {
            let (address, port) = row.get(1).unwrap().split_once(':').unwrap();
            assert_eq!(address, "0100007F", "on the loopback address alone");
            format!("127.0.0.1:{}", u16::from_str_radix(port, 16).unwrap())
        })
        .collect()
}

/// Lines of a request by which a page of another site, or under a name of its own, is known.
const ELSEWHERE: [&str; 10] = [
    "host: evil.example",
    "host: evil.example:{port}\r\norigin: http://evil.example:{port}",
    "host: 127.0.0.1:{port}\r\norigin: https://evil.example",
    "host: 127.0.0.1:{port}\r\norigin: null",
    "host: 127.0.0.1:{port}\r\nhost: evil.example",
    "host: localhost.:{port}",
    "host: user@127.0.0.1:{port}",
    "host: 0.0.0.0:{port}",
    "host: 127.0.0.1:{port}\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\n\
     access-control-request-headers: x-amz-target,authorization\r\naccess-control-request-private-network: true",
    "",
];

#[tokio::test]
async fn no_page_of_another_site_gets_anything_from_any_port_but_what_the_routes_answer() {
    let (cloud, _) = cloud().await;
    // So that a function runs, with a Runtime API of its own.
    send(&cloud, "POST", "/api/v1/sessions", "").await;
    let own = cloud.url().trim_start_matches("http://").to_owned();
    let listeners = listeners();
    assert!(
        3 <= listeners.len(),
        "gateway, engine, Runtime API: {listeners:?}"
    );
    let key = cloud.dynamodb_access_key();
    let signed = format!(
        "authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, \
         SignedHeaders=host, Signature=0\r\nx-amz-date: 20260101T000000Z\r\n\
         content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.ListTables"
    );
    for address in &listeners {
        let port = address.rsplit_once(':').unwrap().1;
        let targets: &[&str] = if *address == own {
            &[
                "GET /.well-known/jwks.json",
                "GET /demo",
                "GET /demo/demo.js",
                "GET /demo/api/config",
                "POST /demo/api/open",
            ]
        } else {
            &[
                "POST /",
                "GET /",
                "OPTIONS /",
                "GET /2018-06-01/runtime/invocation/next",
                "POST /2018-06-01/runtime/invocation/1/response",
                "OPTIONS /2018-06-01/runtime/invocation/next",
            ]
        };
        for target in targets {
            for lines in ELSEWHERE {
                let lines = lines.replace("{port}", port);
                let head = format!("{target} HTTP/1.1\r\n{lines}\r\n{signed}");
                let head = head.replace("\r\n\r\n", "\r\n");
                let answer = raw(address, &head, "{}").await;
                let refused = answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400");
                assert!(refused, "{target} {lines}: {answer}");
                assert!(
                    !answer.to_ascii_lowercase().contains("access-control-"),
                    "{answer}"
                );
                assert!(
                    !answer.contains("TableNames") && !answer.contains("keys"),
                    "{answer}"
                );
            }
            let (method, path) = target.split_once(' ').unwrap();
            let head = format!("{method} http://evil.example{path} HTTP/1.1\r\nhost: {address}\r\n{signed}");
            let answer = raw(address, &head, "{}").await;
            assert!(
                answer.starts_with("HTTP/1.1 403"),
                "{target} in absolute form: {answer}"
            );
        }
    }
    cloud.shutdown().await;
}
