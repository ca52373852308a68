//! What is compared of a visit: small numbers and digests, about 120 bytes.

use sha2::{Digest as _, Sha256};

use crate::telemetry::{Components, Screen};
use crate::useragent::{self, DeviceClass, System, UserAgent};

/// Which components there are and how they are read; the first byte of [`Traits::to_bytes`]. Traits of different
/// versions are not compared.
pub const VERSION: u8 = 1;

/// What is compared, each by itself. The order is that of the stored form: later versions may add to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Component {
    /// The operating system's family.
    System,
    /// `navigator.platform`.
    Platform,
    /// The browser's family.
    Browser,
    /// The system's version.
    SystemVersion,
    /// Model, processor family and bitness, as Client Hints tell them, and the sign of a NaN.
    Model,
    /// Logical processors.
    Cores,
    /// Memory.
    Memory,
    /// Touch points and events.
    Touch,
    /// A canvas with shapes.
    CanvasGeometry,
    /// A canvas with text.
    CanvasText,
    /// A rendered signal.
    Audio,
    /// Results of mathematical functions.
    Math,
    /// Installed fonts.
    Fonts,
    /// Widths of texts under the font settings.
    FontPreferences,
    /// Lists that block parts of pages.
    Blockers,
    /// Vendor and renderer of the graphics processor.
    Graphics,
    /// Limits of WebGL.
    GraphicsLimits,
    /// Extensions of WebGL.
    GraphicsExtensions,
    /// The screen's size, the longer side first.
    Screen,
    /// What the system keeps of the screen.
    ScreenFrame,
    /// Device pixels per CSS pixel.
    PixelRatio,
    /// Depth and gamut of colours, HDR.
    Colors,
    /// Wishes: contrast, motion, transparency, forced, inverted and no colours.
    Settings,
    /// Plugins, and whether PDF documents are shown.
    Plugins,
    /// The time zone.
    TimeZone,
    /// The most wanted language.
    Language,
    /// All wanted languages.
    Languages,
}

impl Component {
    /// How many there are.
    pub const COUNT: usize = 27;

    /// All of them, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::System,
        Self::Platform,
        Self::Browser,
        Self::SystemVersion,
        Self::Model,
        Self::Cores,
        Self::Memory,
        Self::Touch,
        Self::CanvasGeometry,
        Self::CanvasText,
        Self::Audio,
        Self::Math,
        Self::Fonts,
        Self::FontPreferences,
        Self::Blockers,
        Self::Graphics,
        Self::GraphicsLimits,
        Self::GraphicsExtensions,
        Self::Screen,
        Self::ScreenFrame,
        Self::PixelRatio,
        Self::Colors,
        Self::Settings,
        Self::Plugins,
        Self::TimeZone,
        Self::Language,
        Self::Languages,
    ];

    /// Its name in explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Platform => "platform",
            Self::Browser => "browser",
            Self::SystemVersion => "system_version",
            Self::Model => "model",
            Self::Cores => "cores",
            Self::Memory => "memory",
            Self::Touch => "touch",
            Self::CanvasGeometry => "canvas_geometry",
            Self::CanvasText => "canvas_text",
            Self::Audio => "audio",
            Self::Math => "math",
            Self::Fonts => "fonts",
            Self::FontPreferences => "font_preferences",
            Self::Blockers => "blockers",
            Self::Graphics => "graphics",
            Self::GraphicsLimits => "graphics_limits",
            Self::GraphicsExtensions => "graphics_extensions",
            Self::Screen => "screen",
            Self::ScreenFrame => "screen_frame",
            Self::PixelRatio => "pixel_ratio",
            Self::Colors => "colors",
            Self::Settings => "settings",
            Self::Plugins => "plugins",
            Self::TimeZone => "time_zone",
            Self::Language => "language",
            Self::Languages => "languages",
        }
    }
}

/// What is compared of a visit. Digests of 32 bits: they only have to differ where two visits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    marks: [Option<u32>; Component::COUNT],
    /// The browser's version: major times 1,000, and minor.
    release: Option<u32>,
    handheld: bool,
}

impl Traits {
    /// Most bytes that [`Traits::to_bytes`] makes.
    pub const MAX_BYTES: usize = 1 + 4 + 4 * (Component::COUNT + 1);

    /// Reads a visit. `user_agent` is that of the request, which wins over what the page claimed.
    pub fn of(components: &Components, user_agent: &str) -> Self {
        let agent = useragent::parse(user_agent);
        let touch = components.touch.as_ref();
        let points = touch.and_then(|touch| touch.max_touch_points);
        // An iPad calls itself a Mac; no Mac has a touch screen.
        let tablet = agent.os == System::MacOs && points.is_some_and(|points| 1 < points);
        Self {
            marks: Component::ALL.map(|component| read(component, components, &agent)),
            release: agent.browser_version.map(|version| {
                let (major, minor) = (version.major(), version.minor());
                major.saturating_mul(1000).saturating_add(minor.min(999))
            }),
            handheld: tablet || matches!(agent.first_device, DeviceClass::Mobile | DeviceClass::Tablet),
        }
    }

    /// The digest of a component; none where it was not collected.
    pub fn mark(&self, component: Component) -> Option<u32> {
        self.marks.get(component as usize).copied().flatten()
    }

    /// The browser's version: major times 1,000, and minor.
    pub fn release(&self) -> Option<u32> {
        self.release
    }

    /// Whether it is a phone or tablet.
    pub fn is_handheld(&self) -> bool {
        self.handheld
    }

    /// The stored form: [`VERSION`], four bytes that say what there is, and four for each that there is.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = || self.marks.into_iter().chain([self.release]);
        let mut present = u32::from(self.handheld) << 31;
        for (place, value) in values().enumerate() {
            present |= u32::from(value.is_some()) << place;
        }
        let mut bytes = Vec::with_capacity(Self::MAX_BYTES);
        bytes.push(VERSION);
        bytes.extend(present.to_be_bytes());
        for value in values().flatten() {
            bytes.extend(value.to_be_bytes());
        }
        bytes
    }

    /// Reads the stored form; none when it is of another version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (present, mut rest) = rest.split_first_chunk()?;
        let present = u32::from_be_bytes(*present);
        let mut value = |place: usize| {
            if present >> place & 1 == 0 {
                return Some(None);
            }
            let (value, after) = rest.split_first_chunk()?;
            rest = after;
            Some(Some(u32::from_be_bytes(*value)))
        };
        let mut marks = [None; Component::COUNT];
        for (place, mark) in marks.iter_mut().enumerate() {
            *mark = value(place)?;
        }
        let release = value(Component::COUNT)?;
        (*version == VERSION && rest.is_empty()).then_some(Self {
            marks,
            release,
            handheld: present >> 31 == 1,
        })
    }

    /// The same with another digest, or none, of one component.
    #[cfg(test)]
    pub(super) fn with(mut self, component: Component, mark: Option<u32>) -> Self {
        self.marks[component as usize] = mark;
        self
    }

    /// The same with another version of the browser.
    #[cfg(test)]
    pub(super) fn with_release(mut self, release: Option<u32>) -> Self {
        self.release = release;
        self
    }
}

fn read(component: Component, it: &Components, agent: &UserAgent) -> Option<u32> {
    let hints = it.client_hints.as_ref();
    match component {
        Component::System => {
            let known = agent.os != System::Unknown;
            known.then(|| digest(&[agent.os.as_str().as_bytes()]))
        }
        Component::Platform => text(it.platform.as_ref()),
        Component::Browser => {
            let brave = hints
                .and_then(|hints| hints.brands.as_ref())
                .is_some_and(|brands| brands.iter().any(|brand| brand.brand == "Brave"));
            let family = if brave { "Brave" } else { &agent.browser };
            (family != UserAgent::UNKNOWN).then(|| digest(&[family.as_bytes()]))
        }
        Component::SystemVersion => match hints.and_then(|hints| hints.platform_version.as_ref()) {
            Some(version) => text(Some(version)),
            None => agent
                .os_version
                .map(|version| digest(&[version.to_string().as_bytes()])),
        },
        Component::Model => {
            let told = hints.map(|hints| [&hints.model, &hints.architecture, &hints.bitness]);
            let architecture = it.architecture.map(|number| number.to_string());
            let parts = told.into_iter().flatten().flatten().chain(&architecture);
            let parts: Vec<_> = parts.map(String::as_bytes).collect();
            (!parts.is_empty()).then(|| digest(&parts))
        }
        Component::Cores => it.hardware_concurrency,
        Component::Memory => it.device_memory.map(|size| digest(&[&size.to_be_bytes()])),
        Component::Touch => it.touch.as_ref().and_then(|touch| {
            let points = touch.max_touch_points?;
            let events = [touch.touch_event, touch.touch_start].map(flag);
            Some(digest(&[&points.to_be_bytes(), &events]))
        }),
        Component::CanvasGeometry => it.canvas_geometry.map(|hash| digest(&[&hash])),
        Component::CanvasText => it.canvas_text.map(|hash| digest(&[&hash])),
        Component::Audio => it.audio.map(|hash| digest(&[&hash])),
        Component::Math => it.math.map(|hash| digest(&[&hash])),
        Component::Fonts => it.fonts.map(|hash| digest(&[&hash])),
        Component::FontPreferences => it.font_preferences.map(|hash| digest(&[&hash])),
        Component::Blockers => it.dom_blockers.map(|hash| digest(&[&hash])),
        Component::Graphics => {
            let renderer = it.webgl_renderer.as_ref()?;
            let vendor = it.webgl_vendor.as_deref().unwrap_or_default();
            Some(digest(&[vendor.as_bytes(), renderer.as_bytes()]))
        }
        Component::GraphicsLimits => it.webgl_parameters.map(|hash| digest(&[&hash])),
        Component::GraphicsExtensions => it.webgl_extensions.map(|hash| digest(&[&hash])),
        Component::Screen => it.screen.as_ref().and_then(|screen| {
            let (width, height) = (screen.width?, screen.height?);
            let sides = [width.max(height), width.min(height)].map(u32::to_be_bytes);
            Some(digest(&[sides.as_flattened()]))
        }),
        Component::ScreenFrame => it.screen.as_ref().and_then(frame),
        Component::PixelRatio => {
            let ratio = it.screen.as_ref()?.pixel_ratio?;
            Some(digest(&[&ratio.to_be_bytes()]))
        }
        Component::Colors => {
            let depth = it.screen.as_ref().and_then(|screen| screen.color_depth);
            let told = depth.is_some() || it.color_gamut.is_some() || it.hdr.is_some();
            let depth = depth.unwrap_or_default().to_be_bytes();
            let gamut = it.color_gamut.as_deref().unwrap_or_default().as_bytes();
            told.then(|| digest(&[&depth, gamut, &[flag(it.hdr)]]))
        }
        Component::Settings => {
            let wishes = [
                it.forced_colors,
                it.inverted_colors,
                it.reduced_motion,
                it.reduced_transparency,
            ];
            let told = it.contrast.is_some() || wishes.iter().any(Option::is_some);
            let contrast = it.contrast.unwrap_or_default().to_be_bytes();
            let monochrome = it.monochrome.unwrap_or_default().to_be_bytes();
            told.then(|| digest(&[&contrast, &monochrome, &wishes.map(flag)]))
        }
        Component::Plugins => it.plugins.map(|hash| digest(&[&hash, &[flag(it.pdf_viewer)]])),
        Component::TimeZone => match (&it.time_zone, it.time_zone_offset_minutes) {
            (Some(name), _) => text(Some(name)),
            (None, Some(minutes)) => Some(digest(&[&minutes.to_be_bytes()])),
            (None, None) => None,
        },
        Component::Language => text(it.languages.as_ref()?.first()),
        Component::Languages => {
            let all: Vec<_> = it.languages.as_ref()?.iter().map(String::as_bytes).collect();
            (!all.is_empty()).then(|| digest(&all))
        }
    }
}

/// What the system keeps, whichever way a phone is held.
fn frame(screen: &Screen) -> Option<u32> {
    let kept = [
        screen.width?.abs_diff(screen.available_width?),
        screen.height?.abs_diff(screen.available_height?),
    ];
    let [one, other] = kept;
    let sides = [one.max(other), one.min(other)].map(u32::to_be_bytes);
    Some(digest(&[sides.as_flattened()]))
}

fn text(text: Option<&String>) -> Option<u32> {
    let text = text?;
    (!text.is_empty()).then(|| digest(&[text.as_bytes()]))
}

const fn flag(told: Option<bool>) -> u8 {
    match told {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

/// Four bytes of a SHA-256 over the parts, each with its length before it.
fn digest(parts: &[&[u8]]) -> u32 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(format!("{}:", part.len()));
        hash.update(part);
    }
    let hash = hash.finalize();
    hash.iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}
