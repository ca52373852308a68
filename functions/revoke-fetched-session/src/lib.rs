//! `POST /api/v1/session/{session_id}/revoke`: revokes the session that was fetched.

use shared::auth::Caller;
use shared::clock::TOLERATED_SKEW;
use shared::face::prefactor::{Error, RevokeReply, session_id, summary};
use shared::model::{Ending, Instant, Reason, Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::{First, Once};
use shared::runtime::{App, Deadline};
use shared::service::{Fetched, State};

/// Revokes a session of the caller, or of the subject an API key acts for, or of anyone in the key's tenant when it
/// names nobody. The body is not read.
///
/// # Errors
/// 400, 401, 403, 404, 409 when the session has ended, 500, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require(Scope::SessionsWrite)?;
    let named = request.parameter("session_id").unwrap_or_default();
    let id = session_id(named, caller.tenant.partition)?;

    let once = Once {
        caller: &caller,
        request,
        // Names this sending; the session has its name already.
        id: SessionId::draw(now, app.entropy.as_ref())?,
        now,
        deadline,
        status: 200,
    };
    once.answer(app, async |_, first| {
        let revoked = revoke(app, &caller, id, first, now).await?;
        let details = summary(&caller.tenant, &revoked, &app.intelligence);
        let details = details.ok_or(Error::NotFound("session"))?;
        Ok(Reply::json(&RevokeReply::new(details)))
    })
    .await
}

/// Revokes the session now. An earlier sending of the request that was cut short may have revoked it already.
async fn revoke(
    app: &App,
    caller: &Caller,
    id: SessionId,
    first: First,
    now: Instant,
) -> Result<Fetched, Error> {
    let tenant = &caller.tenant.id;
    let fetched = match caller.subject() {
        Some(subject) => {
            app.sessions
                .fetch_of(tenant, &subject.key(tenant), id, now)
                .await?
        }
        None => app.sessions.fetch(tenant, id, now).await?,
    };
    let session = fetched.ok_or(Error::NotFound("session"))?;
    let ours = Ending {
        at: now,
        reason: Reason::Revoked,
    };
    let ended = match session.state {
        State::Active => {
            let owner = session.record.owner().ok_or(Error::NotFound("session"))?;
            let key = owner.key(tenant);
            app.sessions
                .end(tenant, &key, id, ours.reason, None, ours.at)
                .await?
        }
        State::Ended(ending) => {
            // Whose clock wrote either of the two may be off.
            let since = first.since - TOLERATED_SKEW - TOLERATED_SKEW;
            first.resumed && ending.reason == ours.reason && since <= ending.at
        }
    };
    if ended {
        Ok(Fetched {
            state: State::Ended(ours),
            ..session
        })
    } else {
        Err(Error::InvalidAction(
            "the session has ended, there is nothing to revoke",
        ))
    }
}
