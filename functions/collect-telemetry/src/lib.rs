//! `POST /client`, `OPTIONS /client`: takes what a page tells of the browser it is in.

use serde_json::json;
use shared::device::Traits;
use shared::face::cside::{
    AtPage, Bundle, Error, Identification, MAX_BODY_BYTES, Page, Source, read_telemetry, site_key,
};
use shared::model::{Instant, SessionId, Site};
use shared::network::{self, Network};
use shared::policy::Tenant;
use shared::runtime::http::{Reply, Request};
use shared::runtime::metrics::{self, Metric};
use shared::runtime::{App, Deadline, TokenKeys};
use shared::service::{Guest, Telling, Untaken};
use shared::signals::{self, Observed, Signals};
use shared::store::Visit;

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
    let found = app.site(&key, request, now).await?;
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
    let user_agent: Option<String> = request
        .header("user-agent")
        .map(|it| it.chars().take(MAX_USER_AGENT).collect());
    let traits = Traits::of(&telemetry.components, user_agent.as_deref().unwrap_or_default());
    // Boxed, as what is sent at once is large.
    let guest = match Box::pin(app.visits.let_in(&telling, &traits)).await? {
        Ok(guest) => guest,
        Err(Untaken::Replayed) => return Err(Error::Replayed),
        Err(Untaken::TooMany(used_up)) => {
            metrics::count(Metric::TelemetryUsedUp, now);
            return Err(Error::TooMany {
                retry_after: used_up.retry_after,
            });
        }
    };

    let facts = app.intelligence.look_up(ip);
    let observed = Observed {
        telemetry: &telemetry,
        user_agent: user_agent.as_deref(),
        accept_language: request.header("accept-language"),
        sec_ch_ua: request.header("sec-ch-ua"),
        sec_ch_ua_mobile: request.header("sec-ch-ua-mobile"),
        sec_ch_ua_platform: request.header("sec-ch-ua-platform"),
        origin: Some(page.origin()),
        facts: &facts,
        now,
    };
    let id = SessionId::draw(now, app.entropy.as_ref())?;
    let client = guest.device.map(|device| device.id.to_string());
    let signals = signals::read(&observed);
    let visit = Visit {
        at: now,
        ip: ip.to_owned(),
        traits: guest.traits().to_bytes(),
        tampered: signals.tampered == Some(true),
        bundle: datapoints(&observed, &signals, &guest, client.as_deref(), id, page, ip),
        client,
        user_agent: user_agent.clone().unwrap_or_default(),
    };
    Box::pin(app.visits.keep(&telling, &guest, &visit)).await?;
    Ok(Reply::json(&json!({"token": issued.token})))
}

/// What the token will be exchanged for.
fn datapoints(
    observed: &Observed<'_>,
    signals: &Signals,
    guest: &Guest,
    client: Option<&str>,
    id: SessionId,
    page: &Page,
    ip: &str,
) -> String {
    let fingerprint = guest.fingerprint();
    let identification = guest
        .device
        .map_or_else(Identification::default, |device| Identification {
            fingerprint: Some(&fingerprint),
            first_seen: Some(device.first_at),
            last_seen: Some(observed.now),
            seen_count: Some(device.count),
            confidence: Some(device.confidence.share()),
            subjects: Some(device.subjects),
        });
    let portrait = signals::describe(observed);
    let bundle = Bundle::of(&Source {
        client_id: client,
        session_id: id.into(),
        at: observed.now,
        domain: Some(page.host()),
        external_ids: &observed.telemetry.external_ids,
        identification,
        portrait: &portrait,
        signals,
        address: Some(ip),
        facts: observed.facts,
    });
    // Printing texts and numbers into memory has no way to fail.
    serde_json::to_string(&bundle).unwrap_or_default()
}
