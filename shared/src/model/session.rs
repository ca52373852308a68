//! A session, from the small part read at every validate to the whole record, and the ways it ends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::trail::Trail;
use super::{AddressForm, DeviceKey, Facts, Instant, Point, SessionId, Subject};

/// What one request shows of the one who makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The address as it was sent; may be no address at all.
    pub ip: String,
    /// The address, canonical, where `ip` holds one.
    pub address: Option<IpAddr>,
    /// What `ip` is.
    pub ip_form: AddressForm,
    /// What is known of that address.
    pub facts: Facts,
    /// The user agent as it was sent; empty for a text that stands for nothing.
    pub user_agent: String,
    /// The device fingerprint, sent or computed.
    pub fingerprint: Sample,
    /// Whether the word of the caller is enough for the session to learn this context.
    pub trusted: bool,
}

impl Context {
    /// First 8 bytes of the user agent's SHA-256: enough to see that it changed.
    pub fn user_agent_digest(&self) -> [u8; 8] {
        prefix(&self.user_agent)
    }
}

/// A fingerprint as a session remembers it: 16 bytes of its text's SHA-256, and where the text came from.
///
/// Two samples are compared only when they have the same origin: a sent fingerprint may rest on inputs that the
/// request itself does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Sent by the caller.
    Supplied([u8; 16]),
    /// Computed here, from what the request shows.
    Computed([u8; 16]),
}

impl Sample {
    /// The sample of a fingerprint that the caller sent.
    pub fn supplied(text: &str) -> Self {
        Self::Supplied(prefix(text))
    }

    /// The sample of a fingerprint that was computed here.
    pub fn computed(text: &str) -> Self {
        Self::Computed(prefix(text))
    }
}

fn prefix<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(Sha256::digest(text)) {
        *to = from;
    }
    out
}

/// A place on the map, in hundredths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geo {
    /// Latitude, -9000 to 9000.
    pub latitude: i16,
    /// Longitude, -18000 to 18000.
    pub longitude: i16,
    /// How far off the truth may be, kilometres.
    pub radius_km: u16,
}

impl Geo {
    /// The nearest hundredths of a degree; none where the point is not on the map.
    pub fn of(point: Point) -> Option<Self> {
        let hundredths = |degrees: f64, most: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "at most 18000")]
            (-most..=most)
                .contains(&degrees)
                .then(|| (degrees * 100.0).round() as i16)
        };
        Some(Self {
            latitude: hundredths(point.latitude, 90.0)?,
            longitude: hundredths(point.longitude, 180.0)?,
            radius_km: point.radius_km,
        })
    }
}

/// What a live session is judged by at every validate: the entry of a session in its subject's guard.
///
/// What the session is *held by* (addresses, system, place, user agent, fingerprint) is what its subject showed when it
/// proved who it is: at the opening, or at the latest step-up. A request that was merely let in replaces none of it, or a
/// thief could move a session in small steps. Only the version of the browser goes along with its updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSession {
    /// When the session was opened.
    pub created_at: Instant,
    /// The stored last activity, from which the idle timeout counts. Lags the true one by up to 5 % of the timeout.
    pub last_activity_at: Instant,
    /// How long the session lives without activity; whole seconds.
    pub idle_timeout: Duration,
    /// When the session ends whatever happens.
    pub absolute_expiry: Instant,
    /// The fingerprint the session is held by.
    pub fingerprint: Sample,
    /// The IPv4 address the session is held by.
    pub ipv4: Option<Ipv4Addr>,
    /// The IPv6 network the session is held by, a /64: hosts change their part of an address every day (RFC 8981).
    pub ipv6: Option<Ipv6Addr>,
    /// First 8 bytes of the SHA-256 of the user agent.
    pub user_agent: [u8; 8],
    /// The score of the last validate, 0 to 100.
    pub risk: u8,
    /// Country of the address the session is held by, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Autonomous system of the address the session is held by.
    pub asn: Option<u32>,
    /// Where that address is; nowhere when something stands between it and its user.
    pub geo: Option<Geo>,
    /// Whether something stands between that address and its user: hosting, VPN, proxy, Tor, relay.
    pub anonymous: bool,
    /// What became of the session since.
    pub trail: Trail,
}

impl HeldSession {
    /// When the session ends unless it is touched: the earlier of the idle and the absolute timeout.
    pub fn expires_at(&self) -> Instant {
        (self.last_activity_at + self.idle_timeout).min(self.absolute_expiry)
    }

    /// The ending of a session whose time had run out by `now`.
    pub fn expired(&self, now: Instant) -> Option<Ending> {
        let at = self.expires_at();
        let reason = if at == self.absolute_expiry {
            Reason::AbsoluteTimeout
        } else {
            Reason::IdleTimeout
        };
        (at <= now).then_some(Ending { at, reason })
    }

    /// Whether the session is alive at `now`.
    pub fn is_live(&self, now: Instant) -> bool {
        now < self.expires_at()
    }

    /// Least time between two writes of the last activity: a twentieth of the idle timeout, at least 15 seconds.
    pub fn touch_interval(&self) -> Duration {
        (self.idle_timeout / 20).max(Duration::from_secs(15))
    }

    /// Whether the last activity is old enough to be written anew at `now`.
    pub fn touch_is_due(&self, now: Instant) -> bool {
        self.touch_interval() < now.since(self.last_activity_at)
    }

    /// What of `other`'s family the session is held by: an IPv4 address, or an IPv6 /64.
    pub fn address_like(&self, other: IpAddr) -> Option<IpAddr> {
        match other {
            IpAddr::V4(_) => self.ipv4.map(IpAddr::V4),
            IpAddr::V6(_) => self.ipv6.map(IpAddr::V6),
        }
    }

    /// Where the truth about it is.
    pub const fn tenure(&self) -> Tenure {
        Tenure::Held {
            idle_timeout: self.idle_timeout,
            absolute_expiry: self.absolute_expiry,
        }
    }

    /// The address the session was last accepted from.
    pub fn latest_address(&self) -> Option<IpAddr> {
        let held = || self.ipv4.map(IpAddr::V4).or(self.ipv6.map(IpAddr::V6));
        self.trail.latest.or_else(held)
    }

    /// Whether the session is held by an address at all.
    pub const fn has_network(&self) -> bool {
        self.ipv4.is_some() || self.ipv6.is_some()
    }

    /// Takes `context`, in which the subject proved who it is at `now`, as what the session is held by. What it does not
    /// tell stays as it was: a gap makes nobody forget.
    pub fn hold_by(&mut self, context: &Context, now: Instant) {
        if !context.user_agent.is_empty() || self.user_agent == [0; 8] {
            self.user_agent = context.user_agent_digest();
        }
        if !matches!(
            (self.fingerprint, context.fingerprint),
            (Sample::Supplied(_), Sample::Computed(_))
        ) {
            self.fingerprint = context.fingerprint;
        }
        if let Some(address) = context.address {
            self.hold_by_address(address, &context.facts);
            self.trail.latest = Some(address);
        }
        self.trail.home_at = Some(Instant::from_secs(now.secs()));
        self.trail.elsewhere = None;
        self.trail.other_fingerprint = None;
        self.trail.guesses = None;
        self.trail.suspicion = None;
    }

    fn hold_by_address(&mut self, address: IpAddr, facts: &Facts) {
        let moved = match (self.asn, facts.asn()) {
            (Some(before), Some(now)) => before != now,
            _ => self.address_like(address) != Some(Self::held_part(address)),
        };
        if moved {
            // The other family's address was of another network.
            (self.ipv4, self.ipv6) = (None, None);
        }
        match Self::held_part(address) {
            IpAddr::V4(v4) => self.ipv4 = Some(v4),
            IpAddr::V6(v6) => self.ipv6 = Some(v6),
        }
        if facts.anonymity.any() {
            self.anonymous = true;
            self.trail.relay = facts.anonymity.relayed_only();
            self.geo = None;
            // What stands in between is told apart by its system: another one's would make it known there.
            self.asn = facts.asn();
            self.country = facts.alpha_2().map(str::to_owned).or(self.country.take());
        } else if moved || facts.asn().is_some() || facts.place().is_some() {
            self.anonymous = false;
            self.trail.relay = false;
            self.asn = facts.asn();
            self.country = facts.alpha_2().map(str::to_owned);
            self.geo = facts.place().and_then(|it| it.point).and_then(Geo::of);
        }
    }

    /// The part of an address that a session is held by.
    pub fn held_part(address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        }
    }
}

/// Everything known about one session, kept after its end.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRecord {
    /// The session.
    pub id: SessionId,
    /// The subject's name, as its tenant or issuer gave it, or its id, where it was named by that.
    pub subject: String,
    /// The issuer, where it is part of the subject; empty where the name looks like an id and is none.
    pub issuer: Option<String>,
    /// Whether the session is held here, or somewhere else and only told of.
    pub tenure: Tenure,
    /// When the record was made.
    pub created_at: Instant,
    /// When the session was opened; told of ones may have been opened long before their record was made.
    pub started_at: Instant,
    /// When the one who told of the session last told something new.
    pub updated_at: Option<Instant>,
    /// The caller's own id of the session.
    pub reference_id: Option<String>,
    /// The address sent at creation, at most [`SessionRecord::MAX_TEXT`] characters.
    pub ip: String,
    /// What was known of that address then.
    pub facts: Facts,
    /// The user agent the session was opened with, at most [`SessionRecord::MAX_USER_AGENT`] characters.
    pub user_agent: String,
    /// The user agent of the latest accepted context, where it is another one.
    pub latest_user_agent: Option<String>,
    /// The fingerprint the session was opened with.
    pub fingerprint: String,
    /// What the caller told of the device.
    pub device: Device,
    /// What browsers told of it.
    pub attached: Attached,
    /// Country named by the caller.
    pub geo_country: Option<String>,
    /// City named by the caller.
    pub geo_city: Option<String>,
    /// The address the gateway saw at creation.
    pub observed_ip: Option<String>,
    /// How the session ended, once that is written down.
    pub ended: Option<Ending>,
    /// The stored last activity, once the session has ended.
    pub last_activity_at: Option<Instant>,
    /// The latest accepted address, once the session has ended.
    pub last_ip: Option<String>,
}

/// The telemetry that was shown with a session's requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    /// Digests of the visits, at most [`Attached::MOST`].
    pub visits: Vec<[u8; 32]>,
    /// The devices they came from.
    pub devices: Vec<DeviceKey>,
    /// What the latest accepted one showed, packed.
    pub traits: Option<Vec<u8>>,
}

impl Attached {
    /// How many visits a record leads to. Those beyond it end with the tenant's telemetry, as ones without session do.
    pub const MOST: usize = 32;

    /// One visit alone.
    pub fn one(visit: [u8; 32], device: Option<DeviceKey>, traits: Option<Vec<u8>>) -> Self {
        Self {
            visits: vec![visit],
            devices: device.into_iter().collect(),
            traits,
        }
    }
}

/// Where the truth about a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenure {
    /// In its subject's guard: limited, timed, scored.
    Held {
        /// How long the session lives without activity.
        idle_timeout: Duration,
        /// When the session ends whatever happens.
        absolute_expiry: Instant,
    },
    /// In its record: it was opened elsewhere, without limit and timeouts.
    Observed,
}

/// What a caller told of a device, as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Browser.
    pub browser: Option<String>,
    /// Version of the browser.
    pub browser_version: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// Version of the operating system.
    pub os_version: Option<String>,
    /// Kind of device.
    pub device_type: Option<DeviceType>,
    /// Screen, such as `1920x1080`.
    pub screen_resolution: Option<String>,
    /// Language, such as `en-US`.
    pub language: Option<String>,
    /// Time zone, such as `Europe/Paris`.
    pub timezone: Option<String>,
}

/// Kinds of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DeviceType {
    Desktop,
    Mobile,
    Tablet,
    Unknown,
}

impl DeviceType {
    /// Every kind, in the order in which errors list them.
    pub const ALL: [Self; 4] = [Self::Desktop, Self::Mobile, Self::Tablet, Self::Unknown];

    /// The kind as the published APIs spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "DESKTOP",
            Self::Mobile => "MOBILE",
            Self::Tablet => "TABLET",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl SessionRecord {
    /// Characters of a free text that are kept.
    pub const MAX_TEXT: usize = 255;
    /// Characters of a user agent that are kept; the digest covers all of it.
    pub const MAX_USER_AGENT: usize = 1024;

    /// The record of a session that `subject` opens `at` this time, of which nothing else is known.
    pub fn new(id: SessionId, subject: &Subject, tenure: Tenure, at: Instant) -> Self {
        Self {
            id,
            subject: subject.name().to_owned(),
            issuer: subject.issuer().map(str::to_owned),
            tenure,
            created_at: at,
            started_at: at,
            updated_at: None,
            reference_id: None,
            ip: String::new(),
            facts: Facts::default(),
            user_agent: String::new(),
            latest_user_agent: None,
            fingerprint: String::new(),
            device: Device::default(),
            attached: Attached::default(),
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            ended: None,
            last_activity_at: None,
            last_ip: None,
        }
    }

    /// Whose session it is.
    pub fn owner(&self) -> Option<Subject> {
        Subject::of_parts(self.issuer.as_deref(), &self.subject).ok()
    }

    /// The user agent of the latest accepted context.
    pub fn current_user_agent(&self) -> &str {
        self.latest_user_agent.as_deref().unwrap_or(&self.user_agent)
    }
}

/// When and why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// When it ended.
    pub at: Instant,
    /// Why it ended.
    pub reason: Reason,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its holder logged out.
    LoggedOut,
    /// All sessions of the subject were ended at once.
    LoggedOutEverywhere,
    /// It was revoked by id.
    Revoked,
    /// It made room for a newer session.
    Evicted,
    /// It was not used for its idle timeout.
    IdleTimeout,
    /// It reached its absolute timeout.
    AbsoluteTimeout,
    /// Its risk score reached the threshold of a stolen session.
    SuspectedTheft,
    /// It could not be opened completely and was taken back.
    Withdrawn,
    /// It is gone, and why has not been written down yet.
    Pending,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::LoggedOut,
        Self::LoggedOutEverywhere,
        Self::Revoked,
        Self::Evicted,
        Self::IdleTimeout,
        Self::AbsoluteTimeout,
        Self::SuspectedTheft,
        Self::Withdrawn,
        Self::Pending,
    ];

    /// The reason as answers, logs and events spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::LoggedOutEverywhere => "logged_out_everywhere",
            Self::Revoked => "revoked",
            Self::Evicted => "evicted",
            Self::IdleTimeout => "idle_timeout",
            Self::AbsoluteTimeout => "absolute_timeout",
            Self::SuspectedTheft => "suspected_theft",
            Self::Withdrawn => "withdrawn",
            Self::Pending => "pending",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> HeldSession {
        let start = Instant::from_secs(1_700_000_000);
        HeldSession {
            created_at: start,
            last_activity_at: start,
            idle_timeout: Duration::from_secs(3600),
            absolute_expiry: start + Duration::from_secs(86_400),
            fingerprint: Sample::computed("x"),
            ipv4: None,
            ipv6: None,
            user_agent: [0; 8],
            risk: 0,
            country: None,
            asn: None,
            geo: None,
            anonymous: false,
            trail: Trail::default(),
        }
    }

    #[test]
    fn a_session_ends_exactly_at_its_idle_timeout() {
        let session = held();
        let end = session.last_activity_at + session.idle_timeout;
        let second = Duration::from_secs(1);
        assert!(session.is_live(end - second));
        assert!(!session.is_live(end));
        assert_eq!(
            session.expired(end + second),
            Some(Ending {
                at: end,
                reason: Reason::IdleTimeout
            })
        );
    }

    #[test]
    fn activity_never_carries_a_session_past_its_absolute_timeout() {
        let mut session = held();
        session.last_activity_at = session.absolute_expiry - Duration::from_secs(10);
        assert_eq!(session.expires_at(), session.absolute_expiry);
        assert_eq!(
            session.expired(session.absolute_expiry).unwrap().reason,
            Reason::AbsoluteTimeout
        );
    }

    #[test]
    fn a_touch_is_due_after_a_twentieth_of_the_idle_timeout() {
        let session = held();
        let due = session.last_activity_at + Duration::from_secs(180);
        assert!(!session.touch_is_due(due));
        assert!(session.touch_is_due(due + Duration::from_millis(1)));
        let short = HeldSession {
            idle_timeout: Duration::from_secs(60),
            ..held()
        };
        assert_eq!(short.touch_interval(), Duration::from_secs(15));
    }
}
