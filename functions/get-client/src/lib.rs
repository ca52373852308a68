//! `GET /v1/clients/individuals/{clientId}`, `GET /v1/clients/corporates/{clientId}`: one client, by its id or its name.

use shared::face::corsa::{Client, Error, kind_of};
use shared::model::{Scope, Subject};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Answers a client that was stored as one of this kind, or is only known from its sessions.
///
/// # Errors
/// 401, 403, 404 when there is none that the caller may see, 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let tenant = &caller.tenant.id;
    let named = request.parameter("clientId").unwrap_or_default();
    let (Some(kind), Ok(name)) = (kind_of(&request.path), Subject::of_id_or_name(named)) else {
        return Err(Error::ClientNotFound);
    };

    let id = name.client_id(tenant);
    let client = app.sessions.client(tenant, id, kind).await?;

    let visible = client.filter(|client| caller.may_see(&client.id.key()));
    let client = visible.ok_or(Error::ClientNotFound)?;
    Ok(Reply::json(&Client::of(&client, kind)))
}
