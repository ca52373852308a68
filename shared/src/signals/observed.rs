//! What a visit showed.

use crate::model::{Facts, Instant};
use crate::telemetry::Telemetry;

/// What a visit showed. Nothing else enters.
///
/// Where the request and the telemetry tell the same, the request is believed: the browser wrote it, not the page.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// What the collector sent.
    pub telemetry: &'a Telemetry,
    /// The request's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The request's `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// The request's `Sec-CH-UA`.
    pub sec_ch_ua: Option<&'a str>,
    /// The request's `Sec-CH-UA-Mobile`.
    pub sec_ch_ua_mobile: Option<&'a str>,
    /// The request's `Sec-CH-UA-Platform`.
    pub sec_ch_ua_platform: Option<&'a str>,
    /// The request's `Origin`.
    pub origin: Option<&'a str>,
    /// What is known of the address it came from.
    pub facts: &'a Facts,
    /// The time of the request.
    pub now: Instant,
}
