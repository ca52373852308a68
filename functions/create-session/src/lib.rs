//! `POST /api/v1/sessions/create`: opens a session.

use std::time::Duration;

use shared::auth::Caller;
use shared::face::bitcain::{CreateInput, CreateReply, Error};
use shared::model::{Instant, Scope, SessionId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::{First, Once};
use shared::runtime::{App, Deadline};
use shared::service::{Open, Outcome, Shown, UsedUp, context};

/// Opens a session for the caller, or for the subject an API key acts for.
///
/// # Errors
/// 401, 403, 409 while a request with the same `Idempotency-Key` is being answered, 422, 429, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require(Scope::SessionsWrite)?;
    let subject = caller.require_subject()?;
    // Before anything is asked of the table, a replay included.
    let (tenant, key) = (&caller.tenant.id, subject.key(&caller.tenant.id));
    if let Some(used_up) = app.sessions.opened_too_many(tenant, &key, now) {
        return Err(too_many(used_up));
    }
    let input = CreateInput::read(&request.body)?;
    let id = SessionId::draw(now, app.entropy.as_ref())?;

    let once = Once {
        caller: &caller,
        request,
        id,
        now,
        deadline,
        status: 200,
    };
    once.answer(app, async |id, first| {
        let reply = open(app, &caller, request, &input, (id, first), now).await?;
        Ok(Reply::json(&reply))
    })
    .await
}

async fn open(
    app: &App,
    caller: &Caller,
    request: &Request,
    input: &CreateInput,
    (id, first): (SessionId, First),
    now: Instant,
) -> Result<CreateReply, Error> {
    let trusted = caller.context_is_trusted();
    let (context, fingerprint) = context(
        &input.ip_address,
        &input.user_agent,
        input.device_fingerprint.as_deref(),
        trusted,
        app.intelligence.look_up(&input.ip_address),
    );
    let shown = app
        .sessions
        .shown(&caller.tenant, input.telemetry.as_ref(), now)
        .await?;
    let outcome = app
        .sessions
        .open(&Open {
            tenant: &caller.tenant,
            subject: caller.require_subject()?,
            id,
            context: &context,
            telemetry: shown.as_ref(),
            fingerprint: &fingerprint,
            user_agent: &input.user_agent,
            geo_country: input.geo_country.as_deref(),
            geo_city: input.geo_city.as_deref(),
            observed_ip: request.source_ip.as_deref(),
            idle_timeout: Duration::from_secs(60 * u64::from(input.idle_timeout_minutes)),
            issued: caller.issued(),
            now,
            resumed: first.resumed(),
        })
        .await?;
    Ok(match outcome {
        Outcome::Opened { id, expires_at } => CreateReply {
            success: true,
            session_id: Some(id.to_string()),
            fingerprint: Some(fingerprint),
            expires_at: Some(expires_at),
            error: None,
            telemetry_attached: shown.as_ref().map(Shown::is_known),
            warnings: if caller.is_backend() {
                input.warnings()
            } else {
                Vec::new()
            },
        },
        Outcome::LimitReached => refused("maximum number of concurrent sessions reached"),
        Outcome::TooMany(used_up) => return Err(too_many(used_up)),
        Outcome::Overruled => refused("all sessions were revoked after this credential was issued"),
    })
}

fn too_many(used_up: UsedUp) -> Error {
    Error::TooMany {
        what: "Too many sessions were opened for this user",
        retry_after: used_up.retry_after,
    }
}

fn refused(error: &str) -> CreateReply {
    CreateReply {
        success: false,
        session_id: None,
        fingerprint: None,
        expires_at: None,
        error: Some(error.to_owned()),
        telemetry_attached: None,
        warnings: Vec::new(),
    }
}
