//! `GET /v1/sessions/{id}`: one session, by its id in either spelling or by the caller's own id of it.

use shared::face::corsa::{Error, Session};
use shared::model::Scope;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Answers a session of either kind, live or ended.
///
/// # Errors
/// 401, 403, 404 when there is none that the caller may see, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let named = request.parameter("id").unwrap_or_default();

    let tenant = &caller.tenant;
    let only = caller.subject().map(|subject| subject.key(&tenant.id));

    let session = app.sessions.named(tenant, only.as_ref(), named, now).await?;

    let session = session.ok_or(Error::SessionNotFound)?;
    Ok(Reply::json(&Session::of(&tenant.id, &session)))
}
