//! What the tables do not know, from `woothee`.

use std::borrow::Cow;

use woothee::parser::Parser;

use super::UserAgent;
use super::system::{DeviceClass, System};
use super::version::Version;

/// Words of the texts that `woothee` knows more of than the tables do.
const KNOWN: [&str; 31] = [
    "Windows",
    "Mac",
    "Apple",
    "BlackBerry",
    "Blackberry",
    "BB10",
    "KDDI",
    "UP.Browser",
    "DoCoMo",
    "FOMA",
    "SoftBank",
    "Vodafone",
    "J-PHONE",
    "MOT-",
    "WILLCOM",
    "DDIPOCKET",
    "emobile",
    "jig",
    "Symbian",
    "PlayStation",
    "PSP",
    "Nintendo",
    "Gecko",
    "Firefox",
    "Safari",
    "bot",
    "Bot",
    "rawler",
    "pider",
    "Slurp",
    "Indy Library",
];

/// Fills in what is still unknown of `agent`.
///
/// The first call of `woothee` compiles its patterns, which takes milliseconds, so that it is asked only for texts that
/// it may know.
pub(super) fn complete(agent: &mut UserAgent, text: &str) {
    let missing = agent.browser == UserAgent::UNKNOWN || agent.os == System::Unknown;
    if !missing || !KNOWN.iter().any(|it| text.contains(it)) {
        return;
    }
    let Some(found) = Parser::new().parse(text) else {
        return;
    };
    if agent.browser == UserAgent::UNKNOWN && found.name != "UNKNOWN" {
        agent.browser = Cow::Owned(found.name.to_owned());
        agent.browser_version = Version::read(found.version);
    }
    if agent.os == System::Unknown {
        agent.os = system(found.os);
        agent.os_version = Version::read(&found.os_version);
        if agent.device == DeviceClass::Unknown {
            agent.device = match found.category {
                "pc" => DeviceClass::Desktop,
                "smartphone" | "mobilephone" => DeviceClass::Mobile,
                _ => DeviceClass::Unknown,
            };
        }
    }
}

fn system(name: &str) -> System {
    match name {
        "Windows Phone OS" => System::WindowsPhone,
        "Mac OSX" | "Mac OS Classic" => System::MacOs,
        "iOS" | "iPhone" | "iPad" | "iPod" => System::Ios,
        "Android" => System::Android,
        "ChromeOS" => System::ChromeOs,
        "Linux" => System::Linux,
        "BSD" => System::Bsd,
        "Firefox OS" => System::KaiOs,
        "BlackBerry" | "BlackBerry 10" => System::BlackBerry,
        "SymbianOS" | "docomo" | "au" | "SoftBank" | "WILLCOM" | "jig" | "emobile" => System::FeaturePhone,
        name if name.starts_with("Windows") => System::Windows,
        name if ["PlayStation", "Nintendo", "Xbox"]
            .iter()
            .any(|maker| name.starts_with(maker)) =>
        {
            System::Console
        }
        _ => System::Unknown,
    }
}
