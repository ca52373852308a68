//! The class of device, beyond what its system tells: televisions, consoles, headsets.

use super::system::{DeviceClass, System};

/// What televisions and the boxes beside them say of themselves, in lower case.
const TELEVISIONS: [&str; 49] = [
    "stbapp",
    "aquos-as",
    " stb",
    "kepler/",
    "panasonic.bd",
    "smart-tv",
    "smarttv",
    "smart tv",
    "smart_tv",
    "googletv",
    "google tv",
    "androidtv",
    "android tv",
    "android_tv",
    "appletv",
    "apple tv",
    "tvos",
    "hbbtv",
    "ce-html",
    "netcast",
    "web0s",
    "bravia",
    "viera/",
    "; viera",
    "crkey",
    "chromecast",
    "roku",
    "vidaa",
    "nettv",
    "iptv",
    "netrange",
    "loewe",
    "brightsign",
    "vizio",
    "philipstv",
    "tv bro",
    " omi/",
    "sonycebrowser",
    "aquosbrowser",
    "maple2",
    "tsbtv",
    "set-top",
    "settop",
    "firetv",
    "fire tv",
    "linux mips",
    "(dtv",
    "opera tv",
    "nexus player",
];

/// Words of their models, which are looked for as words alone.
const MODELS: [&str; 33] = [
    "nexon",
    "invin",
    "iconbit",
    "pendoo",
    "vorke",
    "yundoo",
    "orbsmart",
    "netta",
    "selenga",
    "hk1",
    "evpad",
    "stick",
    "streamer",
    "stream",
    "movix",
    "yndx",
    "uhd",
    "tv",
    "atv",
    "ott",
    "stb",
    "dongle",
    "projector",
    "shell",
    "tx9",
    "mecool",
    "tanix",
    "beelink",
    "formuler",
    "tivo",
    "vontar",
    "ugoos",
    "zidoo",
];

/// What words of their models begin with.
const BEGINNINGS: [&str; 16] = [
    "a95x",
    "x96",
    "x98",
    "x88",
    "h96",
    "t95",
    "tx3",
    "tx5",
    "tx6",
    "mxq",
    "m8s",
    "gtking",
    "skystream",
    "box",
    "minix",
    "nexbox",
];

/// What consoles say of themselves, also those whose system is Windows, Android or Linux.
const CONSOLES: [&str; 9] = [
    "Xbox",
    "XBOX_ONE",
    "PlayStation",
    "Playstation",
    "PLAYSTATION",
    "Nintendo",
    "OUYA",
    "Retroid Pocket",
    "SteamDeck",
];

/// What headsets say of themselves, in lower case.
const HEADSETS: [&str; 14] = [
    "oculus",
    "; quest 2",
    "; quest 3",
    "; quest pro",
    "; quest build",
    "; quest)",
    "mobile vr",
    "picobrowser",
    "pico neo",
    "pico 4",
    "; pico ",
    "wolvic",
    "vive focus",
    "lynx-r1",
];

/// Diagonals of televisions in inches, which models begin with: `43UP50GU`.
const INCHES: [&str; 26] = [
    "19", "22", "24", "28", "32", "39", "40", "42", "43", "45", "48", "49", "50", "55", "58", "60", "65",
    "70", "75", "77", "82", "83", "85", "86", "98", "31",
];

/// The class of the device that `text` is of, where `basic` is what its system tells.
pub(super) fn refine(text: &str, os: System, basic: DeviceClass) -> DeviceClass {
    if CONSOLES.iter().any(|it| text.contains(it)) {
        return DeviceClass::Console;
    }
    match os {
        System::Console => return DeviceClass::Console,
        System::Windows | System::WindowsPhone | System::ChromeOs | System::KaiOs | System::BlackBerry => {
            return basic;
        }
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|it| lower.contains(it));
    if has(&HEADSETS) {
        return DeviceClass::Headset;
    }
    if [System::MacOs, System::Ios].contains(&os) && !has(&["tvos", "appletv", "apple tv"]) {
        return basic;
    }
    if has(&TELEVISIONS) {
        return DeviceClass::Television;
    }
    if os == System::Tizen && lower.contains("tv") {
        return DeviceClass::Television;
    }
    if os != System::Android {
        return basic;
    }
    match model(&lower).map_or(Sign::None, sign) {
        // Phones with a receiver have `TV` in their model, too.
        Sign::Word if lower.contains("mobile") => DeviceClass::Unknown,
        Sign::Sure | Sign::Word => DeviceClass::Television,
        Sign::None => basic,
    }
}

enum Sign {
    None,
    Word,
    Sure,
}

/// The model in a comment of Android: what stands behind the version and before the build.
fn model(lower: &str) -> Option<&str> {
    let (_, rest) = lower.split_once("android")?;
    let rest = rest.split(')').next().unwrap_or(rest);
    let (_, rest) = rest.split_once(';')?;
    Some(rest.split("build/").next().unwrap_or(rest))
}

fn sign(model: &str) -> Sign {
    let mut sign = Sign::None;
    for word in model.split(|c: char| !c.is_ascii_alphanumeric()) {
        let letters = word.len() - word.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let inches = is_of_inches(word, letters);
        if is_fire_tv(word)
            || word.starts_with("mitv")
            || (inches && (letters == 0 || word.starts_with("led")))
        {
            return Sign::Sure;
        }
        if inches
            || MODELS.contains(&word)
            || BEGINNINGS.iter().any(|it| word.starts_with(it))
            || word.ends_with("box")
            || word.ends_with("4k")
        {
            sign = Sign::Word;
        }
    }
    sign
}

/// Amazon's models of Fire TV: `AFTS`, `AFTMM`, `AFTKA`.
fn is_fire_tv(word: &str) -> bool {
    word.strip_prefix("aft")
        .is_some_and(|it| (1..=8).contains(&it.len()) && it.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether a word of a model has the diagonal of a television behind its first letters: `43UP50GU`, `32LEX`,
/// `LED43SR23`, `TD43UFBSV1`.
fn is_of_inches(word: &str, letters: usize) -> bool {
    let bare = word.split_at(letters).1;
    // Many phones have two digits in their name; with more before the digits, more must stand behind them.
    let least = if letters == 0 { 3 } else { 5 };
    let size = INCHES
        .iter()
        .find_map(|inches| bare.strip_prefix(inches))
        .is_some_and(|rest| {
            word.starts_with("led")
                || (letters == 0 && ["lex", "smart"].contains(&rest))
                || (least <= rest.len()
                    && rest.starts_with(|c: char| c.is_ascii_alphabetic())
                    && rest.contains(|c: char| c.is_ascii_digit()))
        });
    size || ["t2csm", "t2scsm", "ts2c", "t2s"]
        .iter()
        .any(|it| word.ends_with(it))
}
