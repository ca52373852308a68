//! `POST /v1/sessions`: tells of a session that was opened elsewhere.

use shared::auth::Caller;
use shared::face::corsa::{Error, IngestInput, Session};
use shared::model::{Instant, Scope, SessionId, Subject};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::Once;
use shared::runtime::{App, Deadline};
use shared::service::Ingest;

/// Writes down a session of a client, with what is known of its address.
///
/// # Errors
/// 400, 401, 403, 404 when the tenant wants its clients told of first and this one was not, 409, 413, 422, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require(Scope::SessionsWrite)?;
    let input = IngestInput::read(&request.body)?;
    let id = SessionId::draw(now, app.entropy.as_ref())?;

    let once = Once {
        caller: &caller,
        request,
        id,
        now,
        deadline,
        status: 201,
    };
    once.answer(app, async |id, first| {
        ingest(app, &caller, request, &input, id, first.since).await
    })
    .await
}

async fn ingest(
    app: &App,
    caller: &Caller,
    request: &Request,
    input: &IngestInput,
    id: SessionId,
    now: Instant,
) -> Result<Reply, Error> {
    let tenant = &caller.tenant;
    let client = Subject::of_id_or_name(&input.client_id).map_err(|_| Error::ClientNotFound)?;
    if !caller.may_see(&client.key(&tenant.id)) {
        return Err(Error::ClientNotFound);
    }
    let told = Ingest {
        client: &client,
        id,
        reference_id: input.reference_id.as_deref(),
        ip: &input.ip_address,
        facts: app.intelligence.look_up(&input.ip_address),
        user_agent: input.user_agent.as_deref().unwrap_or_default(),
        fingerprint: &input.fingerprint,
        device: &input.device,
        observed_ip: request.source_ip.as_deref(),
        started_at: input.started_at.unwrap_or(now),
        now,
    };
    let session = app.sessions.ingest(tenant, &told).await?;
    let session = session.ok_or(Error::ClientNotFound)?;
    let answer = Session::of(&tenant.id, &session).with_warnings(input.warnings());
    Ok(Reply::json(&answer).with_status(201))
}
