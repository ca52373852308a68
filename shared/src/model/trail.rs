//! How a session came to be where it is: what the rules about order and time look at.

use super::Instant;

/// The way a session went, as far as its guard has room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trail {
    /// Whether the latest accepted address is IPv6.
    pub ipv6: bool,
    /// Whether all that stands between the latest accepted address and its user is a privacy relay of a system's maker;
    /// only in a session that is held through something.
    pub relay: bool,
    /// Whether the subject proved itself in the accepted context, so that all of it may be learnt.
    pub proven: bool,
    /// The last day on which a context that may be learnt was accepted, in days since 1970; none when none ever was.
    pub learnt_on: Option<u16>,
    /// Since when every context was suspicious, if the latest was.
    pub suspicion: Option<Suspicion>,
    /// The autonomous system before the present one, of the same address family.
    pub earlier_system: Option<EarlierSystem>,
    /// The sent fingerprint before the present one.
    pub earlier_fingerprint: Option<EarlierFingerprint>,
}

/// A run of suspicious contexts. The time that passes in it excuses nothing: who waits does not become credible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// When the first of them came, whole seconds.
    pub since: Instant,
    /// The last activity before it, whole seconds.
    pub active_before: Instant,
}

impl Suspicion {
    /// A suspicion that begins at `now`, in a session last active at `active_before`.
    pub fn new(now: Instant, active_before: Instant) -> Self {
        Self {
            since: Instant::from_secs(now.secs()),
            active_before: Instant::from_secs(active_before.secs()),
        }
    }
}

/// An autonomous system a session came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierSystem {
    /// Its number.
    pub asn: u32,
    /// The family of the addresses there.
    pub ipv6: bool,
    /// When another one was first seen, whole seconds.
    pub left_at: Instant,
}

impl EarlierSystem {
    /// A system that was left at `now`.
    pub fn new(asn: u32, ipv6: bool, now: Instant) -> Self {
        Self {
            asn,
            ipv6,
            left_at: Instant::from_secs(now.secs()),
        }
    }
}

/// The start of a fingerprint's digest: enough to see it come back within minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierFingerprint {
    /// First 4 bytes of its digest.
    pub start: [u8; 4],
    /// When another one was first seen, whole seconds.
    pub left_at: Instant,
}

impl EarlierFingerprint {
    /// A fingerprint that another one followed at `now`.
    pub fn new(digest: &[u8; 16], now: Instant) -> Self {
        Self {
            start: Self::start_of(digest),
            left_at: Instant::from_secs(now.secs()),
        }
    }

    /// What is kept of a digest.
    pub const fn start_of(digest: &[u8; 16]) -> [u8; 4] {
        let [a, b, c, d, ..] = *digest;
        [a, b, c, d]
    }
}
