//! One spelling for each language, screen and time zone. A text that is none of these is absent, never an error.

/// The language with the highest quality, the first of equals, as a lower-case tag.
///
/// Only one of the list: browsers shorten the list in private windows and, lately, altogether.
pub(super) fn language(header: &str) -> Option<String> {
    let mut best: Option<(u16, &str)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1000, thousandths);
        if is_tag(tag) && 0 < quality && best.is_none_or(|(before, _)| before < quality) {
            best = Some((quality, tag));
        }
    }
    best.map(|(_, tag)| tag.to_ascii_lowercase().replace('_', "-"))
}

fn is_tag(tag: &str) -> bool {
    let shaped = tag
        .split(['-', '_'])
        .all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
    shaped && tag.len() <= 35
}

/// A quality of RFC 9110, section 12.4.2; one that is none counts as 1.
fn thousandths(quality: &str) -> u16 {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole != "0" || 3 < fraction.len() || !digits(fraction) {
        return 1000;
    }
    format!("{fraction:0<3}").parse().unwrap_or(1000)
}

/// `WxH` with the longer side first, since a phone is turned. A third number, the colour depth, is left out.
pub(super) fn screen(text: &str) -> Option<String> {
    let mut sides = text.split(['x', 'X', '×']).map(|side| {
        let side = side.trim();
        let plain = (1..=5).contains(&side.len()) && side.chars().all(|c| c.is_ascii_digit());
        if plain {
            side.parse::<u32>().ok().filter(|pixels| 0 < *pixels)
        } else {
            None
        }
    });
    let (one, other) = (sides.next()??, sides.next()??);
    // More than a depth, or something that is no number, is not a screen.
    if sides.next().is_some_and(|depth| depth.is_none()) || sides.next().is_some() {
        return None;
    }
    Some(format!("{}x{}", one.max(other), one.min(other)))
}

/// The name without blanks around it: 1 to 64 visible ASCII characters. Aliases stay different names.
pub(super) fn timezone(text: &str) -> Option<String> {
    let name = text.trim();
    let visible = name.chars().all(|c| c.is_ascii_graphic());
    (visible && (1..=64).contains(&name.len())).then(|| name.to_owned())
}
