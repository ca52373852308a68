//! `DELETE /api/v1/sessions/{session_id}`: revokes one session, with a reason.

use shared::face::bitcain::{Error, RevokeInput, RevokeReply};
use shared::model::{Reason, Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Revokes a session of the caller, or of the subject an API key acts for.
///
/// # Errors
/// 401, 403, 404 when the session is not held, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require(Scope::SessionsWrite)?;
    let input = RevokeInput::read(&request.body)?;
    let named = request.parameter("session_id").unwrap_or_default();
    let id = SessionId::parse(named, caller.tenant.partition).map_err(|_| Error::SessionNotFound)?;
    let tenant = &caller.tenant.id;
    let owner = app
        .sessions
        .owner(tenant, caller.subject(), id)
        .await?
        .ok_or(Error::SessionNotFound)?;

    let note = Some(input.reason.as_str());
    if app
        .sessions
        .end(tenant, &owner.subject, id, Reason::Revoked, note, now)
        .await?
    {
        Ok(Reply::json(&RevokeReply { success: true }))
    } else {
        Err(Error::SessionNotFound)
    }
}
