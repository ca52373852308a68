//! `POST /api/v1/sessions/validate`: is this session still held by the one who opened it?

use shared::face::bitcain::{Error, ValidateInput, ValidateReply};
use shared::model::{Scope, SessionId};
use shared::risk::Action;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};
use shared::service::{Validation, Verdict, context};

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
        return Ok(Reply::json(&ValidateReply::not_held(&input.session_id, false)));
    };
    let sent = input.current_fingerprint.as_deref();
    let (context, _) =
        context(&input.current_ip, &input.current_user_agent, sent, caller.context_is_trusted());

    let Some(owner) = app.sessions.owner(&caller.tenant.id, caller.subject(), id).await? else {
        return Ok(Reply::json(&ValidateReply::not_held(&input.session_id, false)));
    };
    let verdict = app
        .sessions
        .validate(&Validation {
            tenant: &caller.tenant,
            subject: &owner.subject,
            id,
            context: &context,
            record: owner.record.as_ref(),
            may_revoke: caller.may(Scope::SessionsWrite),
            now,
        })
        .await?;

    Ok(Reply::json(&match verdict {
        Verdict::NotHeld { expired } => ValidateReply::not_held(&input.session_id, expired),
        Verdict::Held { assessment, action, .. } => {
            let policy = &caller.tenant.policy.risk;
            let reply = ValidateReply::judged(
                &input.session_id,
                action != Action::Refuse,
                policy.suspicious <= assessment.score().get(),
                assessment.score().get(),
            );
            if caller.is_backend() {
                reply.explained(&assessment.explain(policy))
            } else {
                reply
            }
        }
    }))
}
