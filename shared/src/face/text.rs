//! Free texts that are stored and shown.

/// The text with what acts on its reader replaced (U+FFFD).
pub(super) fn clean(text: String) -> String {
    if text.chars().any(is_unprintable) {
        text.replace(is_unprintable, "\u{fffd}")
    } else {
        text
    }
}

/// Controls, line and paragraph separators, and the marks of Unicode's bidirectional algorithm (UAX #9).
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
