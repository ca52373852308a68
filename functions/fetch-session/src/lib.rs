//! `GET /api/v1/session/{session_id}`: one session, and what the caller may do with it now.

use shared::face::prefactor::{Actions, Error, FetchReply, may_revoke, session_id, summary};
use shared::model::Scope;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Tells of a session of the caller, or of the subject an API key acts for, or of anyone in the key's tenant when it
/// names nobody. Changes nothing.
///
/// # Errors
/// 400, 401, 403, 404, 500, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let tenant = &caller.tenant;
    let named = request.parameter("session_id").unwrap_or_default();
    let id = session_id(named, tenant.partition)?;

    let session = match caller.subject() {
        Some(subject) => {
            let subject = subject.key(&tenant.id);
            app.sessions.fetch_of(&tenant.id, &subject, id, now).await?
        }
        None => app.sessions.fetch(&tenant.id, id, now).await?,
    }
    .ok_or(Error::NotFound("session"))?;

    let actions = Actions {
        revoke: may_revoke(&caller, &session),
    };
    let summary = summary(tenant, &session, &app.intelligence).ok_or(Error::NotFound("session"))?;
    Ok(Reply::json(&FetchReply::new(actions, summary)))
}
