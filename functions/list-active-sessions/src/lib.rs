//! `GET /api/v1/sessions/active`: who is logged in where.

use shared::face::bitcain::{ActiveReply, Error};
use shared::model::{Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Lists the live sessions of the caller, or of the subject an API key acts for, the newest first.
///
/// # Errors
/// 401, 403, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let subject = caller.require_subject()?.key();
    let named = caller.session_claim().or_else(|| request.header("x-session-id"));
    let current = named.and_then(|text| SessionId::parse(text, caller.tenant.partition).ok());

    let sessions = app.sessions.active(&caller.tenant.id, &subject, now).await?;

    Ok(Reply::json(&ActiveReply::of(&sessions, current, caller.tenant.policy.max_concurrent)))
}
