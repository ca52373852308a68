//! `POST /api/v1/sessions/fingerprint`: the fingerprint of a device, without credential and without a read.

use shared::face::bitcain::{Error, FingerprintInput, FingerprintReply};
use shared::fingerprint::{Inputs, compute};
use shared::runtime::http::{Reply, Request};

/// Computes a fingerprint that the caller may pass to create and validate.
///
/// # Errors
/// 422 for a body that is not as documented.
pub fn handle(request: &Request) -> Result<Reply, Error> {
    let input = FingerprintInput::read(&request.body)?;

    let computed = compute(&Inputs {
        user_agent: &input.user_agent,
        accept_language: input.accept_language.as_deref(),
        screen_resolution: input.screen_resolution.as_deref(),
        timezone: input.timezone.as_deref(),
    });

    Ok(Reply::json(&FingerprintReply {
        fingerprint: computed.hex,
        components: computed.components,
    }))
}
