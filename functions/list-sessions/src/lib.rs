//! `GET /api/v1/session`: a subject's sessions, live and ended, the newest first.

use shared::face::prefactor::{Error, ListInput, ListReply, summary};
use shared::model::Scope;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Lists the sessions of the caller, or of the subject that an API key names.
///
/// # Errors
/// 400, 401, 403, 404, 500, 501, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let input = ListInput::read(&request.query, &caller)?;
    let tenant = &caller.tenant;

    let sessions = match &input.subject {
        Some(subject) => {
            let needed = input.page.needs();
            app.sessions.newest(&tenant.id, subject, needed, now).await?
        }
        None => Vec::new(),
    };

    let (page, pagination) = input.page.cut(sessions);
    let summaries = page
        .iter()
        .filter_map(|session| summary(tenant, session, &app.intelligence))
        .collect();
    Ok(Reply::json(&ListReply::new(summaries, pagination)))
}
