//! `GET /v1/clients/{clientId}/sessions`: the sessions of a client, the newest first.

use shared::auth::Caller;
use shared::face::corsa::{Error, Page, Session};
use shared::model::{Scope, Subject};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};

/// Lists the sessions of a client by its id or its name, of either kind, live and ended; at most 100 at a time.
///
/// # Errors
/// 400 for a query that is no page, 401, 403, 404 when the tenant wants its clients told of first and this one was not,
/// 503.
pub async fn handle(app: &App, request: &Request, _: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_any(&[Scope::SessionsRead, Scope::SessionsWrite])?;
    let page = Page::read(&request.query)?;
    let client = client(app, &caller, request).await?;

    let (tenant, after) = (&caller.tenant.id, page.after.as_ref());
    let history = app
        .sessions
        .history(tenant, &client.key(tenant), page.limit, after, now)
        .await?;

    let shown: Vec<_> = history
        .sessions
        .iter()
        .map(|it| Session::of(tenant, it))
        .collect();
    let mut reply = Reply::json(&shown);
    reply.headers = page.headers(history.next.as_ref());
    Ok(reply)
}

async fn client(app: &App, caller: &Caller, request: &Request) -> Result<Subject, Error> {
    let tenant = &caller.tenant;
    let named = request.parameter("clientId").unwrap_or_default();
    let client = Subject::of_id_or_name(named).map_err(|_| Error::ClientNotFound)?;
    if !caller.may_see(&client.key(&tenant.id)) {
        return Err(Error::ClientNotFound);
    }
    if tenant.policy.known_clients_only {
        let id = client.client_id(&tenant.id);
        let known = app.sessions.store().client(&tenant.id, id).await?;
        known.ok_or(Error::ClientNotFound)?;
    }
    Ok(client)
}
