//! `POST /api/v1/sessions/logout`: ends one session, or all of a subject's.

use shared::face::bitcain::{Error, LogoutInput, LogoutReply};
use shared::model::{Reason, Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Ends a session of the caller, or of the subject an API key acts for.
///
/// All sessions end also when the one that is named has ended already.
///
/// # Errors
/// 401, 403, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require(Scope::SessionsWrite)?;
    let input = LogoutInput::read(&request.body)?;
    let (tenant, id) = (
        &caller.tenant.id,
        SessionId::parse(&input.session_id, caller.tenant.partition).ok(),
    );
    let owner = match (caller.subject(), id) {
        (None, None) => None,
        (None, Some(id)) => app
            .sessions
            .owner(tenant, None, id)
            .await?
            .map(|owner| owner.subject),
        (Some(subject), _) => Some(subject.key(tenant)),
    };
    let Some(subject) = owner else {
        return Ok(Reply::json(&reply(None, input.revoke_all)));
    };

    if input.revoke_all {
        let ended = app
            .sessions
            .end_all_by(tenant, &subject, caller.issued(), now)
            .await?;
        return Ok(Reply::json(&reply(Some(ended), true)));
    }
    let ended = match id {
        Some(id) => {
            app.sessions
                .end(tenant, &subject, id, Reason::LoggedOut, None, now)
                .await?
        }
        None => false,
    };
    Ok(Reply::json(&reply(ended.then_some(1), false)))
}

fn reply(ended: Option<usize>, revoke_all: bool) -> LogoutReply {
    LogoutReply {
        success: ended.is_some(),
        revoked_sessions: ended.unwrap_or(0),
        revoke_all,
        error: ended.is_none().then(|| "session not found".to_owned()),
    }
}
