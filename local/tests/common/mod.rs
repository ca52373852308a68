//! A cloud whose one function echoes what it sees, and ways to ask it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local::{Cloud, Log, Options};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the functions and the cloud wrote.
pub(crate) type Lines = Arc<Mutex<Vec<String>>>;

/// A cloud for the echo function, and what it writes.
pub(crate) fn options() -> (Options, Lines) {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // Cargo builds examples for the package's tests: target/debug/examples beside target/debug/deps.
    let program = std::env::current_exe().unwrap();
    let examples = program.parent().unwrap().parent().unwrap().join("examples");
    let lines = Lines::default();
    let sink = Arc::clone(&lines);
    let mut options = Options::new(package.join("tests/template.yaml"), examples);
    options.log = Log::to(move |line| sink.lock().unwrap().push(line.to_owned()));
    (options, lines)
}

/// That cloud, running.
pub(crate) async fn cloud() -> (Cloud, Lines) {
    let (options, lines) = options();
    (Cloud::start(options).await.unwrap(), lines)
}

/// A request through the gateway.
pub(crate) async fn send(
    cloud: &Cloud,
    method: &str,
    path: &str,
    body: impl Into<Body>,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", cloud.url()))
        .header("content-type", "application/json")
        .header("user-agent", "test/1")
        .body(body.into())
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// What a server answers to exactly these lines, and `body`.
pub(crate) async fn raw(address: &str, head: &str, body: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
