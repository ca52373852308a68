//! `POST /api/v1/session/{session_id}/revoke`: revokes the session that was fetched.

use shared::face::prefactor::{Error, RevokeReply, session_id, summary};
use shared::model::{Ending, Reason, Scope};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};
use shared::service::{Fetched, State};

/// Said of a session that is over.
const OVER: Error = Error::InvalidAction("the session has ended, there is nothing to revoke");

/// Revokes a session of the caller, or of the subject an API key acts for, or of anyone in the key's tenant when it
/// names nobody. The body is not read.
///
/// # Errors
/// 400, 401, 403, 404, 409 when the session has ended, 500, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require(Scope::SessionsWrite)?;
    let tenant = &caller.tenant;
    let named = request.parameter("session_id").unwrap_or_default();
    let id = session_id(named, tenant.partition)?;

    let fetched = match caller.subject() {
        Some(subject) => {
            let subject = subject.key(&tenant.id);
            app.sessions.fetch_of(&tenant.id, &subject, id, now).await?
        }
        None => app.sessions.fetch(&tenant.id, id, now).await?,
    };
    let session = fetched.ok_or(Error::NotFound("session"))?;
    if session.state != State::Active {
        return Err(OVER);
    }
    let owner = session.record.owner().ok_or(Error::NotFound("session"))?;
    let subject = owner.key(&tenant.id);
    let reason = Reason::Revoked;
    if !app
        .sessions
        .end(&tenant.id, &subject, id, reason, None, now)
        .await?
    {
        return Err(OVER);
    }

    let revoked = Fetched {
        state: State::Ended(Ending { at: now, reason }),
        ..session
    };
    let details = summary(tenant, &revoked, &app.intelligence).ok_or(Error::NotFound("session"))?;
    Ok(Reply::json(&RevokeReply::new(details)))
}
