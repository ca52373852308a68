//! What became of a session since its subject last proved who it is.

use std::net::IpAddr;
use std::time::Duration;

use super::Instant;

/// The way a session went since it was opened or its subject proved itself, as far as its guard has room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trail {
    /// Whether all that stands between the address the session is held by and its user is a privacy relay of a system's
    /// maker; only in a session that is held through something.
    pub relay: bool,
    /// Whether the subject proved itself after the opening.
    pub proven: bool,
    /// Whether the session has shown telemetry in an accepted request.
    pub told: bool,
    /// The last day on which a context that may be learnt was accepted, in days since 1970; none when none ever was.
    pub learnt_on: Option<u16>,
    /// When the session was last seen at the address, or in the network, that it is held by; whole seconds.
    pub home_at: Option<Instant>,
    /// Since when every context was suspicious, if the latest was; whole seconds. The time that passes excuses nothing:
    /// who waits does not become credible.
    pub suspicion: Option<Instant>,
    /// The latest accepted address.
    pub latest: Option<IpAddr>,
    /// Where else the session was let in latest, and what that cost.
    pub elsewhere: Option<Elsewhere>,
    /// Another fingerprint the session was let in with, and what that cost.
    pub other_fingerprint: Option<OtherFingerprint>,
    /// Fingerprints that were tried.
    pub guesses: Option<Guesses>,
}

/// Another autonomous system a session was let in from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its number.
    pub asn: u32,
    /// Whether the subject's profile knew it.
    pub known: bool,
    /// Whether a data centre, a VPN or a proxy stands there.
    pub hired: bool,
    /// The latest day, in days since 1970.
    pub on: u16,
}

/// Another fingerprint a session was let in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherFingerprint {
    /// First 4 bytes of its digest: whoever does not know it cannot find another one that begins alike.
    pub start: [u8; 4],
    /// Why it was let in.
    pub standing: Standing,
}

/// Why another fingerprint was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing explained it.
    Unexplained,
    /// The browser was updated.
    Upgraded,
    /// The subject's profile knew the device.
    Known,
}

/// Distinct fingerprints that were tried and matched nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// How many, at most 255.
    pub count: u8,
    /// When the first of them came, whole seconds.
    pub since: Instant,
    /// The start of the latest.
    pub latest: [u8; 4],
}

impl Guesses {
    /// How long a guess is remembered after the first of its run.
    pub const WINDOW: Duration = Duration::from_hours(1);

    /// The guesses after one more fingerprint was tried at `now`.
    pub fn and(before: Option<Self>, digest: &[u8; 16], now: Instant) -> Self {
        let latest = start_of(digest);
        match before.filter(|it| now.since(it.since) <= Self::WINDOW) {
            Some(same) if same.latest == latest => same,
            Some(run) => Self {
                count: run.count.saturating_add(1),
                latest,
                ..run
            },
            None => Self {
                count: 1,
                since: Instant::from_secs(now.secs()),
                latest,
            },
        }
    }
}

/// What is kept of a fingerprint's digest beside the one the session is held by.
pub const fn start_of(digest: &[u8; 16]) -> [u8; 4] {
    let [a, b, c, d, ..] = *digest;
    [a, b, c, d]
}
