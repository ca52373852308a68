//! Ids in the forms AWS gives them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::clock::{Entropy, System};
use shared::model::Instant;

/// A Lambda request id: a UUID of version 4.
pub(crate) fn request_id() -> String {
    let mut bytes = drawn::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// A request id of the gateway: 16 characters of base64.
pub(crate) fn gateway_request_id() -> String {
    STANDARD.encode(drawn::<11>())
}

/// An X-Ray trace id that is not sampled.
pub(crate) fn trace_id(now: Instant) -> String {
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        now.secs(),
        hex(&drawn::<12>()),
        hex(&drawn::<8>())
    )
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.filter_map(|it| char::from_digit(it.into(), 16)).collect()
}

/// Random bytes. Ids of a development tool may repeat when the machine has no randomness; secrets are drawn elsewhere.
pub(crate) fn drawn<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    drop(System.fill(&mut bytes));
    bytes
}
