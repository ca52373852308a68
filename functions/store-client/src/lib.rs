//! `POST /v1/clients/individuals`, `POST /v1/clients/corporates`: tells of a client.

use shared::auth::Caller;
use shared::face::corsa::{Client, ClientInput, Error, kind_of, upsert};
use shared::model::{ClientId, Instant, Scope, SessionId, Subject};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::Once;
use shared::runtime::{App, Deadline};
use shared::service::StoreClient;

/// Stores a client, or with `?upsert=true` changes the one of the same `referenceId`. Sessions that were told of
/// before are its own.
///
/// # Errors
/// 400, 401, 403, 404 for a key that acts for another than this client, 409 also when there is such a client already, 413, 422, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require(Scope::SessionsWrite)?;
    let upsert = upsert(&request.query)?;
    let input = ClientInput::read(&request.body)?;

    let once = Once {
        caller: &caller,
        request,
        id: SessionId::draw(now, app.entropy.as_ref())?,
        now,
        deadline,
        status: 201,
    };
    once.answer(app, async |id, first| {
        let sending = Sending {
            drawn: id.into(),
            since: first.since,
            resumed: first.resumed,
        };
        store(app, &caller, request, &input, upsert, sending).await
    })
    .await
}

/// What the first sending of the request drew, when it was, and whether this is a later one.
struct Sending {
    drawn: ClientId,
    since: Instant,
    resumed: bool,
}

async fn store(
    app: &App,
    caller: &Caller,
    request: &Request,
    input: &ClientInput,
    upsert: bool,
    Sending {
        drawn,
        since,
        resumed,
    }: Sending,
) -> Result<Reply, Error> {
    let tenant = &caller.tenant.id;
    let kind = kind_of(&request.path).ok_or(Error::ClientNotFound)?;
    let name = input.reference_id.as_deref().map(Subject::new).transpose();
    let name = name.map_err(|_| Error::ClientNotFound)?;
    // Without a name it is somebody new, whom a key that acts for somebody does not act for.
    let id = name.as_ref().map_or(drawn, |name| name.client_id(tenant));
    if !caller.may_see(&id.key()) {
        return Err(Error::ClientNotFound);
    }
    let told = StoreClient {
        name: name.as_ref(),
        drawn,
        kind,
        alias: input.alias.as_deref(),
        activity: input.activity,
        account: input.account,
        tags: input.tags.as_deref(),
        controls: input.controls.as_deref(),
        upsert,
        now: since,
        resumed,
    };
    let client = app.sessions.store_client(tenant, &told).await?;
    let client = client.ok_or(Error::ClientExists)?;
    Ok(Reply::json(&Client::of(&client, kind)).with_status(201))
}
