//! `POST /client`, `OPTIONS /client`: takes what a page tells of the browser it is in.

use std::time::Duration;

use serde_json::{Map, Value, json};
use shared::face::cside::{AtPage, Error, MAX_BODY_BYTES, Page, read_telemetry, site_key};
use shared::model::{Instant, Site};
use shared::network::{self, Network};
use shared::policy::Tenant;
use shared::runtime::http::{Reply, Request};
use shared::runtime::{App, Deadline, TokenKeys};
use shared::service::{Telling, Untaken};
use shared::store::Visit;
use shared::telemetry::Telemetry;

/// How far a browser's clock may be from ours.
const CLOCKS_APART: Duration = Duration::from_secs(300);
/// Longest user agent that is kept, characters.
const MAX_USER_AGENT: usize = 1024;

/// Keeps a visit and answers the token that leads to it. A preflight is answered from the site's list alone.
///
/// # Errors
/// 400, 403 for a site or an origin that is not admitted, 409 for a copy, 413, 429, 503.
pub async fn handle(app: &App, keys: &TokenKeys, request: &Request, _: Deadline) -> Result<Reply, AtPage> {
    let now = app.clock.now();
    let (site, tenant, page) = admitted(app, request, now).await?;
    if request.method == "OPTIONS" {
        return Ok(Reply::empty().with_headers(page.preflight()));
    }
    match collect(app, keys, request, &site, &tenant, &page, now).await {
        Ok(reply) => Ok(reply.with_headers(page.headers())),
        Err(error) => Err(AtPage {
            error,
            page: Some(page),
        }),
    }
}

async fn admitted(app: &App, request: &Request, now: Instant) -> Result<(Site, Tenant, Page), Error> {
    let Some(key) = site_key(&request.query) else {
        return Err(Error::NotAdmitted);
    };
    let found = app.site(&key, now).await?;
    let page = Page::of(found.as_ref().map(|(site, _)| site), request.header("origin"))?;
    let (site, tenant) = found.ok_or(Error::NotAdmitted)?;
    Ok((site, tenant, page))
}

async fn collect(
    app: &App,
    keys: &TokenKeys,
    request: &Request,
    site: &Site,
    tenant: &Tenant,
    page: &Page,
    now: Instant,
) -> Result<Reply, Error> {
    if MAX_BODY_BYTES < request.body.len() {
        return Err(Error::TooLarge);
    }
    let telemetry = read_telemetry(&request.body).map_err(Error::Invalid)?;
    let at = telemetry.collected_at;
    if CLOCKS_APART < now.since(at).max(at.since(now)) {
        return Err(Error::invalid("collectedAt", "must be within 5 minutes of now"));
    }
    let lifetime = tenant.policy.telemetry.token_lifetime;
    let issued = keys
        .get()
        .issue(&tenant.id, lifetime, now, app.entropy.as_ref())?;
    // The address of the connection and nothing a header says.
    let ip = request.source_ip.as_deref().unwrap_or_default();
    let network = network::parse(ip).map_or_else(String::new, |ip| Network::of(ip).to_string());
    let telling = Telling {
        tenant,
        site,
        network: &network,
        nonce: &telemetry.nonce,
        digest: &issued.digest,
        now,
    };
    match app.visits.let_in(&telling).await? {
        Ok(()) => {}
        Err(Untaken::Replayed) => return Err(Error::Replayed),
        Err(Untaken::TooMany(used_up)) => {
            return Err(Error::TooMany {
                retry_after: used_up.retry_after,
            });
        }
    }
    let user_agent: String = request
        .header("user-agent")
        .unwrap_or_default()
        .chars()
        .take(MAX_USER_AGENT)
        .collect();
    let visit = Visit {
        at: now,
        ip: ip.to_owned(),
        bundle: datapoints(&telemetry, page, ip, now).to_string(),
        client: None,
        user_agent,
    };
    app.visits.keep(&telling, &visit).await?;
    Ok(Reply::json(&json!({"token": issued.token})))
}

fn datapoints(telemetry: &Telemetry, page: &Page, ip: &str, now: Instant) -> Value {
    let (_, host) = page.origin().split_once("://").unwrap_or_default();
    let names: Map<String, Value> = telemetry
        .external_ids
        .iter()
        .map(|(kind, name)| (kind.clone(), name.as_str().into()))
        .collect();
    json!({
        "clientId": null, "sessionId": null, "timestamp": now.to_rfc3339(), "domain": host, "externalIds": names,
        "identification": {}, "bot": {}, "browser": {}, "device": {}, "ip": {"address": ip}, "environment": {},
        "signals": {}, "risk": {},
    })
}
