//! A session in the words of this face.

use super::reply::{Interaction, Summary};
use crate::auth::Caller;
use crate::model::{DeviceId, Facts, Instant, Places, Reason, Scope, SessionRecord, Tenure};
use crate::network::{self, Intelligence};
use crate::policy::Tenant;
use crate::service::{Fetched, State};
use crate::useragent::{self, System, UserAgent};

/// What a session is told as to a caller of its tenant. Nothing when its owner cannot be read from its record.
pub fn summary(tenant: &Tenant, session: &Fetched, intelligence: &Intelligence) -> Option<Summary> {
    let record = &session.record;
    let partition = tenant.partition;
    let client = record.owner()?.client_id(&tenant.id);
    let places = Places::of(&tenant.id, partition);
    let agent = useragent::parse(record.current_user_agent());
    Some(Summary {
        account_id: places.account.to_string(),
        authenticated_identity_id: client.to_pfid(partition).to_string(),
        device_id: DeviceId::of(&tenant.id, client, &record.fingerprint)
            .to_pfid(partition)
            .to_string(),
        domain_id: places.domain.to_string(),
        first_seen: first_seen(record),
        id: record.id.to_pfid(partition).to_string(),
        last_seen: last_seen(session, intelligence),
        pool_id: places.pool.to_string(),
        session_type: session_type(record.current_user_agent(), &agent),
        status: status(session),
        title: title(record, &agent),
        kind: "session",
    })
}

/// Whether the caller may revoke a session of its own, or of the subject it acts for, as things stand.
pub fn may_revoke(caller: &Caller, session: &Fetched) -> bool {
    session.state == State::Active && caller.may(Scope::SessionsWrite)
}

/// A session of ours always has an owner, so it is never `unauthenticated`. It is new until its first use has been
/// stored; one that is only told of was used where it was opened.
fn status(session: &Fetched) -> &'static str {
    match session.state {
        State::Active => match &session.held {
            Some(held) if held.last_activity_at == held.created_at => "new",
            _ => "authenticated",
        },
        State::Ended(ending) => match ending.reason {
            Reason::LoggedOut
            | Reason::IdleTimeout
            | Reason::AbsoluteTimeout
            | Reason::Withdrawn
            | Reason::Pending => "complete",
            Reason::LoggedOutEverywhere | Reason::Revoked | Reason::Evicted | Reason::SuspectedTheft => {
                "revoked"
            }
        },
    }
}

fn first_seen(record: &SessionRecord) -> Option<Interaction> {
    interaction(record.started_at, &record.ip, &record.user_agent, |_| {
        record.facts.clone()
    })
}

fn last_seen(session: &Fetched, intelligence: &Intelligence) -> Option<Interaction> {
    let record = &session.record;
    let at = match record.tenure {
        Tenure::Held { .. } => session.last_activity_at(),
        // Whoever tells of a session may tell of its end much later.
        Tenure::Observed => {
            let told = record.updated_at.unwrap_or(record.started_at);
            match session.state {
                State::Active => told,
                State::Ended(ending) => told.min(ending.at),
            }
        }
    };
    let ip = last_ip(session);
    let ip = ip.as_deref().unwrap_or(&record.ip);
    interaction(at, ip, record.current_user_agent(), |canonical| {
        if network::parse(&record.ip) == network::parse(canonical) {
            record.facts.clone()
        } else {
            intelligence.look_up(canonical)
        }
    })
}

/// The address a session was last accepted from.
fn last_ip(session: &Fetched) -> Option<String> {
    match &session.held {
        Some(held) => held.latest_address().map(|it| it.to_string()),
        None => session.record.last_ip.clone(),
    }
}

/// A use from `ip`; nothing when that is no address, as this face has no other text for it.
fn interaction(
    at: Instant,
    ip: &str,
    user_agent: &str,
    facts: impl FnOnce(&str) -> Facts,
) -> Option<Interaction> {
    let remote_ip = network::parse(ip)?.to_string();
    let facts = facts(&remote_ip);
    let asn = facts.asn();
    let place = facts.place().cloned().unwrap_or_default();
    Some(Interaction {
        asn,
        at: at.secs(),
        city: place.city,
        country_code: place.country_code,
        lat_long: place.point.map(|point| [point.latitude, point.longitude]),
        region_code: place.region_code,
        remote_ip,
        timezone: place.time_zone,
        user_agent: user_agent.to_owned(),
    })
}

fn session_type(text: &str, agent: &UserAgent) -> &'static str {
    // Every browser calls itself Mozilla; only phones from before smartphones, and old Operas, do not.
    let browser_like = ["Mozilla/", "Opera/"].iter().any(|name| text.starts_with(name))
        || matches!(agent.os, System::FeaturePhone | System::BlackBerry);
    if text.is_empty() || (browser_like && !agent.automation) {
        "browser"
    } else {
        "api"
    }
}

/// `Chrome on macOS`: what the user agent says, else what the caller told of the device.
fn title(record: &SessionRecord, agent: &UserAgent) -> String {
    let told = |text: &Option<String>| text.clone().filter(|it| !it.is_empty());
    let browser = (agent.browser != UserAgent::UNKNOWN)
        .then(|| agent.browser.to_string())
        .or_else(|| told(&record.device.browser));
    let system = (agent.os != System::Unknown)
        .then(|| agent.os.to_string())
        .or_else(|| told(&record.device.os));
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, Some(system)) => format!("Unknown browser on {system}"),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests;
