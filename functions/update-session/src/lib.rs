//! `PUT /v1/sessions/{id}`: says when a session ended.

use shared::auth::Caller;
use shared::face::corsa::{Error, Session, UpdateInput};
use shared::model::{Instant, Reason, Scope, SessionId, Tenure};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::Once;
use shared::runtime::{App, Deadline};
use shared::service::{Fetched, State};

/// Ends a session of either kind, or moves the end of one that was told of; the last word counts.
///
/// # Errors
/// 400, also for an end before the start and for an end to come of an observed session that was told to have ended; 401,
/// 403, 404, 409, 413, 422, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require(Scope::SessionsWrite)?;
    let input = UpdateInput::read(&request.body)?;

    let once = Once {
        caller: &caller,
        request,
        id: SessionId::draw(now, app.entropy.as_ref())?,
        now,
        deadline,
        status: 200,
    };
    once.answer(app, async |_, _| {
        // Boxed: it holds the reads and the writes of several requests.
        Box::pin(update(app, &caller, request, input, now)).await
    })
    .await
}

async fn update(
    app: &App,
    caller: &Caller,
    request: &Request,
    input: UpdateInput,
    now: Instant,
) -> Result<Reply, Error> {
    let tenant = &caller.tenant.id;
    let named = request.parameter("id").unwrap_or_default();
    let only = caller.subject().map(|subject| subject.key(tenant));
    let session = app.sessions.named(&caller.tenant, only.as_ref(), named, now);
    let session = session.await?.ok_or(Error::SessionNotFound)?;
    if let Some(ended_at) = input.ended_at {
        check(&session, ended_at, now)?;
    }
    let updated = app.sessions.set_end(tenant, session, input.ended_at, now).await?;
    let updated = updated.ok_or(Error::SessionNotFound)?;
    Ok(Reply::json(&Session::of(tenant, &updated)))
}

fn check(session: &Fetched, ended_at: Instant, now: Instant) -> Result<(), Error> {
    // A start ahead of us is a caller's clock, or a plan; it keeps nobody from ending the session now.
    let told_at = session.record.created_at;
    if ended_at < session.record.started_at.min(told_at) {
        return Err(Error::invalid("endedAt must not be before startedAt"));
    }
    // A held session ends when it is told to and keeps that end; a revoke is the last word, whatever is told after it.
    let told = session.record.tenure == Tenure::Observed
        && matches!(session.state, State::Ended(ending) if ending.reason == Reason::LoggedOut);
    if told && now < ended_at {
        return Err(Error::invalid(
            "endedAt of a session that has ended must not be in the future",
        ));
    }
    Ok(())
}
