//! `POST /api/v1/sessions/validate`: is this session still held by the one who opened it?

use shared::face::bitcain::{Error, ValidateInput, ValidateReply};
use shared::model::{Scope, SessionId};
use shared::policy::RiskPolicy;
use shared::risk::{Action, Level};
use shared::runtime::http::{Reply, Request};
use shared::runtime::metrics::{self, Metric};
use shared::runtime::{App, Deadline};
use shared::service::{Validation, Verdict, context};

const NOT_FOUND: &str = "session not found";
const EXPIRED: &str = "session expired";
const STOLEN: &str = "session refused: it looks stolen";

/// Judges a session of the caller, of the subject an API key acts for, or, with an API key that names none, of the
/// subject its record names.
///
/// # Errors
/// 401, 403, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let input = ValidateInput::read(&request.body)?;
    let Ok(id) = SessionId::parse(&input.session_id, caller.tenant.partition) else {
        return Ok(not_held(NOT_FOUND));
    };
    let sent = input.current_fingerprint.as_deref();
    let (context, _) = context(
        &input.current_ip,
        &input.current_user_agent,
        sent,
        caller.context_is_trusted(),
        app.intelligence.look_up(&input.current_ip),
    );

    let Some(owner) = app
        .sessions
        .owner(&caller.tenant.id, caller.subject(), id)
        .await?
    else {
        return Ok(not_held(NOT_FOUND));
    };
    let verdict = app
        .sessions
        .validate(&Validation {
            tenant: &caller.tenant,
            subject: &owner.subject,
            id,
            context: &context,
            telemetry: input.telemetry.as_ref(),
            record: owner.record.as_ref(),
            may_revoke: caller.may(Scope::SessionsWrite),
            now,
        })
        .await?;

    let (assessment, action) = match &verdict {
        Verdict::NotHeld { expired } => return Ok(not_held(if *expired { EXPIRED } else { NOT_FOUND })),
        Verdict::Held {
            assessment, action, ..
        } => (assessment, *action),
    };
    let policy = &caller.tenant.policy.risk;
    let level = Level::of(assessment.score(), policy);
    let refused = action == Action::Refuse;
    if refused {
        metrics::count(Metric::Refused, now);
    } else if level != Level::Low {
        metrics::count(Metric::Suspicious, now);
    }
    Ok(Reply::json(&ValidateReply {
        is_valid: !refused,
        error_message: refused.then(|| STOLEN.to_owned()),
        session_id: Some(id.to_string()),
        is_suspicious: level != Level::Low,
        risk_score: if caller.is_backend() {
            assessment.score().get()
        } else {
            least(level, *policy)
        },
        risk: caller.is_backend().then(|| assessment.explain(policy)),
    }))
}

/// The least score of a level: all that a user's own token learns. By finer scores the holder of a stolen token could
/// find out, try by try, what its owner's browser shows.
const fn least(level: Level, policy: RiskPolicy) -> u8 {
    match level {
        Level::Low => 0,
        Level::Suspicious => policy.suspicious,
        Level::Stolen => policy.stolen,
    }
}

/// The same words for a session that is unknown, another's or ended: nobody learns which.
fn not_held(message: &str) -> Reply {
    Reply::json(&ValidateReply::<()> {
        is_valid: false,
        error_message: Some(message.to_owned()),
        session_id: None,
        is_suspicious: false,
        risk_score: 0,
        risk: None,
    })
}
