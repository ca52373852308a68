//! What a browser tells of itself, as the collector in `web/collector` sends it. Claims, all of it: what is believed is
//! decided by those who read it.
//!
//! Every part of the evidence is optional. `None` means that it was not collected, or not in a form that can be read;
//! it never means "no".

mod components;

pub use components::{Automation, Brand, ClientHints, Components, Detector, Screen, Touch, Window};

use crate::model::Instant;

/// First 16 bytes of a SHA-256 that the browser computed over something too large to send.
pub type Digest = [u8; 16];

/// One visit of a browser, version 1 of what `POST /client` takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// Drawn by the browser for this sending; 22 characters base64url, so that a copy can be told from a second visit.
    pub nonce: String,
    /// When it was collected, by the browser's clock.
    pub collected_at: Instant,
    /// The site's own names for the visitor, in the order they were sent. Never a reason to grant or to merge anything.
    pub external_ids: Vec<(String, String)>,
    /// The evidence.
    pub components: Components,
    /// What looked like a program at the browser's controls.
    pub automation: Automation,
    /// Names of evidence that was sent in a form that cannot be read, such as `pixelRatio`; at most 16.
    pub malformed: Vec<&'static str>,
}

impl Telemetry {
    /// The site's own name of this kind for the visitor.
    pub fn external_id(&self, kind: &str) -> Option<&str> {
        self.external_ids
            .iter()
            .find(|(key, _)| key == kind)
            .map(|(_, value)| value.as_str())
    }
}
