//! A Lambda Runtime API of the smallest kind, for one function's process: it hands out one event again and again, and
//! notes when the process asked and when it answered.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::Result;

/// Longest wait for a process.
const PATIENCE: Duration = Duration::from_secs(20);

/// A function's process and the Runtime API it polls.
pub(crate) struct Running {
    process: Child,
    /// When the process was started.
    pub(crate) started: Instant,
    polls: mpsc::Receiver<Instant>,
    answers: mpsc::Receiver<(Instant, Bytes)>,
    events: mpsc::Sender<String>,
    server: JoinHandle<()>,
}

struct Shared {
    polls: mpsc::Sender<Instant>,
    answers: mpsc::Sender<(Instant, Bytes)>,
    events: Mutex<mpsc::Receiver<String>>,
}

impl Running {
    /// Starts `binary` with nothing but `environment`.
    pub(crate) async fn start(binary: &Path, environment: &[(String, String)]) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address: SocketAddr = listener.local_addr()?;
        let (polls_sender, polls) = mpsc::channel(16);
        let (answers_sender, answers) = mpsc::channel(16);
        let (events, events_receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            polls: polls_sender,
            answers: answers_sender,
            events: Mutex::new(events_receiver),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(response))
            .with_state(shared);
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        let started = Instant::now();
        let process = Command::new(binary)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            process,
            started,
            polls,
            answers,
            events,
            server,
        })
    }

    /// When the process asked for its next event.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        let poll = tokio::time::timeout(PATIENCE, self.polls.recv()).await?;
        poll.ok_or_else(|| "the runtime API ended".into())
    }

    /// Has the process answer `event`, for which it must wait already: how long it took, and the answer.
    pub(crate) async fn invoke(&mut self, event: &str) -> Result<(Duration, Bytes)> {
        let sent = Instant::now();
        self.events.send(event.to_owned()).await?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await?;
        let (answered, body) = answer.ok_or("the runtime API ended")?;
        Ok((answered - sent, body))
    }

    /// Time all threads of the process have been on a processor.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("{}/task", self.proc()?))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let on_cpu = text.split_whitespace().next().unwrap_or_default();
            nanos += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The most memory the process ever had resident, in KiB.
    pub(crate) fn peak_rss(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("{}/status", self.proc()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let value = line.and_then(|line| line.split_whitespace().next());
        Ok(value.ok_or("no VmHWM")?.parse()?)
    }

    /// Ends the process.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        self.server.abort();
        Ok(())
    }

    fn proc(&self) -> Result<String> {
        Ok(format!("/proc/{}", self.process.id().ok_or("the process ended")?))
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    // Nobody counts the polls after the last invocation.
    let _ = shared.polls.try_send(Instant::now());
    let event = shared.events.lock().await.recv().await.unwrap_or_default();
    // Far ahead: no deadline of an emulator is to be measured. Year 2096.
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-deadline-ms", "4000000000000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:bench",
        ),
    ];
    (headers, event)
}

async fn response(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let _ = shared.answers.try_send((Instant::now(), body));
    StatusCode::ACCEPTED
}
