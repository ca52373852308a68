//! `POST /token/v1/clientId`: the client id a token leads to, as text.

use shared::face::cside::{Error, TEXT, Textual};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline, TokenKeys, exchange};

/// Answers the client id of the visit whose token is the body: the id and nothing else. A failure has no body at all, so
/// that none is ever kept in place of an id.
///
/// # Errors
/// 400 for an empty body, 401 and 403 where the tenant wants an API key, 403 for a page, 404 for a token that leads
/// nowhere or to a visit without an id, 503.
pub async fn handle(app: &App, keys: &TokenKeys, request: &Request, _: Deadline) -> Result<Reply, Textual> {
    let now = app.clock.now();
    let visit = exchange::by_token(app, keys, request, now).await?;
    let id = visit.client.ok_or(Error::NoToken)?;
    Ok(Reply::text(TEXT, id))
}
