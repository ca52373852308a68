//! Texts that stand for nothing.
//!
//! A client without a value often sends the name of nothing in its language, or the digest of nothing: all its users then
//! share that "value". Taken for a value it would tie strangers together.

/// Whether `text` stands for nothing: empty, blank, the name of nothing in some language (`null`, `[object Object]`),
/// nothing but zeros or dashes, or a well-known digest of nothing.
///
/// Space around it and the case of letters do not matter.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    // What is longer is no name, and only the longest digest of zeros is a value of one letter.
    if LONGEST < text.len() {
        return false;
    }
    let text = text.to_ascii_lowercase();
    text.bytes().all(|it| b"0-_.".contains(&it))
        || NAMES.contains(&text.as_str())
        || EMPTY.contains(&text.as_str())
        || (text.starts_with("[object ") && text.ends_with(']'))
}

/// Space, what a control character was turned into as it came in (U+FFFD), and what is printed as nothing.
pub fn is_blank(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(
            letter,
            '\u{fffd}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'
        )
}

/// A SHA-512 digest in hexadecimal.
const LONGEST: usize = 128;

/// How languages and libraries print a missing value.
const NAMES: [&str; 18] = [
    "null",
    "(null)",
    "<null>",
    "undefined",
    "none",
    "nil",
    "<nil>",
    "nan",
    "n/a",
    "unknown",
    "unset",
    "empty",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "''",
];

/// Digests of the empty text and of the names of nothing in JavaScript, in hexadecimal and base64.
const EMPTY: [&str; 12] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "37a6259cc0c1dae299a7866489dff0bd",
    "5e543256c480ac577d30f76f9120eb74",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "2be88ca4242c76e8253ac62474851065032d6833",
    "d5d4cd07616a542891b7ec2d0257b3a24b69856e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b",
    "eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c",
    "47deqpj8hbsa+/timw+5jceuqerkm5nmpjwzg3hsufu=",
    "47deqpj8hbsa-_timw-5jceuqerkm5nmpjwzg3hsufu",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
];

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use sha2::{Digest, Sha256, Sha512};

    use super::*;

    #[test]
    fn a_text_that_stands_for_nothing_is_known_however_it_is_spelled() {
        for nothing in [
            "",
            " ",
            "\t\r\n",
            "\u{a0}\u{200b}\u{feff}",
            "\u{fffd}",
            "null",
            "NULL",
            " Null\n",
            "undefined",
            "None",
            "nil",
            "NaN",
            "N/A",
            "unknown",
            "false",
            "[object Object]",
            "[object Promise]",
            "[OBJECT UNDEFINED]",
            "-",
            "--",
            "0",
            "0000000000000000",
            "00000000-0000-0000-0000-000000000000",
            "0.0",
            "{}",
            "D41D8CD98F00B204E9800998ECF8427E",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert!(is_placeholder(nothing), "{nothing:?}");
        }
        for zeros in [32, 40, 64, 128] {
            assert!(is_placeholder(&"0".repeat(zeros)), "{zeros}");
        }
        for something in [
            "a",
            "1",
            "00000001",
            "0-1",
            "nullable",
            "null null",
            "none of these",
            "[object",
            "00000000-0000-0000-0000-000000000001",
            "a1b2c3d4e5f6g7h8i9j0",
            "curl/8.0",
            "Mozilla/5.0",
            "d41d8cd98f00b204e9800998ecf8427f",
        ] {
            assert!(!is_placeholder(something), "{something}");
        }
    }

    #[test]
    fn the_digests_of_nothing_are_those() {
        let hex = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            })
        };
        for text in ["", "null", "undefined"] {
            assert!(is_placeholder(&hex(&Sha256::digest(text))), "{text:?}");
        }
        assert!(is_placeholder(&hex(&Sha512::digest(""))));
    }
}
