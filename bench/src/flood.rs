//! What junk costs, by its kind, while validates run beside it: through the whole local cloud, at list prices.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::{Cloud, Options};
use serde_json::{Value, json};
use shared::clock::{Clock as _, Entropy as _, System};
use tests::engine::Engine;
use tests::proxy::{Proxy, Usage};

use crate::http::{Client, Sent};
use crate::prices::Used;
use crate::report::{Table, say};
use crate::samples::{Samples, ms};
use crate::{Result, clients, http};

/// Requests of each kind, and how many of them are on their way at a time.
const EACH: usize = 400;
const SMALLEST: usize = 40;
const ABREAST: usize = 8;
/// Where the local gateway reads a request's address.
const ADDRESS: &str = "x-bench-address";
const SECRET_HEADER: &str = "x-holdfast-origin";
const SECRET: &str = "bench-0123456789abcdefghijklmnopqrstuv";
/// The address of who validates. Each kind of junk comes from a network of 198.18.0.0/15, or from 10.0.0.0/8 where from many.
const VALIDATOR: &str = "198.51.100.7";
/// A body over what create reads.
const OVERSIZED: usize = 17 * 1024;
/// Throttles that are out of the way, so that what is behind them is measured.
const OPEN: [&str; 4] = [
    "ManageRequestsPerSecond",
    "ValidateRequestsPerSecond",
    "TelemetryRequestsPerSecond",
    "UnknownRequestsPerSecond",
];

/// A kind of junk.
struct Kind {
    title: &'static str,
    function: &'static str,
    make: Box<dyn Fn(usize) -> Sent>,
}

/// What came of one kind.
struct Flooded {
    answers: BTreeMap<u16, usize>,
    invocations: usize,
    times: Samples,
    usage: Usage,
}

/// Floods a local cloud with each kind of junk and prints what a million of it would cost.
///
/// # Errors
/// When a validate beside it failed.
pub(crate) async fn run(template: &Path, binaries: &Path, smallest: bool) -> Result<()> {
    let each = if smallest { SMALLEST } else { EACH };
    say(format_args!(
        "## Under flood\n\n{each} requests of each kind, {ABREAST} at a time, with the route's throttles out of the way, \
         through the local gateway to the functions' real binaries; requests to the table counted by the proxy, the reads \
         of starting instances among them. Beside it one client validates its session. US$ for a million such requests, all \
         billed, at the list prices of the README and its 5 ms of an invocation; what is bounded is averaged over these \
         {each}, so a longer flood costs less of it. ms are those of this machine."
    ))?;
    let engine = Engine::start().await;
    let proxy = Proxy::start(engine.url()).await;
    let cloud = Cloud::start(options(template, binaries, &engine, &proxy)?).await?;
    let client = Client::new(cloud.url());
    let token = cloud.token("bench-validator")?;
    let opened = Sent::post("/api/v1/sessions/create", clients::create_body())
        .header(SECRET_HEADER, SECRET)
        .header("authorization", &format!("Bearer {token}"));
    let session = http::opened(&client.send_this(opened).await?.1)?;

    let mut table = Table::new(&[
        "kind",
        "answers",
        "invocations",
        "ms, p50",
        "read units",
        "write units",
        "US$ a million",
        "validates beside",
        "of them failed",
    ]);
    let (mut all, mut failed) = (0, 0);
    for (number, kind) in kinds(&cloud)?.into_iter().enumerate() {
        let from = format!("198.18.{number}.1");
        let sender = Client::new(cloud.url());
        let flood = proxy.record(send_all(&sender, &kind, &from, each));
        let ((flooded, usage), beside) = with_validates(cloud.url(), &token, &session, flood).await?;
        let (answers, invocations, times) = flooded?;
        let usage = usage.only(|call| call.request.tag == kind.function);
        let flooded = Flooded {
            answers,
            invocations,
            times,
            usage,
        };
        all += beside.0;
        failed += beside.1;
        table.row(row(&kind, each, &flooded, beside));
    }
    cloud.shutdown().await;
    say(&table)?;
    say(format_args!(
        "{all} validates beside the flood, {failed} of them failed."
    ))?;
    if all == 0 {
        return Err("no validate ran beside the flood".into());
    }
    if 0 < failed {
        return Err(format!("{failed} of {all} validates failed beside the flood").into());
    }
    Ok(())
}

fn options(template: &Path, binaries: &Path, engine: &Engine, proxy: &Proxy) -> Result<Options> {
    let mut options = Options::new(template, binaries);
    options.streams = false;
    options.max_instances = ABREAST;
    options.client_ip_header = Some(ADDRESS.to_owned());
    options.dynamodb_endpoint = Some(engine.url().to_owned());
    let open = OPEN.map(|it| (it.to_owned(), "10000".to_owned()));
    options.parameters.extend(open);
    let secret = ("OriginSecret".to_owned(), SECRET.to_owned());
    options.parameters.extend([secret]);
    let functions = local::template::Template::load(template, &options.parameters)?.functions;
    for function in functions {
        if !binaries.join(&function.package).exists() {
            return Err(format!("{} is not built in {}", function.package, binaries.display()).into());
        }
        let endpoint = proxy.url(&function.package);
        let environment = BTreeMap::from([("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), endpoint)]);
        options.environment.insert(function.package, environment);
    }
    Ok(options)
}

fn kinds(cloud: &Cloud) -> Result<Vec<Kind>> {
    const CREATE: &str = "/api/v1/sessions/create";
    let key = "a".repeat(43);
    let good = cloud.token("bench-flooder")?;
    let create = |authorization: Option<String>| {
        let sent = Sent::post(CREATE, clients::create_body()).header(SECRET_HEADER, SECRET);
        authorization.map_or(sent.clone(), |it| {
            sent.header("authorization", &format!("Bearer {it}"))
        })
    };
    let client = format!("/client?siteKey={}", cloud.site_key());
    let page = cloud.url().to_owned();
    let tell = move |path: &str, body: String| {
        Sent::post(path, body)
            .header(SECRET_HEADER, SECRET)
            .header("origin", &page)
            .header("user-agent", clients::USER_AGENT)
    };
    let (expired, forged) = (
        changed(&good, |it| it["exp"] = json!(1))?,
        changed(&good, |_| {})?,
    );
    let stranger = |number: usize| {
        let claims = json!({
            "iss": format!("https://{number}.invalid"), "aud": "a", "sub": "a",
            "iat": System.now().secs(), "exp": System.now().secs() + 60,
        });
        let parts =
            [json!({"alg": "ES256", "typ": "JWT"}), claims].map(|it| encode(it.to_string().as_bytes()));
        format!("{}.{}", parts.join("."), encode(&[1; 64]))
    };
    let network = |number: usize| format!("10.{}.{}.1", number / 256 % 256, number % 256);
    let kind = |title, function, make: Box<dyn Fn(usize) -> Sent>| Kind {
        title,
        function,
        make,
    };
    let sessions = "create-session";
    Ok(vec![
        kind("past the front: no secret", sessions, {
            Box::new(move |_| Sent::post(CREATE, clients::create_body()))
        }),
        kind("unknown path", "route-fallback", {
            Box::new(move |_| Sent::get("/junk").header(SECRET_HEADER, SECRET))
        }),
        kind("no credential", sessions, Box::new(move |_| create(None))),
        kind("malformed API key", sessions, {
            Box::new(move |_| create(Some("id:short".to_owned())))
        }),
        kind("unknown API keys, one network", sessions, {
            let key = key.clone();
            Box::new(move |number| create(Some(format!("junk-{number}:{key}"))))
        }),
        kind("unknown API keys, a network each", sessions, {
            let key = key.clone();
            Box::new(move |number| {
                let junk = create(Some(format!("far-{number}:{key}")));
                junk.header(ADDRESS, &network(number))
            })
        }),
        kind("malformed token", sessions, {
            Box::new(move |_| create(Some("a.b.c".to_owned())))
        }),
        kind("tokens of unknown issuers, one network", sessions, {
            Box::new(move |number| create(Some(stranger(number))))
        }),
        kind("expired token", sessions, {
            Box::new(move |_| create(Some(expired.clone())))
        }),
        kind("forged signature", sessions, {
            Box::new(move |_| create(Some(forged.clone())))
        }),
        kind("body over 16 KiB", sessions, {
            let good = good.clone();
            Box::new(move |_| create(Some(good.clone())).body("x".repeat(OVERSIZED)))
        }),
        kind("creates of one user", sessions, {
            Box::new(move |_| create(Some(good.clone())))
        }),
        kind("telemetry of unknown sites", "collect-telemetry", {
            let tell = tell.clone();
            Box::new(move |number| tell(&format!("/client?siteKey=junk{number}"), "{}".to_owned()))
        }),
        kind("telemetry that is none", "collect-telemetry", {
            let (tell, client) = (tell.clone(), client.clone());
            Box::new(move |_| tell(&client, "{}".to_owned()))
        }),
        kind("telemetry, well-formed, one network", "collect-telemetry", {
            Box::new(move |_| tell(&client, telemetry()))
        }),
    ])
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with other claims under the signature of the first; with the same ones, under another signature.
fn changed(token: &str, change: impl FnOnce(&mut Value)) -> Result<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts.as_slice() else {
        return Err("a token has three parts".into());
    };
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    change(&mut claims);
    Ok(format!(
        "{header}.{}.{}",
        encode(claims.to_string().as_bytes()),
        encode(&[1; 64])
    ))
}

/// What a page tells, with a nonce of its own.
fn telemetry() -> String {
    let mut nonce = [0; 16];
    // Without randomness it is a copy, which is counted as what it is answered.
    let _ = System.fill(&mut nonce);
    json!({
        "version": 1, "nonce": encode(&nonce), "collectedAt": System.now().millis(), "externalIds": {},
        "components": {
            "userAgent": clients::USER_AGENT, "platform": "Win32", "languages": ["en-US", "en"],
            "timeZone": "America/New_York", "timeZoneOffsetMinutes": 300, "hardwareConcurrency": 8, "deviceMemory": 8,
            "screen": {"width": 1920, "height": 1080, "colorDepth": 24, "pixelRatio": 1},
        },
        "automation": {"webdriver": false},
    })
    .to_string()
}

type Answers = (BTreeMap<u16, usize>, usize, Samples);

/// Sends all of a kind: how often each status was answered, how many reached a function, and how long they took.
async fn send_all(client: &Client, kind: &Kind, from: &str, each: usize) -> Result<Answers> {
    let (mut answers, mut invocations, mut times) = (BTreeMap::new(), 0, Vec::new());
    for first in (0..each).step_by(ABREAST) {
        let numbers = first..each.min(first + ABREAST);
        let sent = numbers.map(|number| async move {
            let began = Instant::now();
            let (status, body) = client
                .send_this((kind.make)(number).or_header(ADDRESS, from))
                .await?;
            Result::Ok((status, body, began.elapsed()))
        });
        for answer in futures::future::join_all(sent).await {
            let (status, body, took) = answer?;
            *answers.entry(status.as_u16()).or_default() += 1;
            // What the gateway answers by itself.
            if !body.starts_with(br#"{"message":"Too Many Requests"}"#) {
                invocations += 1;
                times.push(took);
            }
        }
    }
    Ok((answers, invocations, times.into_iter().collect()))
}

/// Runs `work` with one client that validates beside it; how many validates there were, and how many failed.
async fn with_validates<T>(
    url: &str,
    token: &str,
    session: &str,
    work: impl Future<Output = T>,
) -> Result<(T, (usize, usize))> {
    let over = Arc::new(AtomicBool::new(false));
    let client = Client::new(url);
    let body = clients::validate_body(session);
    let (seen, token) = (Arc::clone(&over), token.to_owned());
    let validates = tokio::spawn(async move {
        let (mut all, mut failed) = (0, 0);
        // At least one beside the shortest flood.
        while all == 0 || !seen.load(Ordering::SeqCst) {
            let sent = Sent::post("/api/v1/sessions/validate", body.clone())
                .header(SECRET_HEADER, SECRET)
                .header(ADDRESS, VALIDATOR)
                .header("authorization", &format!("Bearer {token}"));
            let answer = client.send_this(sent).await;
            let valid = answer.is_ok_and(|(status, body)| {
                let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                status == StatusCode::OK && answer.get("is_valid") == Some(&json!(true))
            });
            all += 1;
            failed += usize::from(!valid);
        }
        (all, failed)
    });
    let done = work.await;
    over.store(true, Ordering::SeqCst);
    Ok((done, validates.await?))
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
fn row(kind: &Kind, each: usize, flooded: &Flooded, (beside, failed): (usize, usize)) -> Vec<String> {
    let all = each as f64;
    let indexes: f64 = flooded.usage.index_wcu.values().sum();
    let used = Used {
        invocations: flooded.invocations as f64 / all,
        reads: flooded.usage.rcu / all,
        writes: (flooded.usage.table_wcu + indexes) / all,
    };
    let answers = flooded
        .answers
        .iter()
        .map(|(status, count)| format!("{count} x {status}"));
    vec![
        kind.title.to_owned(),
        answers.collect::<Vec<_>>().join(", "),
        flooded.invocations.to_string(),
        ms(flooded.times.percentile(50)),
        flooded.usage.rcu.to_string(),
        (flooded.usage.table_wcu + indexes).to_string(),
        format!("{:.2}", used.price_of_a_million()),
        beside.to_string(),
        failed.to_string(),
    ]
}
