//! The Lambda Runtime API (2018-06-01), served to one instance of a function on its own port.
//!
//! Whoever asks first gets the event, so pages of browsers are kept out.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Response, StatusCode};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::gateway::undelayed;
use crate::guard;

/// Largest answer of a function: 6 MB, and what its JSON form adds.
const MAX_ANSWER: usize = 6 * 1024 * 1024 + 100;

/// One invocation on its way to an instance.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request_id: String,
    /// When the instance will be killed, in milliseconds since the epoch.
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) event: Bytes,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What an instance said about an invocation.
#[derive(Debug)]
pub(super) enum Answer {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// The server's side that the instance's keeper holds.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) jobs: mpsc::Sender<Job>,
    /// Whether the instance waits for a job.
    pub(super) waiting: watch::Receiver<bool>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    waiting: watch::Sender<bool>,
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
}

impl RuntimeApi {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (jobs, receiver) = mpsc::channel(1);
        let (waiting_sender, waiting) = watch::channel(false);
        let shared = Arc::new(Shared {
            jobs: tokio::sync::Mutex::new(receiver),
            waiting: waiting_sender,
            current: Mutex::new(None),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            // The process ends after it said so, and its keeper sees that.
            .route("/2018-06-01/runtime/init/error", post(accepted))
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn(guard::programs))
            .with_state(shared);
        let server = tokio::spawn(async move {
            // Serving ends with the task; an accept error is retried inside.
            drop(axum::serve(listener.tap_io(undelayed), routes).await);
        });
        Ok(Self {
            address,
            jobs,
            waiting,
            server,
        })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response<Body> {
    shared.waiting.send_replace(true);
    let Some(job) = shared.jobs.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    shared.waiting.send_replace(false);
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &job.request_id)
        .header("lambda-runtime-deadline-ms", job.deadline_ms)
        .header("lambda-runtime-invoked-function-arn", &job.function_arn)
        .header("lambda-runtime-trace-id", &job.trace_id)
        .body(Body::from(job.event));
    *lock(&shared) = Some((job.request_id, job.answer));
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response<Body> {
    let Ok(body) = axum::body::to_bytes(body, MAX_ANSWER).await else {
        answer(&shared, &id, Answer::TooLarge);
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    answer(&shared, &id, Answer::Response(body))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    answer(&shared, &id, Answer::Error(body))
}

async fn accepted() -> Response<Body> {
    (StatusCode::ACCEPTED, json!({"status": "OK"}).to_string()).into_response()
}

fn answer(shared: &Shared, id: &str, answer: Answer) -> Response<Body> {
    let current = lock(shared).take_if(|(current, _)| current == id);
    let Some((_, sender)) = current else {
        let error = json!({"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"});
        return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
    };
    // Nobody waits any more when the invocation ran out of time.
    drop(sender.send(answer));
    (StatusCode::ACCEPTED, json!({"status": "OK"}).to_string()).into_response()
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Answer>)>> {
    shared.current.lock().unwrap_or_else(PoisonError::into_inner)
}
