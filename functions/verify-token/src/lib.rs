//! `POST /token/v2/verify`: what a token leads to, for the tenant's backends alone.

use shared::face::cside::Error;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline, TokenKeys, exchange};

/// Answers the datapoints of the visit whose token is the body, raw or as `{"token": "..."}`.
///
/// # Errors
/// 400, 401, 403 for a key without `telemetry:read` and for a page, 404 for a token that leads nowhere or belongs to
/// another tenant, 503.
pub async fn handle(app: &App, keys: &TokenKeys, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let visit = exchange::by_key(app, keys, request, now).await?;
    Ok(Reply::json_text(visit.bundle))
}
