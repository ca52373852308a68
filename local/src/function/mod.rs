//! Functions: as many instances of each as are needed at a time, started on demand and used again.

mod instance;
mod runtime_api;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use shared::clock::{Clock, System};
use tokio::sync::{Semaphore, watch};

use crate::ids;
use crate::log::Log;
use crate::template::{self, ACCOUNT, REGION};
use instance::{Call, Instance, Outcome};
use runtime_api::Answer;

/// Why an invocation gave no output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The process ended, or never began to work.
    Crashed,
    /// The process was killed at its timeout.
    TimedOut,
    /// The function's reserved concurrency is used up.
    Throttled,
    /// The function reported this error.
    Reported(String),
}

/// A function and its instances.
#[derive(Debug)]
pub(crate) struct Function {
    spec: template::Function,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    idle: Mutex<Vec<Instance>>,
    /// Lambda refuses what is over the reserve ...
    reserve: Option<Semaphore>,
    /// ... and has room for a thousand more; this machine has not, so here they wait.
    room: Semaphore,
    /// How often its instances were killed.
    kills: watch::Sender<u64>,
    log: Log,
}

impl Function {
    /// A function whose binary is in `binaries`; `environment` is added to what the template and Lambda set.
    pub(crate) fn new(
        spec: template::Function,
        binaries: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
        max_instances: usize,
        log: Log,
    ) -> Self {
        Self {
            binary: binaries.join(&spec.package),
            environment: lambda_environment(&spec)
                .into_iter()
                .chain(spec.environment.clone())
                .chain(environment)
                .collect(),
            idle: Mutex::new(Vec::new()),
            reserve: spec.reserved_concurrency.map(Semaphore::new),
            room: Semaphore::new(max_instances.max(1)),
            kills: watch::Sender::new(0),
            spec,
            log,
        }
    }

    /// What its processes have in their environment, but for the address of their Runtime API.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(crate) fn spec(&self) -> &template::Function {
        &self.spec
    }

    /// Runs one event through the function; `trace_id` is that of the request, if there is one.
    ///
    /// The function works to its end also when nobody waits for the answer any more, as in Lambda.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        event: Bytes,
        trace_id: Option<String>,
    ) -> Result<Bytes, Failure> {
        let function = Arc::clone(self);
        let work = tokio::spawn(async move { function.run(event, trace_id).await });
        work.await.unwrap_or(Err(Failure::Crashed))
    }

    async fn run(&self, event: Bytes, trace_id: Option<String>) -> Result<Bytes, Failure> {
        let _reserved = match &self.reserve {
            Some(reserve) => Some(reserve.try_acquire().map_err(|_| Failure::Throttled)?),
            None => None,
        };
        let Ok(_room) = self.room.acquire().await else {
            return Err(Failure::Crashed);
        };
        let mut kills = self.kills.subscribe();
        let mut instance = self.instance().await?;
        let timeout = self.spec.timeout;
        let call = Call {
            request_id: ids::request_id(),
            deadline_ms: (System.now() + timeout).millis(),
            function_arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", self.spec.name),
            trace_id: trace_id.unwrap_or_else(|| ids::trace_id(System.now())),
            event,
        };
        let outcome = tokio::select! {
            outcome = instance.invoke(call, timeout) => outcome,
            _ = kills.changed() => {
                instance.stop().await;
                Outcome::Exited("was killed".to_owned())
            }
        };
        match outcome {
            Outcome::Answered(answer) => {
                self.idle().push(instance);
                match answer {
                    Answer::Response(output) => Ok(output),
                    Answer::Error(error) => {
                        Err(Failure::Reported(String::from_utf8_lossy(&error).into_owned()))
                    }
                    Answer::TooLarge => {
                        self.say("its answer was over 6 MB");
                        Err(Failure::Reported("Function.ResponseSizeTooLarge".to_owned()))
                    }
                }
            }
            Outcome::Exited(how) => {
                self.say(&format!("{how} before it answered"));
                Err(Failure::Crashed)
            }
            Outcome::TimedOut => {
                self.say(&format!("timed out after {:.2} seconds", timeout.as_secs_f64()));
                Err(Failure::TimedOut)
            }
        }
    }

    /// Ends every instance at once, those at work in the middle of it.
    pub(crate) async fn kill(&self) {
        self.kills.send_modify(|kills| *kills += 1);
        self.stop().await;
    }

    /// Ends every idle instance; those at work end with their invocation.
    pub(crate) async fn stop(&self) {
        let instances = std::mem::take(&mut *self.idle());
        for mut instance in instances {
            instance.stop().await;
        }
    }

    /// An instance that waits for an event: an idle one if there is one that still lives.
    async fn instance(&self) -> Result<Instance, Failure> {
        loop {
            let Some(mut instance) = self.idle().pop() else {
                break;
            };
            match instance.ready().await {
                Ok(()) => return Ok(instance),
                Err(why) => self.say(&format!("{why} while it was idle")),
            }
        }
        let began = Instant::now();
        let started = Instance::start(&self.binary, &self.environment, &self.spec.package, &self.log).await;
        let mut instance = started.map_err(|error| {
            self.say(&format!("{} does not start: {error}", self.binary.display()));
            Failure::Crashed
        })?;
        if let Err(why) = instance.ready().await {
            self.say(&format!("{why} while starting"));
            instance.stop().await;
            return Err(Failure::Crashed);
        }
        self.say(&format!("started in {} ms", rounded_ms(began.elapsed())));
        Ok(instance)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, what: &str) {
        self.log.line(format!("{}: {what}", self.spec.package));
    }
}

/// Whole milliseconds, rounded.
pub(crate) fn rounded_ms(duration: Duration) -> u128 {
    (duration.as_micros() + 500) / 1000
}

/// The variables Lambda itself sets.
fn lambda_environment(spec: &template::Function) -> Vec<(String, String)> {
    let format = spec.log_format.as_ref();
    let level = format.and_then(|(_, level)| level.clone());
    let mut variables = vec![
        ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_rust".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    variables.extend(format.map(|(format, _)| ("AWS_LAMBDA_LOG_FORMAT", format.clone())));
    variables.extend(level.map(|level| ("AWS_LAMBDA_LOG_LEVEL", level)));
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
