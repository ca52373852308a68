//! `PUT /v1/clients/individuals/{clientId}`, `PUT /v1/clients/corporates/{clientId}`: changes what is kept of a client.

use shared::auth::Caller;
use shared::face::corsa::{Client, ClientChange, Error, kind_of};
use shared::model::{self, Instant, Scope, SessionId, Subject, TenantId};
use shared::runtime::http::{Reply, Request};
use shared::runtime::once::Once;
use shared::runtime::{App, Deadline};

/// Changes a client; what is left out stays.
///
/// # Errors
/// 400, also for another `referenceId`, since a client's id follows from it; 401, 403, 404, 409, 413, 422, 503.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require(Scope::SessionsWrite)?;
    let change = ClientChange::read(&request.body)?;

    let once = Once {
        caller: &caller,
        request,
        id: SessionId::draw(now, app.entropy.as_ref())?,
        now,
        deadline,
        status: 200,
    };
    once.answer(app, async |_, _| {
        update(app, &caller, request, &change, now).await
    })
    .await
}

async fn update(
    app: &App,
    caller: &Caller,
    request: &Request,
    change: &ClientChange,
    now: Instant,
) -> Result<Reply, Error> {
    let tenant = &caller.tenant.id;
    let named = request.parameter("clientId").unwrap_or_default();
    let (Some(kind), Ok(name)) = (kind_of(&request.path), Subject::of_id_or_name(named)) else {
        return Err(Error::ClientNotFound);
    };
    let id = name.client_id(tenant);
    if !caller.may_see(&id.key()) {
        return Err(Error::ClientNotFound);
    }
    let changed = app
        .sessions
        .change_client(tenant, id, kind, now, |client| apply(change, tenant, client));
    let client = changed.await?.ok_or(Error::ClientNotFound)?;
    Ok(Reply::json(&Client::of(&client, kind)))
}

fn apply(change: &ClientChange, tenant: &TenantId, client: &mut model::Client) -> Result<(), Error> {
    let name = change.reference_id.as_deref().map(Subject::new);
    let is_its_own = |name: Subject| name.client_id(tenant) == client.id;
    if name.is_some_and(|name| !name.is_ok_and(is_its_own)) {
        return Err(Error::invalid("referenceId cannot be changed"));
    }
    if let Some(alias) = &change.alias {
        client.alias = Some(alias.clone());
    }
    client.activity = change.activity.unwrap_or(client.activity);
    client.account = change.account.unwrap_or(client.account);
    client.tags = change.tags.apply(&client.tags);
    client.controls = change.controls.apply(&client.controls);
    let most = [&client.tags, &client.controls].map(Vec::len);
    if most.iter().any(|count| ClientChange::MOST_LABELS < *count) {
        return Err(Error::invalid(
            "tags and controls must contain no more than 50 elements each",
        ));
    }
    Ok(())
}
