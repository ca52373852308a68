//! What the functions that exchange telemetry tokens have in common.

use super::http::Request;
use super::{App, TokenKeys, Unverified};
use crate::auth::Caller;
use crate::face::cside::{Error, raw_token, without_reasons, wrapped_token};
use crate::model::{Instant, Scope};
use crate::policy::Tenant;
use crate::store::Visit;

/// The visit that the raw token in the body leads to; with an API key where its tenant wants one.
///
/// Without a key that counts its bundle tells no reasons: a visitor may see their own token, and would learn from the reasons
/// what to change.
///
/// # Errors
/// 400, 401, 403, 404, 503.
pub async fn by_token(app: &App, keys: &TokenKeys, request: &Request, now: Instant) -> Result<Visit, Error> {
    refuse_page(request)?;
    let token = raw_token(&request.body)?;
    let claim = keys.verify(token, now).await.map_err(refusal)?;
    let tenant = app.tenant(&claim.tenant, now).await?.ok_or(Error::NoToken)?;
    let keyed = if tenant.policy.telemetry.key_required {
        let caller = backend(app, request, now).await?;
        if caller.tenant.id != tenant.id {
            return Err(Error::NoToken);
        }
        true
    } else {
        is_of(&tenant, app, request, now).await?
    };
    let mut visit = visit(app, &tenant, &claim.digest).await?;
    if !keyed {
        visit.bundle =
            without_reasons(&visit.bundle).ok_or_else(|| Error::Internal("a bundle is no JSON".into()))?;
    }
    Ok(visit)
}

/// Whether there is a key of this tenant, where none is wanted. One that does not count is as none.
async fn is_of(tenant: &Tenant, app: &App, request: &Request, now: Instant) -> Result<bool, Error> {
    let shown = ["authorization", "x-api-key"]
        .into_iter()
        .any(|it| request.headers.contains_key(it));
    if !shown {
        return Ok(false);
    }
    match backend(app, request, now).await {
        Ok(caller) => Ok(caller.tenant.id == tenant.id),
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => Err(error),
        Err(_) => Ok(false),
    }
}

/// The visit that the token in the body leads to, for an API key of its tenant alone.
///
/// # Errors
/// 400, 401, 403, 404, 503.
pub async fn by_key(app: &App, keys: &TokenKeys, request: &Request, now: Instant) -> Result<Visit, Error> {
    refuse_page(request)?;
    let caller = backend(app, request, now).await?;
    let token = wrapped_token(&request.body)?;
    let claim = keys.verify(&token, now).await.map_err(refusal)?;
    if claim.tenant != caller.tenant.id {
        return Err(Error::NoToken);
    }
    visit(app, &caller.tenant, &claim.digest).await
}

fn refusal(unverified: Unverified) -> Error {
    match unverified {
        Unverified::NoToken(_) => Error::NoToken,
        Unverified::Unavailable => Error::Unavailable(Box::new(unverified)),
    }
}

async fn visit(app: &App, tenant: &Tenant, digest: &[u8; 32]) -> Result<Visit, Error> {
    let visit = app.visits.exchange(tenant, digest).await?;
    visit.ok_or(Error::NoToken)
}

async fn backend(app: &App, request: &Request, now: Instant) -> Result<Caller, Error> {
    let caller = app.authenticate_by_key(request, now).await?;
    caller.require(Scope::TelemetryRead)?;
    Ok(caller)
}

/// A text body needs no preflight, so any page could send one: what has an `Origin` comes from a page.
fn refuse_page(request: &Request) -> Result<(), Error> {
    if request.headers.contains_key("origin") {
        return Err(Error::FromPage);
    }
    Ok(())
}
