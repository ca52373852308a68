//! Reads an address from what callers send.
//!
//! Servers and proxies print an address with the port of its connection, in brackets, in quotes, with the zone it is valid
//! in, or as RFC 7239 does: all that is one address still. Of several addresses none is taken: a caller that hands on
//! `X-Forwarded-For` would let whoever sends the request choose.

use std::net::IpAddr;

use super::canonical;
pub use crate::model::AddressForm as Form;
use crate::model::{is_blank, is_placeholder};

/// What a text says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The address, canonical; none unless `form` is one of an address.
    pub address: Option<IpAddr>,
    /// What the text is.
    pub form: Form,
}

impl Reading {
    const fn none(form: Form) -> Self {
        Self { address: None, form }
    }
}

/// Longest text that is looked at as one address, bytes: a domain name with decoration around it. Longer ones are lists or
/// junk.
const LONGEST: usize = 300;
/// How many layers of decoration are taken off: `for="[::1]:80"` has four.
const MOST_LAYERS: usize = 8;
/// How many parts of a list are looked at.
const MOST_PARTS: usize = 100;

/// Reads the address in `text`; it takes time in proportion to the text's length.
pub fn read(text: &str) -> Reading {
    let bare = text.trim_matches(is_blank);
    if bare.len() <= LONGEST {
        if let Ok(address) = bare.parse().map(canonical) {
            let form = if bare.len() == text.len() {
                Form::Plain
            } else {
                Form::Decorated
            };
            return Reading {
                address: Some(address),
                form,
            };
        }
        let one = one(bare);
        if one.form != Form::Junk {
            return one;
        }
    }
    Reading::none(if is_list(bare) { Form::List } else { Form::Junk })
}

/// Reads `text` as one address with something around it.
fn one(text: &str) -> Reading {
    // What RFC 7239 calls unknown is named, not left out.
    let missing = |text: &str| is_placeholder(text) && !text.eq_ignore_ascii_case("unknown");
    if missing(text) {
        return Reading::none(Form::Missing);
    }
    let mut rest = text;
    for _ in 0..MOST_LAYERS {
        if let Some(address) = bare(rest) {
            return Reading {
                address: Some(canonical(address)),
                form: Form::Decorated,
            };
        }
        match peeled(rest) {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    Reading::none(if missing(rest) {
        Form::Missing
    } else if is_name(rest) {
        Form::Name
    } else {
        Form::Junk
    })
}

/// An address with nothing but a port or a zone behind it.
fn bare(text: &str) -> Option<IpAddr> {
    let zoned = |text: &str| match text.split_once('%') {
        Some((address, zone)) if is_zone(zone) => address.parse().ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    if let Some(address) = zoned(text) {
        return Some(address);
    }
    if let Some((inside, behind)) = text.strip_prefix('[').and_then(|it| it.split_once(']')) {
        return zoned(inside).filter(|_| behind.strip_prefix(':').is_some_and(is_port));
    }
    let (address, port) = text.rsplit_once(':')?;
    // Without brackets `2001:db8::1:443` is an address to its end. Behind eight groups, or an IPv4 address, or with five
    // digits, it can be nothing but a port.
    let surely = !address.contains("::") || address.contains('.') || port.len() == 5;
    zoned(address).filter(|_| is_port(port) && surely)
}

/// `text` without its outermost layer of decoration.
fn peeled(text: &str) -> Option<&str> {
    const PAIRS: [(char, char); 7] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('[', ']'),
        ('(', ')'),
        ('<', '>'),
        ('{', '}'),
    ];
    let trimmed = text.trim_matches(is_blank);
    if trimmed.len() < text.len() {
        return Some(trimmed);
    }
    let paired = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    if let Some(inside) = PAIRS.into_iter().find_map(paired) {
        return Some(inside);
    }
    if let Some(node) = forwarded_for(text) {
        return Some(node);
    }
    // gRPC, RFC 5321 and Java print `ipv6:[::1]:80`, `IPv6:::1` and `/192.0.2.1:80`.
    if let Some((scheme, behind)) = text.split_once("://") {
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|it| it.is_ascii_alphanumeric());
        return is_scheme.then(|| behind.strip_suffix('/').unwrap_or(behind));
    }
    if let Some((family, behind)) = text.split_once(':')
        && ["ipv4", "ipv6", "ip"]
            .iter()
            .any(|it| family.eq_ignore_ascii_case(it))
    {
        return Some(behind);
    }
    if let Some((address, length)) = text.rsplit_once('/') {
        // One host as PostgreSQL prints it.
        let whole = match address.parse() {
            Ok(IpAddr::V4(_)) => length == "32",
            Ok(IpAddr::V6(_)) => length == "128",
            Err(_) => address.is_empty(),
        };
        return whole.then_some(if address.is_empty() { length } else { address });
    }
    // A port behind a name or something in quotes; and the dot that ends a name.
    if let Some((host, port)) = text.rsplit_once(':')
        && is_port(port)
        && (host.ends_with(PAIRS.map(|(_, close)| close)) || !host.contains(':'))
    {
        return Some(host);
    }
    text.strip_suffix('.').filter(|it| !it.ends_with('.'))
}

/// The node of one element of RFC 7239's `Forwarded`: `for=192.0.2.60;proto=http;by=203.0.113.43`.
fn forwarded_for(text: &str) -> Option<&str> {
    let mut node = None;
    for pair in text.split(';').filter(|it| !it.trim().is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim();
        if name.eq_ignore_ascii_case("for") {
            if node.replace(value).is_some() {
                return None;
            }
        } else if !is_token(name) || value.contains(',') {
            return None;
        }
    }
    node
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
}

/// A port, none at all (RFC 3986), or a hidden one (RFC 7239).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => is_label(hidden),
        None => {
            text.is_empty()
                || (text.len() <= 5
                    && text.bytes().all(|it| it.is_ascii_digit())
                    && text.parse::<u16>().is_ok())
        }
    }
}

/// A zone (RFC 4007), also as it is written in addresses of the web (RFC 6874).
fn is_zone(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-._~:%".contains(&it))
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it))
}

/// The name of a host, or one of RFC 7239 that hides it. What ends in a number is an address, or was to be one.
fn is_name(text: &str) -> bool {
    let hidden = text.starts_with('_') && 1 < text.len();
    let last = text.rsplit('.').next().unwrap_or_default();
    is_label(text) && (hidden || last.starts_with(|it: char| it.is_ascii_alphabetic()))
}

/// Whether `text` has several parts, one of them an address, or, with commas between, all of them names.
fn is_list(text: &str) -> bool {
    let is_separator: fn(char) -> bool = |it| matches!(it, ',' | ';' | '|') || is_blank(it);
    // Quotes and brackets may be around all of them.
    let around = |it: char| is_blank(it) || "\"'`[](){}<>".contains(it);
    let has_address = |part: &str| part.len() <= LONGEST && one(part).address.is_some();
    let mut parts = text.split(is_separator).take(MOST_PARTS);
    if text.contains(is_separator) && parts.any(|it| has_address(it) || has_address(it.trim_matches(around)))
    {
        return true;
    }
    let is_named = |part: &str| {
        let part = part.trim_matches(around);
        part.len() <= LONGEST && one(part).form == Form::Name
    };
    text.contains(',') && text.split(',').take(MOST_PARTS).all(is_named)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_read_whatever_is_around_it() {
        let table = [
            (
                "192.0.2.1",
                [
                    "192.0.2.1:4711",
                    "192.0.2.1:0",
                    "192.0.2.1:",
                    "192.0.2.1:_hidden",
                    " 192.0.2.1 ",
                    "\t192.0.2.1\r\n",
                    "\u{feff}192.0.2.1",
                    "192.0.2.1\u{fffd}",
                    "\"192.0.2.1\"",
                    "'192.0.2.1'",
                    "\" 192.0.2.1 \"",
                    "\"192.0.2.1:4711\"",
                    "\"192.0.2.1\":4711",
                    "[192.0.2.1]",
                    "[192.0.2.1]:4711",
                    "[\"192.0.2.1\"]",
                    "(192.0.2.1)",
                    "<192.0.2.1>",
                    "192.0.2.1.",
                    "192.0.2.1%7",
                    "192.0.2.1/32",
                    "/192.0.2.1",
                    "/192.0.2.1:4711",
                    "http://192.0.2.1",
                    "https://192.0.2.1:443/",
                    "tcp://192.0.2.1:4711",
                    "ipv4:192.0.2.1:4711",
                    "for=192.0.2.1",
                    "For=\"192.0.2.1\"",
                    "for=\"192.0.2.1:4711\"",
                    "for=192.0.2.1;proto=http;by=203.0.113.43",
                    "proto=https; for=192.0.2.1; host=example.com",
                    "::ffff:192.0.2.1%eth0",
                    "[::ffff:192.0.2.1]",
                    "[::ffff:c000:201]:443",
                    "::ffff:192.0.2.1:4711",
                    "[64:ff9b::192.0.2.1]:443",
                ]
                .as_slice(),
            ),
            (
                "2001:db8::1",
                &[
                    "[2001:db8::1]",
                    "[2001:db8::1]:443",
                    "[2001:DB8:0:0::1]:443",
                    "\"[2001:db8::1]:443\"",
                    "for=\"[2001:db8::1]:4711\"",
                    "for=\"[2001:db8::1]\"",
                    "2001:db8::1%eth0",
                    "[2001:db8::1%25en0]:80",
                    "2001:db8:0:0:0:0:0:1:443",
                    "2001:db8::1:50123",
                    "2001:db8::1/128",
                    "/[2001:db8:0:0:0:0:0:1]:4711",
                    "https://[2001:db8::1]:443/",
                    "ipv6:[2001:db8::1]:4711",
                    "[IPv6:2001:db8::1]",
                ],
            ),
        ];
        for (address, decorated) in table {
            let address: IpAddr = address.parse().unwrap();
            for text in decorated {
                let reading = Reading {
                    address: Some(address),
                    form: Form::Decorated,
                };
                assert_eq!(read(text), reading, "{text:?}");
            }
        }
    }

    #[test]
    fn an_address_alone_is_plain_in_each_of_its_spellings() {
        for (text, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("64:ff9b::192.0.2.1", "192.0.2.1"),
            ("2002:c000:201::1", "192.0.2.1"),
            ("2001:DB8::0:1", "2001:db8::1"),
            // The last group, not a port.
            ("2001:db8::1:443", "2001:db8::1:443"),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
        ] {
            let reading = Reading {
                address: Some(address.parse().unwrap()),
                form: Form::Plain,
            };
            assert_eq!(read(text), reading, "{text}");
        }
    }

    #[test]
    fn of_several_addresses_none_is_taken() {
        for list in [
            "198.51.100.7, 192.0.2.1",
            "192.0.2.1,",
            ",192.0.2.1",
            "192.0.2.1 198.51.100.7",
            "192.0.2.1;198.51.100.7",
            "192.0.2.1|198.51.100.7",
            "192.0.2.1\n198.51.100.7",
            "192.0.2.1, unknown",
            "unknown, 192.0.2.1:80",
            "unknown, unknown",
            "_a, _b",
            "for=192.0.2.1, for=198.51.100.7",
            "for=192.0.2.1;for=198.51.100.7",
            "for=192.0.2.1;by=203.0.113.1, for=198.51.100.7",
            "\"192.0.2.1, 198.51.100.7\"",
            "[\"192.0.2.1\", \"198.51.100.7\"]",
            "{192.0.2.1,198.51.100.7}",
            "192.0.2.1, <script>",
        ] {
            assert_eq!(read(list), Reading::none(Form::List), "{list:?}");
        }
    }

    #[test]
    fn a_text_without_address_is_told_apart() {
        let table: [(Form, &[&str]); 3] = [
            (
                Form::Missing,
                &[
                    "",
                    " ",
                    "\"\"",
                    "null",
                    "undefined",
                    "None",
                    "-",
                    "N/A",
                    "for=",
                    "for=\"\"",
                    "[]",
                    "[object Object]",
                    ":",
                    "null:80",
                ],
            ),
            (
                Form::Name,
                &[
                    "unknown",
                    "Unknown",
                    "for=unknown",
                    "localhost",
                    "localhost:8080",
                    "example.com.",
                    "_hidden",
                    "for=_SEVKISEK",
                    "for=\"_gazonk\"",
                    "_1",
                    "https://example.com/",
                    "unix:",
                ],
            ),
            (
                Form::Junk,
                &[
                    "192.0.2",
                    "192.0.2.256",
                    "192.0.2.1.5",
                    "192.0.2.01",
                    "192.0.2.1..",
                    "0x7f.1",
                    "3221225985",
                    "192.0.2.1:65536",
                    "192.0.2.1:80:80",
                    "192.0.2.1:http",
                    "192.0.2.1/24",
                    "192.0.2.1%",
                    "[192.0.2.1",
                    "\"192.0.2.1",
                    "[2001:db8::1",
                    "2001:db8:::1",
                    "2001:db8::g",
                    "１９２.0.2.1",
                    "192。0。2。1",
                    "192.0.2.1\u{202e}",
                    "not an address",
                    "what, ever!?",
                    "{\"ip\": null}",
                    "%",
                    "=",
                    ";",
                    ",",
                    "://",
                ],
            ),
        ];
        for (form, texts) in table {
            for text in texts {
                assert_eq!(read(text), Reading::none(form), "{text:?}");
            }
        }
    }

    #[test]
    fn a_long_text_is_read_to_its_end() {
        let long = |text: &str, times| text.repeat(times);
        for (text, form) in [
            (long(" ", 10_000), Form::Missing),
            (long(",", 10_000), Form::Junk),
            (long("[", 10_000), Form::Junk),
            (long("\"", 10_000), Form::Junk),
            (long("for=", 2_500), Form::Junk),
            (long(":", 10_000), Form::Junk),
            (long("a", 10_000), Form::Junk),
            (long("\u{0}", 10_000), Form::Missing),
            (long("192.0.2.1,", 1_000), Form::List),
            (format!("192.0.2.1%{}", long("z", 10_000)), Form::Junk),
            (format!("192.0.2.1{}", long(" ", 10_000)), Form::Decorated),
            (
                format!("{}192.0.2.1{}", long("[", 5_000), long("]", 5_000)),
                Form::Junk,
            ),
        ] {
            assert_eq!(
                read(&text).form,
                form,
                "{}...",
                &text.chars().take(12).collect::<String>()
            );
        }
    }

    fn any_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(IpAddr::from),
            any::<[u16; 8]>().prop_map(IpAddr::from),
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_has_an_address_where_its_form_says_so(
            text in r#"([0-9a-fA-F:.%\[\]"',; |=/_\-]|for|null|192\.0\.2\.1|::1|\PC|[\x00-\x1f]){0,40}"#,
        ) {
            let Reading { address, form } = read(&text);
            prop_assert_eq!(address.is_some(), matches!(form, Form::Plain | Form::Decorated));
            prop_assert_eq!(address.map(canonical), address);
        }

        #[test]
        fn a_port_and_brackets_change_no_address(address in any_address(), port in any::<u16>()) {
            let alone = read(&address.to_string());
            prop_assert_eq!(alone.form, Form::Plain);
            let with_port = std::net::SocketAddr::new(address, port).to_string();
            for text in [format!("[{address}]"), format!(" \"{with_port}\" "), format!("for=\"{with_port}\""), with_port] {
                prop_assert_eq!(read(&text), Reading { form: Form::Decorated, ..alone }, "{}", text);
            }
        }

        #[test]
        fn two_addresses_are_never_one(first in any_address(), second in any_address(), between in "[,;| ]{1,3}") {
            prop_assert_eq!(read(&format!("{first}{between}{second}")).address, None);
        }
    }
}
