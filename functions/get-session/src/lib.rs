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

    let session = app.sessions.named(&caller.tenant, named, now).await?;
    let tenant = &caller.tenant.id;
    let visible = session.filter(|it| it.belongs_to(tenant, |owner| caller.may_see(owner)));

    let session = visible.ok_or(Error::SessionNotFound)?;
    Ok(Reply::json(&Session::of(tenant, &session)))
}
