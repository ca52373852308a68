//! `POST /api/v1/sessions/{session_id}/step-up`: the session's subject has proved itself once more.

use shared::face::bitcain::{Error, StepUpInput, StepUpReply};
use shared::model::{Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::metrics::{self, Metric};
use shared::runtime::{App, Deadline};
use shared::service::{Proof, SteppedUp, context};

const NOT_FOUND: &str = "session not found";
const EXPIRED: &str = "session expired";
/// A thief with a stolen token would vouch for itself.
const BACKENDS_ALONE: &str = "a step-up is told by an API key alone";

/// Moves a session of the subject an API key acts for, or of the subject its record names, to the present context.
///
/// # Errors
/// 401, 403 also for users, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    if !caller.is_backend() {
        return Err(shared::auth::Error::Forbidden(BACKENDS_ALONE).into());
    }
    caller.require(Scope::SessionsWrite)?;
    let input = StepUpInput::read(&request.body)?;
    let named = request.parameter("session_id").unwrap_or_default();
    let Ok(id) = SessionId::parse(named, caller.tenant.partition) else {
        return Ok(not_held(NOT_FOUND));
    };
    let (context, _) = context(
        &input.current_ip,
        &input.current_user_agent,
        input.current_fingerprint.as_deref(),
        true,
        app.intelligence.look_up(&input.current_ip),
    );
    let tenant = &caller.tenant;
    let Some(owner) = app.sessions.owner(&tenant.id, caller.subject(), id).await? else {
        return Ok(not_held(NOT_FOUND));
    };
    let proof = Proof {
        tenant,
        subject: &owner.subject,
        id,
        context: &context,
        telemetry: input.telemetry.as_ref(),
        now,
    };
    Ok(match app.sessions.step_up(&proof).await? {
        SteppedUp::NotHeld { expired } => not_held(if expired { EXPIRED } else { NOT_FOUND }),
        SteppedUp::Held { score } => {
            metrics::count(Metric::SteppedUp, now);
            Reply::json(&StepUpReply {
                success: true,
                session_id: Some(id.to_string()),
                risk_score: score.get(),
                error: None,
            })
        }
    })
}

/// The same words for a session that is unknown, another's or ended: nobody learns which.
fn not_held(message: &str) -> Reply {
    Reply::json(&StepUpReply {
        success: false,
        session_id: None,
        risk_score: 0,
        error: Some(message.to_owned()),
    })
}
