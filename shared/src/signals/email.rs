//! What an e-mail address tells of its owner's intentions. The address itself is kept nowhere.

use serde::{Deserialize, Serialize};

use super::finding::Findings;
use super::weights::{EMAIL_DISPOSABLE, EMAIL_MASKED};

/// Domains of throw-away addresses, sorted; `disposable.txt` is written by `tools/update-lists`.
const LIST: &str = include_str!("disposable.txt");

/// What the domain of an e-mail address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// Whether it is on the list of throw-away addresses, and no relay's.
    #[serde(rename = "d")]
    pub disposable: bool,
    /// Whether it is a relay's, behind which its owner can always be reached.
    #[serde(rename = "m")]
    pub masked: bool,
}

/// Relays behind which their users can be reached: of makers of systems and browsers, of mail providers, and of those
/// that offer nothing else.
///
/// Apple made addresses of `icloud.com` for Hide My Email before it had `private.icloud.com`, and Fastmail makes masked
/// ones of its ordinary domains: those cannot be told from anybody's.
const RELAYS: [&str; 31] = [
    // Apple: Sign in with Apple, Hide My Email.
    "privaterelay.appleid.com",
    "private.icloud.com",
    // DuckDuckGo and Firefox.
    "duck.com",
    "mozmail.com",
    "relay.firefox.com",
    // Proton Pass.
    "passmail.net",
    "passmail.com",
    "passinbox.com",
    "passfwd.com",
    // SimpleLogin, which is Proton's.
    "simplelogin.com",
    "simplelogin.co",
    "simplelogin.fr",
    "simplelogin.io",
    "slmail.me",
    "slmails.com",
    "aleeas.com",
    "8alias.com",
    "8shield.net",
    "dralias.com",
    "silomails.com",
    // addy.io, once AnonAddy.
    "anonaddy.com",
    "anonaddy.me",
    "addy.io",
    "addy.biz",
    "addymail.com",
    "4wrd.cc",
    "mailer.me",
    // Others.
    "cloaked.id",
    "erine.email",
    "forwardemail.net",
    "opayq.com",
];

/// Judges an address by its domain; `None` for a text that is none.
pub(super) fn judge(address: Option<&str>, findings: &mut Findings) -> Option<Email> {
    let domain = domain(address?)?;
    let masked = suffixes(&domain).any(|it| RELAYS.contains(&it));
    let email = Email {
        // Who can be reached throws nothing away, whatever a list says.
        disposable: !masked && suffixes(&domain).any(is_disposable),
        masked,
    };
    if email.disposable {
        findings.note(EMAIL_DISPOSABLE, None, None);
    }
    if email.masked {
        findings.note(EMAIL_MASKED, None, None);
    }
    Some(email)
}

/// The domain as lists spell it. Lenient: whatever stands before the last `@` is a name.
fn domain(address: &str) -> Option<String> {
    let (name, domain) = address.trim().rsplit_once('@')?;
    let domain: String = domain.chars().map(plain).collect();
    let domain = domain.trim_end_matches('.');
    let parts = || domain.split('.');
    let is_name = |part: &str| {
        (1..=63).contains(&part.len()) && part.chars().all(|c| c == '-' || c == '_' || c.is_alphanumeric())
    };
    let fits = !name.is_empty() && domain.len() <= 253 && 2 <= parts().count() && parts().all(is_name);
    fits.then(|| domain.to_owned())
}

/// Full-width letters and the dots of other scripts as UTS #46 maps them, small. Names in other scripts stay as they
/// are: the list has ten of them, all in Punycode, and is asked in that spelling alone.
fn plain(c: char) -> char {
    let c = match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xff01 - 0x21)
            .and_then(char::from_u32)
            .unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        _ => c,
    };
    c.to_ascii_lowercase()
}

/// The domain and the domains above it, without the last part alone.
fn suffixes(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |it| it.split_once('.').map(|(_, above)| above))
        .filter(|it| it.contains('.'))
}

/// By halves of the text, so that no index of its lines is needed.
fn is_disposable(domain: &str) -> bool {
    let mut rest = LIST.split_once('\n').map_or("", |(_, list)| list);
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest
            .as_bytes()
            .iter()
            .take(middle)
            .rposition(|it| *it == b'\n')
            .map_or(0, |it| it + 1);
        let (below, from) = rest.split_at(start);
        let (line, above) = from.split_once('\n').unwrap_or((from, ""));
        match domain.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = below,
            std::cmp::Ordering::Greater => rest = above,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(address: &str) -> Option<(bool, bool)> {
        let email = judge(Some(address), &mut Findings::default())?;
        Some((email.disposable, email.masked))
    }

    #[test]
    fn domains_are_told_apart_by_their_whole_parts() {
        for (address, expected) in [
            ("a@mailinator.com", Some((true, false))),
            ("a@MAILINATOR.com", Some((true, false))),
            ("a@a.b.mailinator.com.", Some((true, false))),
            ("a@ｍａｉｌｉｎａｔｏｒ。com", Some((true, false))),
            ("\"odd @ name\"@mailinator.com", Some((true, false))),
            (" a@mailinator.com ", Some((true, false))),
            ("a@xn--yaho-sqa.com", Some((true, false))),
            ("a@amailinator.com", Some((false, false))),
            ("a@mailinator.com.example", Some((false, false))),
            ("a@gmail.com", Some((false, false))),
            ("a@outlook.com", Some((false, false))),
            ("a@proton.me", Some((false, false))),
            ("a@icloud.com", Some((false, false))),
            ("a@bücher.example", Some((false, false))),
            ("x1y2@privaterelay.appleid.com", Some((false, true))),
            ("a@duck.com", Some((false, true))),
            ("a@b.mozmail.com", Some((false, true))),
            ("a@appleid.com", Some((false, false))),
            ("a@localhost", None),
            ("a@", None),
            ("@mailinator.com", None),
            ("mailinator.com", None),
            ("a@[192.0.2.1]", None),
            ("a@b..c", None),
            ("", None),
        ] {
            assert_eq!(judged(address), expected, "{address}");
        }
        assert_eq!(judge(None, &mut Findings::default()), None);
        assert_eq!(judged(&format!("a@{}com", "b.".repeat(200))), None);
    }

    #[test]
    fn no_provider_at_which_people_keep_their_address_is_a_throw_away() {
        const PROVIDERS: &str = include_str!("tests/providers.txt");
        let more = [
            "sify.com",
            "21cn.com",
            "189.cn",
            "tuta.com",
            "posteo.de",
            "hey.com",
            "in.com",
            "rediffmail.com",
            "fastmail.com",
            "walla.co.il",
            "ukr.net",
            "abv.bg",
            "seznam.cz",
            "wp.pl",
            "laposte.net",
            "docomo.ne.jp",
        ];
        let listed: Vec<&str> = PROVIDERS.lines().skip(1).collect();
        assert!(300 < listed.len());
        for provider in listed.into_iter().chain(more) {
            let judged = judged(&format!("a@{provider}"));
            assert_eq!(judged.map(|it| it.0), Some(false), "{provider}");
        }
    }

    #[test]
    fn a_relay_is_masked_and_never_a_throw_away() {
        for relay in RELAYS {
            for address in [format!("a@{relay}"), format!("a@b.{relay}")] {
                assert_eq!(judged(&address), Some((false, true)), "{address}");
            }
        }
    }

    #[test]
    fn every_line_of_the_list_is_found_and_no_relay_is_on_it() {
        let mut before = "";
        for line in LIST.lines().skip(1) {
            assert!(before < line, "{line}");
            before = line;
            assert!(is_disposable(line), "{line}");
        }
        for odd in ["", "a", "zzzzzzzz.zz", "0", "# npm", "0-mail.co", "0-mail.comm"] {
            assert!(!is_disposable(odd), "{odd}");
        }
        for relay in RELAYS {
            assert!(!suffixes(relay).any(is_disposable), "{relay}");
        }
    }
}
