//! What the endpoints are sent.
//!
//! Texts are free: an address that is none is evidence, not an error. They are stored and shown, though, so control
//! characters and the marks that turn the direction of writing are replaced as they come in (U+FFFD), the same way on
//! create and on validate. A session id is never stored, only looked up, so it stays as it was sent.

use super::error::Error;
use super::fields::Fields;
use crate::face::Warning;
use crate::face::text::clean;
use crate::face::warning::Names;
use crate::service::Notice;

/// Longest body that is read.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Body of `POST /api/v1/sessions/fingerprint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintInput {
    /// The browser's user agent.
    pub user_agent: String,
    /// The client's address, any text.
    pub ip_address: String,
    /// The `Accept-Language` header.
    pub accept_language: Option<String>,
    /// Width and height, `1920x1080`.
    pub screen_resolution: Option<String>,
    /// IANA time zone.
    pub timezone: Option<String>,
}

impl FingerprintInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            user_agent: clean(fields.text("user_agent")),
            ip_address: clean(fields.text("ip_address")),
            accept_language: fields.optional_text("accept_language").map(clean),
            screen_resolution: fields.optional_text("screen_resolution").map(clean),
            timezone: fields.optional_text("timezone").map(clean),
        };
        fields.finish(input)
    }
}

/// Body of `POST /api/v1/sessions/create`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInput {
    /// The client's address, any text.
    pub ip_address: String,
    /// The client's user agent.
    pub user_agent: String,
    /// A fingerprint that the caller computed or got before.
    pub device_fingerprint: Option<String>,
    /// Country of the client, as the caller names it.
    pub geo_country: Option<String>,
    /// City of the client, as the caller names it.
    pub geo_city: Option<String>,
    /// Minutes the session lives without activity, 5 to 1440; 60 when left out.
    pub idle_timeout_minutes: u32,
    /// The digest of the telemetry token that the client's page got.
    pub telemetry: Option<[u8; 32]>,
}

impl CreateInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            ip_address: clean(fields.text("ip_address")),
            user_agent: clean(fields.text("user_agent")),
            device_fingerprint: fields.optional_text("device_fingerprint").map(clean),
            geo_country: fields.optional_text("geo_country").map(clean),
            geo_city: fields.optional_text("geo_city").map(clean),
            idle_timeout_minutes: fields.number("idle_timeout_minutes", 5, 1440, 60),
            telemetry: fields.optional_telemetry("telemetry_token"),
        };
        fields.finish(input)
    }

    /// What of it was not understood as it was sent.
    pub fn warnings(&self) -> Vec<Warning> {
        let names = Names {
            address: "ip_address",
            user_agent: "user_agent",
            fingerprint: "device_fingerprint",
        };
        let (agent, fingerprint) = (Some(self.user_agent.as_str()), self.device_fingerprint.as_deref());
        Warning::all(&Notice::of(&self.ip_address, agent, fingerprint), names)
    }
}

/// Body of `POST /api/v1/sessions/validate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidateInput {
    /// Any text; one that is no id names no session.
    pub session_id: String,
    /// The client's address now, any text.
    pub current_ip: String,
    /// The client's user agent now.
    pub current_user_agent: String,
    /// The client's fingerprint now.
    pub current_fingerprint: Option<String>,
    /// The digest of the telemetry token that the client's page got.
    pub telemetry: Option<[u8; 32]>,
}

impl ValidateInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            session_id: fields.text("session_id"),
            current_ip: clean(fields.text("current_ip")),
            current_user_agent: clean(fields.text("current_user_agent")),
            current_fingerprint: fields.optional_text("current_fingerprint").map(clean),
            telemetry: fields.optional_telemetry("telemetry_token"),
        };
        fields.finish(input)
    }
}

/// Body of `POST /api/v1/sessions/{session_id}/step-up`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUpInput {
    /// The address the client proved itself from, any text.
    pub current_ip: String,
    /// The user agent it did so with.
    pub current_user_agent: String,
    /// Its fingerprint.
    pub current_fingerprint: Option<String>,
    /// The digest of the telemetry token that the client's page got.
    pub telemetry: Option<[u8; 32]>,
}

impl StepUpInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            current_ip: clean(fields.text("current_ip")),
            current_user_agent: clean(fields.text("current_user_agent")),
            current_fingerprint: fields.optional_text("current_fingerprint").map(clean),
            telemetry: fields.optional_telemetry("telemetry_token"),
        };
        fields.finish(input)
    }
}

/// Body of `POST /api/v1/sessions/logout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutInput {
    /// Any text; one that is no id names no session.
    pub session_id: String,
    /// Whether all sessions of the subject end; false when left out.
    pub revoke_all: bool,
}

impl LogoutInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            session_id: fields.text("session_id"),
            revoke_all: fields.truth("revoke_all", false),
        };
        fields.finish(input)
    }
}

/// Body of `DELETE /api/v1/sessions/{session_id}`, which may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeInput {
    /// Why, at most 255 characters; `User revoked` when left out.
    pub reason: String,
}

impl RevokeInput {
    /// Longest reason, in characters.
    pub const MAX_REASON: u16 = 255;

    /// Reads a body of at most [`MAX_BODY_BYTES`]; none at all is `{}`, since many clients send none with a DELETE.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let body = if body.is_empty() { b"{}" } else { body };
        let mut fields = Fields::read(body, MAX_BODY_BYTES)?;
        let input = Self {
            reason: clean(fields.limited_text("reason", Self::MAX_REASON, "User revoked")),
        };
        fields.finish(input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_text_holds_nothing_that_acts_on_its_reader() {
        let body = r#"{"ip_address":"a\u0000b","user_agent":"\u001b[31m\r\nX: y","geo_city":"\u202eabc\u2069 Z\u00fcrich"}"#;
        let input = CreateInput::read(body.as_bytes()).unwrap();
        assert_eq!(input.ip_address, "a\u{fffd}b");
        assert_eq!(input.user_agent, "\u{fffd}[31m\u{fffd}\u{fffd}X: y");
        assert_eq!(input.geo_city.as_deref(), Some("\u{fffd}abc\u{fffd} Zürich"));
    }

    #[test]
    fn a_session_id_is_looked_up_as_it_was_sent() {
        let body = r#"{"session_id":"a\u0000"}"#;
        assert_eq!(LogoutInput::read(body.as_bytes()).unwrap().session_id, "a\0");
    }

    #[test]
    fn too_large_is_decided_before_the_body_is_looked_at() {
        for length in [MAX_BODY_BYTES + 1, 10 * MAX_BODY_BYTES] {
            assert!(matches!(
                ValidateInput::read(&vec![0xff; length]),
                Err(Error::TooLarge)
            ));
        }
    }
}
