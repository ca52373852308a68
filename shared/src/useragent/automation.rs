//! Whether a program speaks.

use super::places::{self, Place};

/// Parts of names that bots, HTTP libraries and browsers without a window give themselves, in lower case.
const STEMS: [&str; 51] = [
    "crawl",
    "spider",
    "slurp",
    "scrap",
    "fetch",
    "headless",
    "phantomjs",
    "selenium",
    "webdriver",
    "puppeteer",
    "playwright",
    "cypress",
    "lighthouse",
    "preview",
    "monitor",
    "uptime",
    "pingdom",
    "archiver",
    "heritrix",
    "validator",
    "checker",
    "scanner",
    "libcurl",
    "pycurl",
    "wget",
    "httpie",
    "python",
    "urllib",
    "aiohttp",
    "httpx",
    "okhttp",
    "httpclient",
    "http-client",
    "node-fetch",
    "axios",
    "undici",
    "superagent",
    "postman",
    "insomnia",
    "guzzle",
    "mechanize",
    "faraday",
    "powershell",
    "reqwest",
    "facebookexternalhit",
    "curl-",
    "-curl",
    "feedburner",
    "feedparser",
    "rssreader",
    "jakarta",
];

/// Those of the parts that are words of everyday life, too; apps of people are called `BabyMonitor` and `QRScanner`.
const EVERYDAY: [&str; 9] = [
    "scrap",
    "fetch",
    "preview",
    "monitor",
    "uptime",
    "archiver",
    "validator",
    "checker",
    "scanner",
];

/// Whole words of such names, which are too short to be looked for within others.
const WORDS: [&str; 10] = [
    "bot", "curl", "feed", "rss", "got", "lwp", "ruby", "php", "perl", "dart",
];

/// Libraries that name themselves first; people's browsers and phones name them, too, but later.
const FIRST: [&str; 3] = ["java/", "libwww", "whatsapp/"];

/// Browsers and apps that begin their comment with `compatible` and that people use, in lower case.
const COMPATIBLE: [&str; 17] = [
    "msie",
    "konqueror",
    "u;",
    "linux",
    "risc os",
    "ibrowse",
    "netpositive",
    "offbyone",
    "polaris",
    "antgalio",
    "ncbrowser",
    "acorn",
    "abrowse",
    "gecko/",
    "tablet",
    "smartphone",
    "ms-office",
];

/// Whether the text is a program's own.
pub(crate) fn speaks(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut words = STEMS.iter().chain(&WORDS).chain(&FIRST).chain(&["compatible"]);
    // Most browsers have no such word in any place.
    if !words.any(|it| lower.contains(it)) && !places::has_address(&lower) {
        return false;
    }
    let app = is_window_of_an_app(text);
    let mut found = FIRST.iter().any(|it| lower.starts_with(it));
    places::each(&lower, |place, _, part| {
        let mut products = part.split([' ', ';', ',']);
        found = found
            || products.any(|it| is_product_of_a_program(it, app && place == Place::Products))
            || match place {
                Place::Products => places::has_address(part),
                Place::Declaration => places::has_address(part) || declares(part),
                Place::Item | Place::Remark => false,
            };
    });
    found
}

/// Whether a comment says `compatible; Name`, and none of the browsers that write so, too.
fn declares(comment: &str) -> bool {
    comment
        .split_once("compatible")
        .map(|(_, rest)| rest.trim_start_matches([';', ',', ' ']))
        .is_some_and(|name| !name.is_empty() && !COMPATIBLE.iter().any(|it| name.starts_with(it)))
}

/// Whether the text is of the window in which an app shows pages. The names behind the browser's are the app's, and many
/// apps of people are called as a crawler is (Notion, Asana, Feedly).
pub(crate) fn is_window_of_an_app(text: &str) -> bool {
    let has = |word| text.contains(word);
    has("; wv)") || has("Electron/") || ((has("(iPhone") || has("(iPad")) && !has("Safari/"))
}

fn is_product_of_a_program(product: &str, of_an_app: bool) -> bool {
    names_a_program(product.split('/').next().unwrap_or(product), of_an_app)
}

/// Whether a product's name, in lower case, is a program's. Everyday words do not make one of an app's name.
fn names_a_program(name: &str, of_an_app: bool) -> bool {
    if name.len() < 3 {
        return false;
    }
    names_a_bot(name)
        || STEMS
            .iter()
            .any(|it| name.contains(it) && !(of_an_app && EVERYDAY.contains(it)))
        || (!of_an_app
            && name
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|word| WORDS.contains(&word)))
}

/// Whether a product's name, in lower case, is a bot's.
fn names_a_bot(name: &str) -> bool {
    // Phones of this brand carry `bot` in their model.
    if name.contains("cubot") {
        return false;
    }
    let ends = |rest: &str| {
        !rest
            .trim_start_matches('s')
            .starts_with(|c: char| c.is_ascii_alphabetic())
    };
    name.contains("spider") || name.contains("crawl") || name.split("bot").skip(1).any(ends)
}
