//! The device behind a user agent, by what its page can measure: phones and tablets that ask for the pages of computers.

use super::engine::Engine;
use super::system::{DeviceClass, System};
use super::{Apple, UserAgent};

/// What a page can measure of its device. `None` is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence<'a> {
    /// `navigator.maxTouchPoints`.
    pub touch_points: Option<u32>,
    /// `navigator.platform`.
    pub platform: Option<&'a str>,
    /// What renders the page, by the page and not by the user agent: [`Engine::of_vendor`].
    pub engine: Option<Engine>,
    /// Width and height of the screen, CSS pixels.
    pub screen: Option<(u32, u32)>,
}

/// The shorter side of an iPhone's screen is never longer (Pro Max: 440), and that of an iPad never shorter (mini: 744).
const WIDEST_IPHONE: u32 = 600;
/// The shorter side of a phone's screen is seldom longer; small tablets have 600.
const WIDEST_PHONE: u32 = 550;
/// A computer's screen never has a shorter side as short as that, at any scale that systems offer.
const PHONE_FOR_SURE: u32 = 480;

impl UserAgent {
    /// System and class of the device, by the user agent and by what its page measured.
    ///
    /// A phone or tablet that asks for the page of computers has the user agent of a Mac or of Linux. No Mac has a touch
    /// screen, so touch makes it an iPad, or an iPhone where the screen is one's. A computer with Linux may have one;
    /// Android's platform names an ARM processor.
    ///
    /// ```
    /// use shared::useragent::{DeviceClass, Evidence, System, parse};
    ///
    /// let mac = parse("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15");
    /// let touched = Evidence { touch_points: Some(5), screen: Some((820, 1180)), ..Evidence::default() };
    /// assert_eq!(mac.device_by(&touched), (System::Ios, DeviceClass::Tablet));
    /// assert_eq!(mac.device_by(&Evidence::default()), (System::MacOs, DeviceClass::Desktop));
    /// ```
    pub fn device_by(&self, evidence: &Evidence<'_>) -> (System, DeviceClass) {
        let shorter = evidence
            .screen
            .map(|(width, height)| width.min(height))
            .filter(|it| 0 < *it);
        let touched = evidence.touch_points.is_some_and(|it| 0 < it);
        let platform = evidence.platform.unwrap_or_default();
        let by_screen = |widest| match shorter {
            Some(shorter) if shorter <= widest => DeviceClass::Mobile,
            _ => DeviceClass::Tablet,
        };
        match self.os {
            System::MacOs | System::Ios if platform.starts_with("iPhone") || platform.starts_with("iPod") => {
                (System::Ios, DeviceClass::Mobile)
            }
            System::MacOs | System::Ios if platform.starts_with("iPad") => (System::Ios, DeviceClass::Tablet),
            System::MacOs if self.apple == Apple::Browser || is_touched_mac(evidence) => {
                (System::Ios, by_screen(WIDEST_IPHONE))
            }
            // An app's window, which has `Mobile/` behind `Macintosh`.
            System::Ios
                if self.device == DeviceClass::Tablet && self.apple != Apple::Ipad && shorter.is_some() =>
            {
                (System::Ios, by_screen(WIDEST_IPHONE))
            }
            System::Linux
                if touched
                    && self.device == DeviceClass::Desktop
                    && is_of_android(platform, shorter)
                    && !matches!(evidence.engine, Some(Engine::WebKit)) =>
            {
                (System::Android, by_screen(WIDEST_PHONE))
            }
            // Some browsers of phones leave out `Mobile`, as on tablets, when they ask for such pages.
            System::Android
                if self.device == DeviceClass::Tablet && shorter.is_some_and(|it| it < PHONE_FOR_SURE) =>
            {
                (System::Android, DeviceClass::Mobile)
            }
            os => (os, self.device),
        }
    }
}

/// Whether what calls itself a Mac has a touch screen. Tools that play phones on a Mac are told by the engine, which iOS
/// has not.
fn is_touched_mac(evidence: &Evidence<'_>) -> bool {
    evidence.touch_points.is_some_and(|it| 1 < it)
        && !matches!(evidence.engine, Some(Engine::Blink | Engine::Gecko))
}

/// Whether a page whose user agent says Linux is shown by Android.
fn is_of_android(platform: &str, shorter: Option<u32>) -> bool {
    let arm = platform.contains("Android")
        || ["Linux arm", "Linux aarch64"]
            .iter()
            .any(|it| platform.starts_with(it));
    arm || (platform.is_empty() && shorter.is_some_and(|it| it < PHONE_FOR_SURE))
}
