//! `GET /api/v1/sessions/active`: who is logged in where.

use shared::face::bitcain::{ActiveReply, ActiveSession, Error};
use shared::model::{Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};
use shared::service;

/// Lists the live sessions of the caller, or of the subject an API key acts for, the newest first.
///
/// # Errors
/// 401, 403, 422, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let subject = caller.require_subject()?.key(&caller.tenant.id);
    let claims = caller.session_claims().iter().map(String::as_str);
    let named = claims.chain(request.header("x-session-id"));

    let sessions = app.sessions.active(&caller.tenant.id, &subject, now).await?;

    // Issuers put sessions of their own into `sid`: what is not held says nothing.
    let current = named
        .filter_map(|text| SessionId::parse(text, caller.tenant.partition).ok())
        .find(|id| sessions.iter().any(|session| session.id == *id));

    Ok(Reply::json(&ActiveReply {
        total_count: sessions.len(),
        sessions: sessions
            .into_iter()
            .map(|session| shown(session, current))
            .collect(),
        max_concurrent: caller.tenant.policy.max_concurrent,
    }))
}

fn shown(session: service::ActiveSession, current: Option<SessionId>) -> ActiveSession {
    let service::ActiveSession { id, held, record } = session;
    let record = record.as_ref();
    ActiveSession {
        session_id: id.to_string(),
        status: "active",
        ip_address: record.map(|it| it.ip.clone()),
        user_agent: record.map(|it| it.current_user_agent().to_owned()),
        geo_country: record.and_then(|it| it.geo_country.clone()),
        geo_city: record.and_then(|it| it.geo_city.clone()),
        created_at: held.created_at,
        last_activity_at: held.last_activity_at,
        is_current: current == Some(id),
    }
}
