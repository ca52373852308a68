//! `DELETE /v1/clients/{clientId}/data`: everything that is kept of a client goes.

use std::time::Duration;

use shared::face::corsa::{Error, Receipt};
use shared::model::{Scope, Subject};
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline};
use shared::service::Erase;
use tokio::time;

/// What is under way when no more is begun has so long to end: a request to the table, with all of its sendings.
const RESERVE: Duration = Duration::from_millis(7_500);

/// Ends the sessions of a client, by its id or its name, and erases all that is kept of it. One that is not known is no
/// error: there is nothing of it, and the receipt says so.
///
/// # Errors
/// 401, 403, 404 for a key that names another user, 503 when nothing was erased.
pub async fn handle(app: &App, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
    let now = app.clock.now();
    let caller = app.authenticate(request, now).await?;
    caller.require_backend()?;
    caller.require_any(&[Scope::SessionsAdmin, Scope::TenantAdmin])?;
    let tenant = &caller.tenant;
    let named = request.parameter("clientId").unwrap_or_default();
    let client = Subject::of_id_or_name(named).map_err(|_| Error::ClientNotFound)?;
    if !caller.may_see(&client.key(&tenant.id)) {
        return Err(Error::ClientNotFound);
    }

    let client = client.client_id(&tenant.id);
    let left = deadline.left(app.clock.now()).saturating_sub(RESERVE);
    let erase = Erase {
        tenant,
        client,
        now,
        until: time::Instant::now() + left,
    };
    let erased = app.sessions.erase(&erase).await?;

    Ok(Reply::json(&Receipt::of(client, &erased)))
}
