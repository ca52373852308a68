//! What a request says of its sender, turned into what a session is judged by.

use crate::fingerprint;
use crate::model::{Absence, AddressForm, Context, Facts, Sample, is_placeholder};
use crate::network;

/// The context of a request, and the text of its fingerprint: the one that was sent, or one computed from the user
/// agent alone.
///
/// A user agent or fingerprint that [stands for nothing](is_placeholder) is taken for none.
pub fn context(
    ip: &str,
    user_agent: &str,
    sent: Option<&str>,
    trusted: bool,
    facts: Facts,
) -> (Context, String) {
    let user_agent = supplied(user_agent).unwrap_or_default();
    let (fingerprint, text) = if let Some(sent) = sent.and_then(supplied) {
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
        user_agent: user_agent.to_owned(),
        fingerprint,
        trusted,
    };
    (context, text)
}

/// The text, unless it stands for nothing.
fn supplied(text: &str) -> Option<&str> {
    (!is_placeholder(text)).then_some(text)
}

/// What of a request was not understood, or not as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The address is none, or was read with what is around it left off.
    Address(AddressForm),
    /// The address belongs to nobody on the public internet.
    SpecialAddress(Absence),
    /// There is no user agent, or a text that stands for none.
    UserAgent,
    /// The fingerprint stands for nothing, and counts as not sent.
    Fingerprint,
}

impl Notice {
    /// What a caller should know of what it sent; nothing where all of it was understood as it is.
    ///
    /// `user_agent` and `fingerprint` are none where they were left out and may be, which needs no notice.
    pub fn of(ip: &str, user_agent: Option<&str>, fingerprint: Option<&str>) -> Vec<Self> {
        let reading = network::read(ip);
        let form = (reading.form != AddressForm::Plain).then_some(Self::Address(reading.form));
        let special = reading
            .address
            .and_then(network::special)
            // Examples and tests stand in for clients with them (RFC 5737).
            .filter(|it| *it != Absence::Documentation)
            .map(Self::SpecialAddress);
        let agent = user_agent.is_some_and(is_placeholder).then_some(Self::UserAgent);
        let fingerprint = fingerprint
            .is_some_and(is_placeholder)
            .then_some(Self::Fingerprint);
        [form, special, agent, fingerprint]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The code a program can go by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address(AddressForm::Plain | AddressForm::Decorated) => "decorated",
            Self::Address(form) => form.as_str(),
            Self::SpecialAddress(why) => why.as_str(),
            Self::UserAgent | Self::Fingerprint => "missing",
        }
    }

    /// What is to be done about it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Address(AddressForm::Plain | AddressForm::Decorated) => {
                "read without the port, brackets, quotes, blanks or zone around it"
            }
            Self::Address(AddressForm::Missing) => "no address: send the one the client's request came from",
            Self::Address(AddressForm::List) => {
                "several addresses, none of which is taken: send the one your own proxy saw, since the client can write the others"
            }
            Self::Address(AddressForm::Name) => "a name: send the address itself",
            Self::Address(AddressForm::Junk) => "not an IP address",
            Self::SpecialAddress(_) => {
                "no address of the public internet: send the client's own, not one of your network"
            }
            Self::UserAgent => "no user agent: send the client's header as it came",
            Self::Fingerprint => "stands for nothing, so it counts as not sent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [&str; 9] = [
        "",
        "  ",
        "null",
        "Undefined",
        "None",
        "[object Object]",
        "-",
        "0000000000000000",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ];

    #[test]
    fn a_fingerprint_that_stands_for_nothing_was_not_sent() {
        let shown = |sent| context("192.0.2.1", "curl/8.0", sent, true, Facts::default());
        let unsent = shown(None);
        for sent in NOTHING {
            assert_eq!(shown(Some(sent)), unsent, "{sent:?}");
        }
        let (sent, text) = shown(Some(" a "));
        assert_eq!(
            (sent.fingerprint, text.as_str()),
            (Sample::supplied(" a "), " a ")
        );
    }

    #[test]
    fn a_user_agent_that_stands_for_nothing_is_none() {
        let shown = |agent| context("192.0.2.1", agent, None, true, Facts::default());
        for agent in NOTHING {
            assert_eq!(shown(agent), shown(""), "{agent:?}");
        }
        assert_eq!(shown("curl/8.0").0.user_agent, "curl/8.0");
    }

    #[test]
    fn a_caller_is_told_what_was_not_understood() {
        let told = |ip, agent, fingerprint| -> Vec<&str> {
            Notice::of(ip, agent, fingerprint)
                .iter()
                .map(|it| it.code())
                .collect()
        };
        for (ip, codes) in [
            ("8.8.8.8", [].as_slice()),
            ("8.8.8.8:53", &["decorated"]),
            ("8.8.8.8, 10.0.0.1", &["list"]),
            ("localhost", &["name"]),
            ("what?", &["not_an_address"]),
            ("null", &["missing"]),
            ("203.0.113.42", &[]),
            ("10.0.0.1", &["private"]),
            ("[::1]:443", &["decorated", "loopback"]),
            ("100.64.0.1", &["shared"]),
        ] {
            assert_eq!(told(ip, Some("curl/8.0"), None), codes, "{ip}");
        }
        assert_eq!(
            told("8.8.8.8", Some("null"), Some("null")),
            ["missing", "missing"]
        );
        assert_eq!(told("8.8.8.8", Some(""), Some("a")), ["missing"]);
        assert!(told("8.8.8.8", None, None).is_empty());
    }
}
