//! Whether a program speaks.

/// Words that bots, HTTP libraries and browsers without a window use of themselves, in lower case.
const WORDS: [&str; 58] = [
    "bot",
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
    "feed",
    "rss",
    "validator",
    "checker",
    "scanner",
    "curl",
    "wget",
    "httpie",
    "python",
    "urllib",
    "aiohttp",
    "httpx",
    "scrapy",
    "okhttp",
    "apache-httpclient",
    "jakarta",
    "java/",
    "go-http-client",
    "node-fetch",
    "axios",
    "undici",
    "got (",
    "superagent",
    "postman",
    "insomnia",
    "guzzle",
    "libwww",
    "lwp",
    "mechanize",
    "ruby",
    "faraday",
    "php",
    "perl",
    "powershell",
    "reqwest",
    "dart",
    "facebookexternalhit",
    "whatsapp/",
];

/// Whether the text is a program's own.
pub(super) fn speaks(text: &str) -> bool {
    // Phones of this brand carry `bot` in their model.
    let lower = text.to_ascii_lowercase().replace("cubot", "");
    WORDS.iter().any(|word| lower.contains(word))
        // Crawlers leave an address for complaints; browsers never do.
        || lower.contains("http://")
        || lower.contains("https://")
        || lower.contains("www.")
        || (lower.contains("(compatible; ") && !lower.contains("msie") && !lower.contains("konqueror"))
}
