//! `POST /token/v1/client`: what a token leads to, whole.

use shared::face::cside::Error;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline, TokenKeys, exchange};

/// Answers the datapoints of the visit whose token is the body.
///
/// # Errors
/// 400 for an empty body, 401 and 403 where the tenant wants an API key, 403 for a page, 404 for a token that leads
/// nowhere, 503.
pub async fn handle(app: &App, keys: &TokenKeys, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let visit = exchange::by_token(app, keys, request, now).await?;
    Ok(Reply::json_text(visit.bundle))
}
