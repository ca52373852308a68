//! What a tenant's backend says it sends with every request.

use std::str::FromStr;

use super::UnknownChoice;

/// What the tenant says of each piece of evidence. Where it says nothing, a piece that is missing tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvidencePolicy {
    /// The client's address.
    pub address: Promise,
    /// The client's user agent.
    pub user_agent: Promise,
    /// The device's fingerprint.
    pub fingerprint: Promise,
    /// A telemetry token.
    pub telemetry: Promise,
}

/// What a tenant says of one piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Promise {
    /// Nothing.
    #[default]
    Unsaid,
    /// It comes with every request.
    Always,
    /// It comes with none.
    Never,
}

/// One piece of evidence, as tenants name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Piece {
    Address,
    UserAgent,
    Fingerprint,
    Telemetry,
}

impl FromStr for Piece {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "address" => Ok(Self::Address),
            "user_agent" => Ok(Self::UserAgent),
            "fingerprint" => Ok(Self::Fingerprint),
            "telemetry" => Ok(Self::Telemetry),
            _ => Err(UnknownChoice),
        }
    }
}

impl EvidencePolicy {
    /// Of a tenant that sends `always`, and nothing else.
    pub fn of(always: &[Piece]) -> Self {
        let promise = |piece| {
            if always.contains(&piece) {
                Promise::Always
            } else {
                Promise::Never
            }
        };
        Self {
            address: promise(Piece::Address),
            user_agent: promise(Piece::UserAgent),
            fingerprint: promise(Piece::Fingerprint),
            telemetry: promise(Piece::Telemetry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenant_does_not_list_it_never_sends_and_without_a_list_it_says_nothing() {
        use Promise::{Always, Never, Unsaid};
        let said = |names: &[&str]| {
            let pieces: Vec<Piece> = names.iter().map(|it| it.parse().unwrap()).collect();
            let policy = EvidencePolicy::of(&pieces);
            [
                policy.address,
                policy.user_agent,
                policy.fingerprint,
                policy.telemetry,
            ]
        };
        assert_eq!(said(&[]), [Never; 4]);
        assert_eq!(said(&["address", "user_agent"]), [Always, Always, Never, Never]);
        assert_eq!(
            said(&["telemetry", "fingerprint", "telemetry"]),
            [Never, Never, Always, Always]
        );
        assert_eq!(EvidencePolicy::default().telemetry, Unsaid);
        for unknown in ["", "Address", "user agent", "ip"] {
            assert_eq!(unknown.parse::<Piece>(), Err(UnknownChoice), "{unknown}");
        }
    }
}
