//! How long a client waits, through the whole local cloud: gateway, real binaries, embedded engine.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use local::{Cloud, Options};

use crate::report::{Table, say};
use crate::samples::{Samples, ms};
use crate::{Result, clients, http};

/// Clients at a time, and requests of each of them that are timed.
const LOADS: [(usize, usize); 2] = [(1, 200), (32, 12)];
const SMALLEST_LOADS: [(usize, usize); 2] = [(1, 1), (2, 1)];
/// Requests of each client before its first that is timed.
const WARM_UP: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Operation {
    Fingerprint,
    Create,
    Validate,
    List,
    Logout,
    Revoke,
}

/// Measures every endpoint that users call and prints the table.
pub(crate) async fn run(template: &Path, binaries: &Path, smallest: bool) -> Result<()> {
    say(
        "## Latency through the local cloud\n\nms, over loopback: this program's HTTP client, the local gateway, the \
         functions' real binaries, the embedded engine over HTTP, all on this one machine; at most as many \
         instances as clients, warmed by 3 requests of each client; one still missing then starts inside the figures. create is that of a subject that holds its 5 and evicts, \
         logout and revoke end a session opened, untimed, right before. Not AWS. Reference (AWS, 128 MB, published): \
         a Rust function with one DynamoDB call p50 5.1 to 6.7 ms of duration.",
    )?;
    let mut table = Table::new(&[
        "operation",
        "clients",
        "requests",
        "p50",
        "p99",
        "max",
        "other than 200",
    ]);
    for operation in [
        Operation::Fingerprint,
        Operation::Create,
        Operation::Validate,
        Operation::List,
        Operation::Logout,
        Operation::Revoke,
    ] {
        for package in [operation.package(), "create-session"] {
            if !binaries.join(package).exists() {
                return Err(format!("{package} is not built in {}", binaries.display()).into());
            }
        }
        for load in if smallest { SMALLEST_LOADS } else { LOADS } {
            // A cloud of its own, so that no earlier load's processes are about.
            table.row(measure(template, binaries, operation, load).await?);
        }
    }
    Ok(say(table)?)
}

async fn measure(
    template: &Path,
    binaries: &Path,
    operation: Operation,
    (clients, each): (usize, usize),
) -> Result<Vec<String>> {
    let mut options = Options::new(template, binaries);
    options.max_instances = clients;
    options.streams = false;
    for throttle in [
        "ManageRequestsPerSecond",
        "ValidateRequestsPerSecond",
        "CreatesPerSubject",
    ] {
        options.parameters.insert(throttle.to_owned(), "10000".to_owned());
    }
    let cloud = Cloud::start(options).await?;
    let start = Arc::new(tokio::sync::Barrier::new(clients));
    let mut tasks = Vec::new();
    for number in 0..clients {
        let token = cloud.token(&format!("bench-{number}"))?;
        let client = http::Client::new(cloud.url());
        let start = Arc::clone(&start);
        tasks.push(tokio::spawn(async move {
            let session = client.open(&token).await?;
            let mut readings = Vec::new();
            for turn in 0..WARM_UP + each {
                if turn == WARM_UP {
                    start.wait().await;
                }
                let reading = operation.time(&client, &token, &session).await?;
                if WARM_UP <= turn {
                    readings.push(reading);
                }
            }
            Result::Ok(readings)
        }));
    }
    let mut readings = Vec::new();
    for task in tasks {
        readings.extend(task.await??);
    }
    cloud.shutdown().await;
    let failed = readings.iter().filter(|(_, ok)| !ok).count();
    let samples: Samples = readings.into_iter().map(|(reading, _)| reading).collect();
    Ok(vec![
        operation.package().to_owned(),
        clients.to_string(),
        samples.len().to_string(),
        ms(samples.percentile(50)),
        ms(samples.percentile(99)),
        ms(samples.percentile(100)),
        failed.to_string(),
    ])
}

impl Operation {
    const fn package(self) -> &'static str {
        match self {
            Self::Fingerprint => "generate-fingerprint",
            Self::Create => "create-session",
            Self::Validate => "validate-session",
            Self::List => "list-active-sessions",
            Self::Logout => "logout-session",
            Self::Revoke => "revoke-session",
        }
    }

    /// One request: how long it took, and whether it was answered 200.
    async fn time(self, client: &http::Client, token: &str, session: &str) -> Result<(Duration, bool)> {
        let opened = match self {
            Self::Logout | Self::Revoke => client.open(token).await?,
            _ => session.to_owned(),
        };
        let (method, path, body) = match self {
            Self::Fingerprint => ("POST", "/fingerprint".to_owned(), clients::fingerprint_body()),
            Self::Create => ("POST", "/create".to_owned(), clients::create_body()),
            Self::Validate => ("POST", "/validate".to_owned(), clients::validate_body(&opened)),
            Self::List => ("GET", "/active".to_owned(), String::new()),
            Self::Logout => ("POST", "/logout".to_owned(), clients::logout_body(&opened)),
            Self::Revoke => ("DELETE", format!("/{opened}"), String::new()),
        };
        let began = Instant::now();
        let (status, _) = client.send(method, &path, token, &body).await?;
        Ok((began.elapsed(), status == 200))
    }
}
