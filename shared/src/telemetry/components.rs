//! The evidence of one visit.

use super::Digest;

/// What the browser shows of itself and of the machine it runs on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Components {
    /// `navigator.userAgent`.
    pub user_agent: Option<String>,
    /// `navigator.platform`, such as `MacIntel`.
    pub platform: Option<String>,
    /// `navigator.vendor`, such as `Google Inc.`.
    pub vendor: Option<String>,
    /// Vendors whose marks the browser's globals bear, such as `chrome`.
    pub vendor_flavors: Option<Vec<String>>,
    /// `navigator.userAgentData` with its high-entropy values.
    pub client_hints: Option<ClientHints>,
    /// `navigator.languages`, the most wanted first.
    pub languages: Option<Vec<String>>,
    /// IANA name of the browser's time zone.
    pub time_zone: Option<String>,
    /// Minutes to add to local time to get UTC, as `Date.prototype.getTimezoneOffset` has it.
    pub time_zone_offset_minutes: Option<i16>,
    /// The screen.
    pub screen: Option<Screen>,
    /// The window.
    pub window: Option<Window>,
    /// Touch.
    pub touch: Option<Touch>,
    /// `navigator.hardwareConcurrency`: logical processors, rounded by some browsers.
    pub hardware_concurrency: Option<u32>,
    /// `navigator.deviceMemory`: GiB, rounded to a power of two and capped by browsers.
    pub device_memory: Option<f64>,
    /// The sign bit of a NaN in memory, which differs between processor families.
    pub architecture: Option<u32>,
    /// A canvas with shapes.
    pub canvas_geometry: Option<Digest>,
    /// A canvas with text.
    pub canvas_text: Option<Digest>,
    /// A rendered signal.
    pub audio: Option<Digest>,
    /// Results of mathematical functions.
    pub math: Option<Digest>,
    /// Installed fonts, of a fixed list.
    pub fonts: Option<Digest>,
    /// Widths of texts under the browser's font settings.
    pub font_preferences: Option<Digest>,
    /// Which lists block elements of the page.
    pub dom_blockers: Option<Digest>,
    /// Unmasked vendor of the graphics processor.
    pub webgl_vendor: Option<String>,
    /// Unmasked renderer: the graphics processor, driver and interface.
    pub webgl_renderer: Option<String>,
    /// Limits of WebGL.
    pub webgl_parameters: Option<Digest>,
    /// Extensions of WebGL and their parameters.
    pub webgl_extensions: Option<Digest>,
    /// Widest colour gamut of the screen: `srgb`, `p3` or `rec2020`.
    pub color_gamut: Option<String>,
    /// Wanted contrast: -1 less, 0 none, 1 more, 10 forced.
    pub contrast: Option<i16>,
    /// Whether colours are forced.
    pub forced_colors: Option<bool>,
    /// Whether the screen has a high dynamic range.
    pub hdr: Option<bool>,
    /// Whether colours are inverted.
    pub inverted_colors: Option<bool>,
    /// Bits per pixel of a monochrome screen; 0 for others.
    pub monochrome: Option<u16>,
    /// Whether less motion is wanted.
    pub reduced_motion: Option<bool>,
    /// Whether less transparency is wanted.
    pub reduced_transparency: Option<bool>,
    /// Whether cookies are kept.
    pub cookies_enabled: Option<bool>,
    /// Whether `localStorage` is there.
    pub local_storage: Option<bool>,
    /// Whether `sessionStorage` is there.
    pub session_storage: Option<bool>,
    /// Whether `indexedDB` is there.
    pub indexed_db: Option<bool>,
    /// Whether the abandoned `openDatabase` is there.
    pub open_database: Option<bool>,
    /// Whether the browser shows PDF documents itself.
    pub pdf_viewer: Option<bool>,
    /// `navigator.plugins`.
    pub plugins: Option<Digest>,
    /// How many plugins there are.
    pub plugin_count: Option<u32>,
    /// What `ApplePaySession` answers, as the library codes it.
    pub apple_pay: Option<i16>,
    /// The source id of private click measurement.
    pub private_click_measurement: Option<String>,
    /// How much the library thinks of its own id on this platform, 0 to 1.
    pub library_confidence: Option<f64>,
}

/// `navigator.userAgentData` (WICG User-Agent Client Hints).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientHints {
    /// Names and major versions, with a made-up one among them.
    pub brands: Option<Vec<Brand>>,
    /// Names and whole versions.
    pub full_version_list: Option<Vec<Brand>>,
    /// Whether the browser wants pages for phones.
    pub mobile: Option<bool>,
    /// The operating system.
    pub platform: Option<String>,
    /// Its version; Windows counts otherwise here (13 and more is Windows 11).
    pub platform_version: Option<String>,
    /// The processor family, such as `arm`.
    pub architecture: Option<String>,
    /// `32` or `64`.
    pub bitness: Option<String>,
    /// The device's model; empty on computers.
    pub model: Option<String>,
}

/// A name of the browser with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The name.
    pub brand: String,
    /// The version.
    pub version: String,
}

/// The screen, in CSS pixels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Screen {
    /// Width.
    pub width: Option<u32>,
    /// Height.
    pub height: Option<u32>,
    /// Width without what the system keeps.
    pub available_width: Option<u32>,
    /// Height without what the system keeps.
    pub available_height: Option<u32>,
    /// Bits per pixel.
    pub color_depth: Option<u32>,
    /// Device pixels per CSS pixel.
    pub pixel_ratio: Option<f64>,
}

/// The window, in CSS pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Width of the page.
    pub inner_width: Option<u32>,
    /// Height of the page.
    pub inner_height: Option<u32>,
    /// Width with the frame.
    pub outer_width: Option<u32>,
    /// Height with the frame.
    pub outer_height: Option<u32>,
}

/// What the browser says of touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touch {
    /// `navigator.maxTouchPoints`.
    pub max_touch_points: Option<u32>,
    /// Whether a touch event can be made.
    pub touch_event: Option<bool>,
    /// Whether `ontouchstart` is there.
    pub touch_start: Option<bool>,
}

/// What looked like a program at the controls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Automation {
    /// `navigator.webdriver` (W3C `WebDriver`).
    pub webdriver: Option<bool>,
    /// What the library for bots found.
    pub detector: Option<Detector>,
    /// Names of globals that tools for automation leave, such as `__playwright`.
    pub globals: Option<Vec<String>>,
    /// Whether something listens on the debugging protocol.
    pub devtools_protocol: Option<bool>,
    /// What differs between the page and a frame of its own, such as `platform`.
    pub iframe_mismatches: Option<Vec<String>>,
    /// What differs between the page and a worker of its own.
    pub worker_mismatches: Option<Vec<String>>,
}

/// What the library for bots found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detector {
    /// Whether it thinks that the browser is a bot.
    pub bot: bool,
    /// Which kind.
    pub kind: Option<String>,
}
