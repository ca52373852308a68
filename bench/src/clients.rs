//! The clients that are played: their addresses, browsers and bodies.

use serde_json::json;

/// Where sessions are opened from.
pub(crate) const IP: &str = "198.51.100.7";
/// An address of another network.
pub(crate) const OTHER_IP: &str = "203.0.113.80";
/// The browser sessions are opened with.
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

/// A body for create.
pub(crate) fn create_body() -> String {
    json!({"ip_address": IP, "user_agent": USER_AGENT, "idle_timeout_minutes": 60}).to_string()
}

/// A body for validate that differs in nothing from [`create_body`].
pub(crate) fn validate_body(session_id: &str) -> String {
    json!({"session_id": session_id, "current_ip": IP, "current_user_agent": USER_AGENT}).to_string()
}

/// A body for fingerprint.
pub(crate) fn fingerprint_body() -> String {
    json!({"ip_address": IP, "user_agent": USER_AGENT, "timezone": "Europe/London"}).to_string()
}

/// A body for logout.
pub(crate) fn logout_body(session_id: &str) -> String {
    json!({"session_id": session_id}).to_string()
}
