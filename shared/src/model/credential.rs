//! Who may speak for whom: the issuers of users' tokens, and API keys.

use std::str::FromStr;

use super::{Instant, InvalidId, TenantId};

/// An issuer of users' tokens (JWT, RFC 7519) and what it may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The `iss` of its tokens, exactly.
    pub issuer: String,
    /// Where its keys are (JWK Set, RFC 7517).
    pub jwks_url: String,
    /// The audiences of which a token must name one.
    pub audiences: Vec<String>,
    /// The algorithms its tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// The tenants it may speak for.
    pub tenants: Vec<TenantId>,
    /// The claim that names the tenant; without it the issuer speaks for its only tenant.
    pub tenant_claim: Option<String>,
    /// Whether its subjects are kept apart from those of the tenant's other issuers.
    pub namespaced: bool,
}

/// The signature algorithms that are accepted (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = InvalidId;

    /// Reads the registered name; Ed25519 has two, of which RFC 9864 wants the one that names the curve.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == "Ed25519" {
            return Ok(Self::EdDsa);
        }
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(InvalidId)
    }
}

/// A backend's credential. The secret itself is known to its holder alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The part before the colon: 1 to 64 letters, digits, `_` and `-`.
    pub id: String,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// SHA-256 of the secret, the part after the colon.
    pub secret_digest: [u8; 32],
    /// What it may do.
    pub scopes: Scopes,
    /// Since when it is refused.
    pub revoked_at: Option<Instant>,
}

/// One thing an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read and validate sessions. Never ends one.
    SessionsRead,
    /// Open, end and revoke sessions, and act for a subject.
    SessionsWrite,
    /// Clean up the tenant's expired sessions.
    SessionsAdmin,
    /// Read what the browser collector sent.
    TelemetryRead,
    /// Change the tenant's settings.
    TenantAdmin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::SessionsRead,
        Self::SessionsWrite,
        Self::SessionsAdmin,
        Self::TelemetryRead,
        Self::TenantAdmin,
    ];

    /// The scope as credentials spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::SessionsAdmin => "sessions:admin",
            Self::TelemetryRead => "telemetry:read",
            Self::TenantAdmin => "tenant:admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for Scope {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(InvalidId)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether `scope` is in the set.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes of the set.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}
