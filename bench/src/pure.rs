//! The parts of a validate that are plain functions, timed alone in this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use shared::face::bitcain::{ValidateInput, ValidateReply};
use shared::model::{Facts, HeldSession, Instant as Moment, Trail};
use shared::policy::{EvidencePolicy, Lists, RiskPolicy};
use shared::risk;
use shared::runtime::http::{Reply, Request};
use shared::service::context;

use crate::report::{Table, say};
use crate::samples::us;
use crate::{Result, clients, process};

/// Runs of each part before those that are timed, and timed.
const RUNS: (u32, u32) = (200, 5_000);
const ID: &str = "0193a5c8-7e2a-7c41-9d0e-5b1f6a2c3d4e";

/// Times each part and prints the table.
pub(crate) fn run() -> Result<()> {
    say(
        "## Processor time outside the SDK, by part\n\nThe mean of 5,000 runs in a loop in this program, single \
         thread, so in the profile this program was built in. Target: at most 50 us in all, at most 10 us of it \
         parsing. Reference (x86, release): event 4.3, body 0.14, SHA-256 of the fingerprint 0.20, reply 0.09. Runtime \
         client, authentication and log are in the table of processes, not here.",
    )?;
    let body = clients::validate_body(ID);
    let event =
        process::event("POST", process::VALIDATE, Some("header.payload.signature"), &body).to_string();
    let now = Moment::from_secs(1_800_000_000);
    let (seen, _) = context(clients::IP, clients::USER_AGENT, None, true, Facts::default());
    let held = HeldSession {
        created_at: now,
        last_activity_at: now,
        idle_timeout: Duration::from_mins(60),
        absolute_expiry: now + Duration::from_hours(24),
        fingerprint: seen.fingerprint,
        ipv4: match seen.address {
            Some(std::net::IpAddr::V4(it)) => Some(it),
            _ => None,
        },
        ipv6: None,
        user_agent: seen.user_agent_digest(),
        risk: 0,
        country: None,
        asn: None,
        geo: None,
        anonymous: false,
        trail: Trail::default(),
    };
    let policy = RiskPolicy::default();
    let lists = Lists::default();
    let evidence = risk::Evidence {
        told: None,
        held: &held,
        record: None,
        profile: None,
        context: &seen,
        lists: &lists,
        promises: EvidencePolicy::default(),
        now,
    };
    let judge = || risk::assess(&evidence);
    let assessment = judge();
    let parts = [
        (
            "read the event",
            time(|| Request::read(black_box(&event)).is_ok()),
        ),
        (
            "read the body",
            time(|| ValidateInput::read(black_box(body.as_bytes())).is_ok()),
        ),
        (
            "context: user agent, fingerprint, address",
            time(|| {
                context(
                    black_box(clients::IP),
                    black_box(clients::USER_AGENT),
                    None,
                    true,
                    Facts::default(),
                )
            }),
        ),
        ("risk", time(|| (risk::needs_history(&evidence), judge()))),
        (
            "reply, with the explanation",
            time(|| {
                Reply::json(&ValidateReply {
                    is_valid: true,
                    error_message: None,
                    session_id: Some(ID.to_owned()),
                    is_suspicious: false,
                    risk_score: assessment.score().get(),
                    risk: Some(assessment.explain(&policy)),
                })
            }),
        ),
    ];
    let mut table = Table::new(&["part", "us"]);
    let mut sum = Duration::ZERO;
    for (part, (mean, fraction)) in parts {
        sum += mean;
        table.row([part.to_owned(), fraction]);
    }
    table.row(["together".to_owned(), us(sum)]);
    Ok(say(table)?)
}

/// The mean time of one run, and the same in microseconds.
fn time<T>(work: impl Fn() -> T) -> (Duration, String) {
    for _ in 0..RUNS.0 {
        black_box(work());
    }
    let began = Instant::now();
    for _ in 0..RUNS.1 {
        black_box(work());
    }
    let mean = began.elapsed() / RUNS.1;
    (mean, us(mean))
}
