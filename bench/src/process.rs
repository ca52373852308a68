//! Functions as processes: how large they are, how fast they start and answer, what they use.

use std::path::Path;
use std::time::Duration;

use local::{Cloud, Options};
use serde_json::{Value, json};

use crate::report::{Table, say};
use crate::runtime_api::Running;
use crate::samples::{Samples, ms, us};
use crate::{Result, clients, http};

/// How much is timed.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Cold starts of each function.
    cold: usize,
    /// Warm invocations in each of those processes that are timed.
    warm: usize,
    /// Warm invocations over which processor time is taken.
    cpu: u32,
}

const FULL: Effort = Effort {
    cold: 30,
    warm: 20,
    cpu: 500,
};
const SMALLEST: Effort = Effort {
    cold: 1,
    warm: 1,
    cpu: 1,
};

/// Prints the size of every function's binary.
pub(crate) fn sizes(binaries: &Path, packages: &[String]) -> Result<()> {
    say(
        "## Binary size\n\nReference: 4.90 MB for a Rust function with the DynamoDB client, opt-level z, fat LTO, \
         stripped; target at most 5 MB. A dev build is neither optimised nor stripped, and not to be compared.",
    )?;
    let mut table = Table::new(&["binary", "bytes", "MB"]);
    for package in packages {
        let size = std::fs::metadata(binaries.join(package)).map(|it| it.len());
        let Ok(size) = size else {
            table.row([package.clone(), "not built here".to_owned(), "-".to_owned()]);
            continue;
        };
        // Tenths of a MB tell enough.
        let tenths = (size + 50_000) / 100_000;
        table.row([
            package.clone(),
            size.to_string(),
            format!("{}.{}", tenths / 10, tenths % 10),
        ]);
    }
    Ok(say(table)?)
}

/// Prints cold starts, warm invocations, processor time and memory.
pub(crate) async fn run(template: &Path, binaries: &Path, smallest: bool) -> Result<()> {
    let effort = if smallest { SMALLEST } else { FULL };
    let Effort { cold, warm, cpu } = effort;
    let mut options = Options::new(template, binaries);
    options.streams = false;
    let many = ("CreatesPerSubject".to_owned(), "10000".to_owned());
    options.parameters.extend([many]);
    let cloud = Cloud::start(options).await?;
    let token = cloud.token("bench-process")?;
    let session = http::Client::new(cloud.url()).open(&token).await?;
    let cases = [
        Case::new("route-fallback", "404, no client", "GET", "/nowhere", None, ""),
        Case::new("validate-session", "401, no bearer", "POST", VALIDATE, None, "{}"),
        Case::new(
            "validate-session",
            "authenticated, id malformed: no session is read",
            "POST",
            VALIDATE,
            Some(&token),
            &clients::validate_body("no-id"),
        ),
        Case::new(
            "validate-session",
            "valid, nothing changed: 1 read",
            "POST",
            VALIDATE,
            Some(&token),
            &clients::validate_body(&session),
        ),
        Case::new(
            "create-session",
            "full, evict: 3 requests",
            "POST",
            CREATE,
            Some(&token),
            &clients::create_body(),
        ),
    ];
    say(format_args!(
        "## Start, invocation, processor time, memory\n\n{cold} processes each, {warm} warm invocations timed in each; \
         p50 (p95) in ms; processor time is the difference of `/proc/<pid>/task/*/schedstat`, warm over {cpu} \
         invocations of the last process. The first invocation of an authenticated case also reads issuer and tenant \
         and fetches the key set. Reference (another machine, release opt-level z, roots compiled in, one GetItem, no \
         authentication): start 1.6-1.8, first 1.0-1.1, spawn to first answer 2.7-3.0 ms, 2.0-2.3 ms CPU to it, warm \
         0.23-0.35 ms, 5.2 MiB; the same as a dev build: 33-34, 5.8-6.8, 40, 39, 2.3-2.8, 19.2."
    ))?;
    let mut table = Table::new(&[
        "function",
        "case",
        "start to first poll",
        "first invocation",
        "start to first answer",
        "CPU to first answer",
        "warm",
        "CPU warm, us",
        "peak RSS, KiB",
    ]);
    for case in &cases {
        let binary = binaries.join(case.function);
        if binary.exists() {
            table.row(
                case.measure(&binary, &environment(&cloud, case.function)?, effort)
                    .await?,
            );
        }
    }
    say(table)?;
    cloud.shutdown().await;
    Ok(())
}

/// The path of validate.
pub(crate) const VALIDATE: &str = "/api/v1/sessions/validate";
const CREATE: &str = "/api/v1/sessions/create";

/// One event for one function.
struct Case {
    function: &'static str,
    name: &'static str,
    event: String,
}

impl Case {
    fn new(
        function: &'static str,
        name: &'static str,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Self {
        Self {
            function,
            name,
            event: event(method, path, token, body).to_string(),
        }
    }

    async fn measure(
        &self,
        binary: &Path,
        environment: &[(String, String)],
        effort: Effort,
    ) -> Result<Vec<String>> {
        let (mut starts, mut firsts, mut answers, mut cpus) = (vec![], vec![], vec![], vec![]);
        let (mut warm, mut warm_cpu, mut peak) = (vec![], Duration::ZERO, 0);
        for number in 0..effort.cold {
            let mut running = Running::start(binary, environment).await?;
            let polled = running.polled().await?;
            starts.push(polled - running.started);
            let (first, answer) = running.invoke(&self.event).await?;
            if number == 0 {
                self.check(&answer)?;
            }
            firsts.push(first);
            answers.push(polled - running.started + first);
            cpus.push(running.cpu()?);
            for _ in 0..effort.warm {
                running.polled().await?;
                warm.push(running.invoke(&self.event).await?.0);
            }
            if number + 1 == effort.cold {
                let before = running.cpu()?;
                for _ in 0..effort.cpu {
                    running.polled().await?;
                    running.invoke(&self.event).await?;
                }
                warm_cpu = running.cpu()?.saturating_sub(before) / effort.cpu;
            }
            peak = peak.max(running.peak_rss()?);
            running.stop().await?;
        }
        let shown = |readings: Vec<Duration>| {
            let samples: Samples = readings.into_iter().collect();
            format!("{} ({})", ms(samples.percentile(50)), ms(samples.percentile(95)))
        };
        Ok(vec![
            self.function.to_owned(),
            self.name.to_owned(),
            shown(starts),
            shown(firsts),
            shown(answers),
            shown(cpus),
            shown(warm),
            us(warm_cpu),
            peak.to_string(),
        ])
    }

    /// A case that does not answer as its name says would be measured for nothing.
    fn check(&self, answer: &[u8]) -> Result<()> {
        let answer: Value = serde_json::from_slice(answer)?;
        let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
        let expected = match self.name.split([',', ':']).next() {
            Some("404") => answer.get("statusCode") == Some(&json!(404)),
            Some("401") => answer.get("statusCode") == Some(&json!(401)),
            Some("valid") => body.contains("\"is_valid\":true"),
            Some("full") => body.contains("\"success\":true"),
            _ => body.contains("\"is_valid\":false"),
        };
        if expected {
            Ok(())
        } else {
            Err(format!("{}, {}: answered {answer}", self.function, self.name).into())
        }
    }
}

/// A payload 2.0 event, with the headers a gateway sends.
pub(crate) fn event(method: &str, path: &str, token: Option<&str>, body: &str) -> Value {
    let mut headers = json!({
        "accept": "*/*",
        "content-length": body.len().to_string(),
        "content-type": "application/json",
        "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "user-agent": "curl/8.5.0",
        "x-amzn-trace-id": "Root=1-674a1b2c-0123456789abcdef01234567",
        "x-forwarded-for": clients::IP,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https"
    });
    if let (Some(token), Some(headers)) = (token, headers.as_object_mut()) {
        headers.insert("authorization".to_owned(), format!("Bearer {token}").into());
    }
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": clients::IP,
                "userAgent": "curl/8.5.0"
            },
            "requestId": "BxQ0TjK1IAMEJpA=",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "29/Nov/2024:19:52:44 +0000",
            "timeEpoch": 1_732_909_964_000_u64
        },
        "body": body,
        "isBase64Encoded": false
    })
}

/// What Lambda, the template and the local cloud give a function.
fn environment(cloud: &Cloud, function: &str) -> Result<Vec<(String, String)>> {
    Ok(cloud.environment(function)?.to_vec())
}
