//! Which URL a key set may be fetched from. Decided from its text alone; addresses are judged when it is resolved.

use std::net::IpAddr;

use lambda_http::http::Uri;

/// Longest URL, in bytes.
const MAX_LENGTH: usize = 2048;

/// Where a key set may be fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// An https URL of a named host, port 443.
    Public(Uri),
    /// An http URL of a loopback address: a development issuer on this machine.
    Loopback(Uri),
}

/// Reads the URL of a key set.
///
/// The URL is read by the parser of the client that will connect, so there are no two readings of it. That parser maps
/// no other spelling of an address to digits, and whatever looks like an address is refused: `127.1`, `0x7f.1`,
/// `2130706433` never reach a resolver.
pub(super) fn target(url: &str, allow_loopback: bool) -> Option<Target> {
    let plain = url
        .bytes()
        .all(|c| c.is_ascii_graphic() && !matches!(c, b'\\' | b'#'));
    if !plain || MAX_LENGTH < url.len() {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host();
    // What stands behind the host is compared as text: the parser takes a port above 65535 for no port at all, and
    // keeps user information in front of the host.
    let port = authority.as_str().strip_prefix(host)?;
    match uri.scheme_str()? {
        "https" => {
            let well = matches!(port, "" | ":443") && is_public_name(host);
            well.then_some(Target::Public(uri))
        }
        "http" => {
            let well = port.is_empty() || uri.port_u16().is_some();
            (allow_loopback && well && is_loopback(host)).then_some(Target::Loopback(uri))
        }
        _ => None,
    }
}

fn is_public_name(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let well_formed = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label that starts with a digit makes a name an address in one resolver or another; no public suffix does.
    let public_suffix = labels.last().is_some_and(|last| {
        last.bytes().next().is_some_and(|c| c.is_ascii_alphabetic())
            && ![
                "localhost",
                "local",
                "internal",
                "arpa",
                "test",
                "invalid",
                "onion",
            ]
            .iter()
            .any(|special| last.eq_ignore_ascii_case(special))
    });
    host.len() <= 253 && 2 <= labels.len() && labels.iter().all(well_formed) && public_suffix
}

fn is_loopback(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'))
        .unwrap_or(host);
    address.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_set_comes_from_a_named_public_host_over_https() {
        for good in [
            "https://example.com/jwks.json",
            "https://example.com",
            "https://example.com:443/.well-known/jwks.json",
            "HTTPS://LOGIN.EXAMPLE.COM/keys?p=policy",
            "https://a-b.example.co/keys/@latest",
            "https://xn--bcher-kva.example.com/keys",
        ] {
            assert!(matches!(target(good, false), Some(Target::Public(_))), "{good}");
            assert!(matches!(target(good, true), Some(Target::Public(_))), "{good}");
        }
    }

    const REFUSED: [&str; 74] = [
        "",
        "example.com",
        "/jwks.json",
        "//example.com/jwks",
        "http://example.com/jwks",
        "ftp://example.com/jwks",
        "file:///etc/passwd",
        "data:application/json,{}",
        "javascript:alert(1)",
        "gopher://example.com/",
        "jar:https://example.com/",
        "https:/example.com",
        "https:example.com",
        "https://",
        "https:///jwks",
        "https://example.com:80/",
        "https://example.com:8443/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:443443/",
        "https://example.com:/",
        "https://example.com:443:443/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://127.0.0.1@example.com/",
        "https://example.com#@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https:\\\\example.com",
        "https://127.0.0.1/",
        "https://127.0.0.1:443/",
        "https://1.1.1.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0/",
        "https://0.0.0.0/",
        "https://example.com.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1%25eth0]/",
        "https://[2600:1f00::1]/",
        "https://①②7.0.0.1/",
        "https://127。0。0。1/",
        "https://ex\u{e4}mple.com/",
        "https://example\u{3002}com/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://issuer.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://router.home.arpa/",
        "https://metadata/",
        "https://example.com./",
        "https://.example.com/",
        "https://example..com/",
        "https://-example.com/",
        "https://example_1.com/",
        "https://exa%6dple.com/",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\r\nHost: localhost",
        "https://example.com/\0",
    ];

    #[test]
    fn every_other_url_is_refused_wherever_the_service_runs() {
        for bad in REFUSED {
            assert_eq!(target(bad, false), None, "{bad:?}");
            assert_eq!(target(bad, true), None, "{bad:?}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_LENGTH));
        assert_eq!(target(&long, true), None);
        let long_name = format!("https://{}example.com/", "a.".repeat(128));
        assert_eq!(target(&long_name, true), None);
        let long_label = format!("https://{}.example.com/", "a".repeat(64));
        assert_eq!(target(&long_label, true), None);
    }

    #[test]
    fn http_is_for_loopback_addresses_on_a_development_machine() {
        for loopback in [
            "http://127.0.0.1:3000/jwks",
            "http://127.8.9.1/",
            "http://[::1]:3000/jwks",
        ] {
            assert!(
                matches!(target(loopback, true), Some(Target::Loopback(_))),
                "{loopback}"
            );
            assert_eq!(target(loopback, false), None, "{loopback}");
        }
        for other in [
            "http://localhost:3000/",
            "http://192.168.0.1/",
            "http://169.254.169.254/",
            "http://0.0.0.0:3000/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://127.0.0.1@example.com/",
            "http://user@127.0.0.1/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:/",
            "http://127.1/",
            "http://2130706433/",
        ] {
            assert_eq!(target(other, true), None, "{other}");
        }
    }
}
