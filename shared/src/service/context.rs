//! What a request says of its sender, turned into what a session is judged by.

use crate::fingerprint;
use crate::model::{Context, Facts, Sample, is_placeholder};
use crate::network;

/// The context of a request, and the text of its fingerprint: the one that was sent, or one computed from the user
/// agent alone. A text that stands for nothing was not sent: all who send it would be one device.
pub fn context(
    ip: &str,
    user_agent: &str,
    sent: Option<&str>,
    trusted: bool,
    facts: Facts,
) -> (Context, String) {
    let (fingerprint, text) = if let Some(sent) = sent.filter(|it| !is_placeholder(it)) {
        (Sample::supplied(sent), sent.to_owned())
    } else {
        let inputs = fingerprint::Inputs {
            user_agent,
            accept_language: None,
            screen_resolution: None,
            timezone: None,
        };
        let computed = fingerprint::compute(&inputs).hex;
        (Sample::computed(&computed), computed)
    };
    let reading = network::read(ip);
    let context = Context {
        ip: ip.to_owned(),
        address: reading.address,
        ip_form: reading.form,
        facts,
        user_agent: if is_placeholder(user_agent) {
            String::new()
        } else {
            user_agent.to_owned()
        },
        fingerprint,
        trusted,
    };
    (context, text)
}
