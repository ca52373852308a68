//! One running copy of a function: its process, its Runtime API, its output.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::runtime_api::{Answer, Job, RuntimeApi};
use crate::log::Log;

/// How long a process may take until it asks for its first event, as in Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Instance {
    api: RuntimeApi,
    process: Child,
}

/// How an invocation of an instance ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Answer),
    /// The process ended before it answered.
    Exited(String),
    /// The process was killed.
    TimedOut,
}

/// An invocation, apart from what the instance adds.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request_id: String,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) event: Bytes,
}

impl Instance {
    /// Starts a process; it is ready once [`Self::ready`] says so.
    pub(super) async fn start(
        binary: &Path,
        environment: &[(String, String)],
        name: &str,
        log: &Log,
    ) -> std::io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let mut process = Command::new(binary)
            // Nothing of the developer's own environment (credentials, profiles, proxies) reaches a function.
            .env_clear()
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(stdout) = process.stdout.take() {
            forward(stdout, name, log);
        }
        if let Some(stderr) = process.stderr.take() {
            forward(stderr, name, log);
        }
        Ok(Self { api, process })
    }

    /// Waits until the process asks for an event; says why it never will.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        if let Ok(Some(status)) = self.process.try_wait() {
            return Err(format!("exited with {status}"));
        }
        let waiting = self.api.waiting.wait_for(|it| *it);
        tokio::select! {
            biased;
            status = self.process.wait() => Err(match status {
                Ok(status) => format!("exited with {status}"),
                Err(error) => error.to_string(),
            }),
            found = waiting => found.map(drop).map_err(|it| it.to_string()),
            () = tokio::time::sleep(INIT_TIMEOUT) => Err(format!("asked for no event within {INIT_TIMEOUT:?}")),
        }
    }

    /// Has the process work on `call`, at most for `timeout`. Only an answered invocation leaves it usable.
    pub(super) async fn invoke(&mut self, call: Call, timeout: Duration) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            request_id: call.request_id,
            deadline_ms: call.deadline_ms,
            function_arn: call.function_arn,
            trace_id: call.trace_id,
            event: call.event,
            answer,
        };
        if self.api.jobs.send(job).await.is_err() {
            return Outcome::Exited("its Runtime API ended".to_owned());
        }
        let outcome = tokio::select! {
            biased;
            Ok(answer) = answered => Outcome::Answered(answer),
            status = self.process.wait() => Outcome::Exited(match status {
                Ok(status) => format!("exited with {status}"),
                Err(error) => error.to_string(),
            }),
            () = tokio::time::sleep(timeout) => Outcome::TimedOut,
        };
        if matches!(outcome, Outcome::TimedOut) {
            self.stop().await;
        }
        outcome
    }

    /// Ends the process.
    pub(super) async fn stop(&mut self) {
        // It fails only for a process that has ended already.
        drop(self.process.kill().await);
    }
}

/// Passes lines on, each with the function's name before it.
fn forward(stream: impl AsyncRead + Unpin + Send + 'static, name: &str, log: &Log) {
    let (name, log) = (name.to_owned(), log.clone());
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log.line(format!("{name}: {line}"));
        }
    });
}
