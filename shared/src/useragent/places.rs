//! The places of a user agent where a program can name itself.
//!
//! A word means something by its place. `Sonic` in `(compatible; Sonic/1.0)` is a crawler, in `(Linux; Android 4.3;
//! ViewSonic A8+ Build/JLS36C)` a tablet. So the text is cut into products and comments (RFC 9110, section 10.1.5), and
//! every comment is told by what it is about.

/// What a part of a user agent is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Products, outside of parentheses.
    Products,
    /// A comment that declares a program: `compatible; Name/1.0`, or one with an address for complaints.
    Declaration,
    /// An item of a comment about a computer. Programs put their name there, as a whole item.
    Item,
    /// Any other comment.
    Remark,
}

/// Visits the parts of `text` in which a program can name itself, in their order, with the byte each begins at.
///
/// What is left out belongs to people's devices: models and builds of Android, and what apps say in brackets.
pub(crate) fn each<'a>(text: &'a str, mut visit: impl FnMut(Place, usize, &'a str)) {
    let mut rest = text;
    let mut before = "";
    while !rest.is_empty() {
        let at = |part: &str| text.len() - part.len();
        let Some(opening) = rest.find(['(', '[']) else {
            visit(Place::Products, at(rest), rest);
            return;
        };
        let (products, opened) = rest.split_at(opening);
        if !products.trim().is_empty() {
            visit(Place::Products, at(rest), products);
            before = products;
        }
        let (inner, behind) = comment(opened);
        if opened.starts_with('(') {
            of_comment(before, at(opened) + 1, inner, &mut visit);
        } else if is_declared(inner) {
            visit(Place::Declaration, at(opened) + 1, inner);
        }
        rest = behind;
    }
}

/// What stands between the parentheses that `opened` begins with, and what follows them.
fn comment(opened: &str) -> (&str, &str) {
    let (open, close) = if opened.starts_with('(') {
        ('(', ')')
    } else {
        ('[', ']')
    };
    let mut depth = 0_u32;
    for (at, c) in opened.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                let (inner, behind) = opened.split_at(at);
                return (inner.split_at(1).1, behind.split_at(1).1);
            }
        }
    }
    (opened.split_at(1).1, "")
}

/// What items of comments about computers begin with, in lower case.
const COMPUTERS: [&str; 10] = [
    "windows",
    "macintosh",
    "x11",
    "linux",
    "iphone",
    "ipad",
    "ipod",
    "msie",
    "konqueror",
    "web0s",
];

/// What comments about phones and televisions contain, in lower case. `Adr` is UC Browser's Android.
const HANDSETS: [&str; 14] = [
    "android",
    "andr0id",
    "adr ",
    "harmony",
    "tizen",
    "windows phone",
    "symbian",
    "midp",
    "brew",
    "build/",
    "dpi;",
    "mobile;",
    "tablet;",
    "smarttv",
];

fn of_comment<'a>(
    before: &str,
    start: usize,
    comment: &'a str,
    visit: &mut impl FnMut(Place, usize, &'a str),
) {
    let lower = comment.to_ascii_lowercase();
    let old_browser = lower.contains("msie") || lower.contains("konqueror");
    if HANDSETS.iter().any(|it| lower.contains(it)) || before.trim_end().ends_with("Android") {
        // Models and builds are any words. What a program adds stands behind them or has an address.
        let (mut declared, mut built) = (false, false);
        for (at, item) in items(comment) {
            if declared || has_address(item) {
                visit(Place::Declaration, start + at, item);
            } else if built {
                visit(Place::Item, start + at, item);
            }
            declared |= !old_browser && begins(item, "compatible");
            built |= item.contains("Build/") || item.contains("build/");
        }
    } else if items(comment).any(|(_, item)| COMPUTERS.iter().any(|it| begins(item, it))) {
        if !old_browser && (lower.contains("compatible") || has_address(comment)) {
            visit(Place::Declaration, start, comment);
            return;
        }
        for (at, item) in items(comment) {
            let place = if has_address(item) {
                Place::Remark
            } else {
                Place::Item
            };
            visit(place, start + at, item);
        }
    } else if is_declared(comment) {
        visit(Place::Declaration, start, comment);
    } else {
        visit(Place::Remark, start, comment);
    }
}

/// The items of a comment without blanks around them, with the byte each begins at.
fn items(comment: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    comment.split([';', ',']).map(move |item| {
        let blanks = item.len() - item.trim_start().len();
        let at = next + blanks;
        next += item.len() + 1;
        (at, item.trim())
    })
}

/// Whether `text` begins with `word`, in letters of either case.
fn begins(text: &str, word: &str) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn is_declared(comment: &str) -> bool {
    items(comment).any(|(_, item)| begins(item, "compatible")) || has_address(comment)
}

/// Whether there is an address for complaints: crawlers leave one, browsers never do.
pub(crate) fn has_address(text: &str) -> bool {
    ["http:", "https:", "www.", "HTTP:", "WWW."]
        .iter()
        .any(|it| text.contains(it))
        || text.split('@').skip(1).any(is_host)
}

/// Whether `text` begins with the name of a host, as in an e-mail address; `android@62.0.3202` has none.
fn is_host(text: &str) -> bool {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.')
        .unwrap_or(text.len());
    let host = text.split_at(end).0.trim_end_matches('.');
    host.starts_with(|c: char| c.is_ascii_alphabetic()) && host.contains('.')
}
