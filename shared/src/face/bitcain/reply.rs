//! What the endpoints answer: every field printed, absent values as null, in the order of the published reference.

use serde::{Serialize, Serializer};

use crate::face::Warning;
use crate::model::Instant;

/// Answer of `POST /api/v1/sessions/fingerprint`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FingerprintReply<C> {
    /// The fingerprint, 64 hexadecimal digits.
    pub fingerprint: String,
    /// What it was computed from.
    pub components: C,
}

/// Answer of `POST /api/v1/sessions/create`. That no session could be opened is an answer too, with status 200.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CreateReply {
    /// Whether a session was opened.
    pub success: bool,
    /// Its id.
    pub session_id: Option<String>,
    /// The fingerprint it is bound to: the one that was sent, or the one that was computed.
    pub fingerprint: Option<String>,
    /// When it ends unless it is used before.
    #[serde(serialize_with = "optional_instant")]
    pub expires_at: Option<Instant>,
    /// Why none was opened.
    pub error: Option<String>,
    /// Whether the telemetry token led to telemetry, which the session is compared with from now on; ours, and left out
    /// where none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telemetry_attached: Option<bool>,
    /// What of the request was not understood as it was sent; ours, for API keys, and left out where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Answer of `POST /api/v1/sessions/{session_id}/step-up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepUpReply {
    /// Whether the session is held by the present context now.
    pub success: bool,
    /// The session, in its canonical spelling.
    pub session_id: Option<String>,
    /// What a request from there scores, 0 to 100.
    pub risk_score: u8,
    /// Why not.
    pub error: Option<String>,
}

/// Answer of `POST /api/v1/sessions/validate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidateReply<R> {
    /// Whether the session is live and may be used.
    pub is_valid: bool,
    /// Why not.
    pub error_message: Option<String>,
    /// The session, in its canonical spelling.
    pub session_id: Option<String>,
    /// Whether a step-up is asked for.
    pub is_suspicious: bool,
    /// 0 to 100; for a user's own token the least score of its level.
    pub risk_score: u8,
    /// How the score came about; ours, and left out where the caller is not to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<R>,
}

/// Answer of `GET /api/v1/sessions/active`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveReply {
    /// The live sessions.
    pub sessions: Vec<ActiveSession>,
    /// How many they are.
    pub total_count: usize,
    /// How many there can be.
    pub max_concurrent: usize,
}

/// One live session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveSession {
    /// Its id.
    pub session_id: String,
    /// `active`.
    pub status: &'static str,
    /// The address it was opened from.
    pub ip_address: Option<String>,
    /// The user agent it is used with.
    pub user_agent: Option<String>,
    /// The country named when it was opened.
    pub geo_country: Option<String>,
    /// The city named when it was opened.
    pub geo_city: Option<String>,
    /// When it was opened.
    #[serde(serialize_with = "instant")]
    pub created_at: Instant,
    /// When it was last validated, as far as that is stored.
    #[serde(serialize_with = "instant")]
    pub last_activity_at: Instant,
    /// Whether it is the one the request was made with.
    pub is_current: bool,
}

/// Answer of `POST /api/v1/sessions/logout`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogoutReply {
    /// Whether a session ended.
    pub success: bool,
    /// How many ended.
    pub revoked_sessions: usize,
    /// What was asked for.
    pub revoke_all: bool,
    /// Why none ended.
    pub error: Option<String>,
}

/// Answer of `DELETE /api/v1/sessions/{session_id}`: published as a map of booleans.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RevokeReply {
    /// True; a session that cannot be revoked is a 404.
    pub success: bool,
}

/// Answer of `POST /api/v1/sessions/cleanup`: published as a map of integers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CleanupReply {
    /// Sessions found past their time.
    pub expired: u64,
    /// Sessions taken out of the guards.
    pub deleted: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn instant<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant.to_rfc3339())
}

#[expect(clippy::ref_option, reason = "the signature serde calls")]
fn optional_instant<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => instant(at, serializer),
        None => serializer.serialize_none(),
    }
}
