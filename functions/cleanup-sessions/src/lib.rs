//! `POST /api/v1/sessions/cleanup` and the schedule: drops sessions whose time ran out.

use std::time::Duration;

use lambda_http::lambda_runtime;
use serde_json::Value;
use shared::face::bitcain::{CleanupReply, Error};
use shared::model::Scope;
use shared::runtime::http::{Reply, Request};
use shared::runtime::metrics::{self, Metric, Numbers};
use shared::runtime::{App, Deadline, answer};

/// Most guards one call over HTTP looks at.
const MOST_PER_CALL: u64 = 1_000;
/// Time kept back to write the watermark.
const RESERVE: Duration = Duration::from_secs(1);

/// Answers a request, or works off what the schedule finds due.
///
/// # Errors
/// When the schedule's run failed; the scheduler then tries again.
pub async fn handle_event(
    app: &App,
    event: &str,
    deadline: Deadline,
) -> Result<Value, lambda_runtime::Error> {
    if is_schedule(event) {
        return sweep(app, deadline).await;
    }
    let handle = async |request: Request, deadline| handle(app, &request, deadline).await;
    Ok(serde_json::to_value(
        answer(event, deadline, &app.front, &handle).await,
    )?)
}

fn is_schedule(event: &str) -> bool {
    serde_json::from_str::<Value>(event)
        .is_ok_and(|event| event.get("schedule").and_then(Value::as_str) == Some("cleanup-sessions"))
}

async fn sweep(app: &App, deadline: Deadline) -> Result<Value, lambda_runtime::Error> {
    // By a clock that went wrong since the start it would end what lives, and forget hours: the answer to its first read
    // tells.
    let may_go_on = || app.check_clock().is_ok() && RESERVE < deadline.left(app.clock.now());
    let now = app.clock.now();
    // A mark that is missing rings an alarm of its own, and keeps nobody from cleaning up.
    if let Err(error) = app.sessions.probe_stream(now).await {
        tracing::error!(error = &error as &dyn std::error::Error, "stream not marked");
    }
    let done = app.sessions.clean_due(None, u64::MAX, now, may_go_on).await?;
    app.check_clock()?;
    let mut numbers = Numbers::from([(Metric::WatermarkAge, done.behind.as_secs())]);
    if 0 < done.unreadable {
        numbers.insert(Metric::Unreadable, done.unreadable);
    }
    metrics::tell(&numbers, now);
    tracing::info!(
        expired = done.expired,
        guards = done.guards,
        unreadable = done.unreadable,
        complete = done.complete,
        "sessions cleaned up"
    );
    Ok(serde_json::json!({
        "expired": done.expired,
        "guards": done.guards,
        "unreadable": done.unreadable,
        "complete": done.complete,
    }))
}

/// Cleans up the caller's own expired sessions, or a part of the tenant's for an API key that administers it.
///
/// # Errors
/// 401, 403, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    let tenant = &caller.tenant.id;

    let done = if caller.is_backend() {
        caller.require(Scope::SessionsAdmin)?;
        let may_go_on = || app.check_clock().is_ok() && RESERVE < deadline.left(app.clock.now());
        app.sessions
            .clean_due(Some(tenant), MOST_PER_CALL, now, may_go_on)
            .await?
    } else {
        app.sessions
            .clean_subject(tenant, &caller.require_subject()?.key(tenant), now)
            .await?
    };

    Ok(Reply::json(&CleanupReply {
        expired: done.expired,
        deleted: done.expired,
    }))
}
