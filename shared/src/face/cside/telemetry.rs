//! Reads the body of `POST /client`.
//!
//! The envelope must be right. Evidence that is not is taken as not collected, and named: browsers differ more than any
//! schema, and one odd value must not cost the rest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::face::json::{self, Value};
use crate::face::text::clean;
use crate::model::Instant;
use crate::telemetry::{
    Automation, Brand, ClientHints, Components, Detector, Digest, Screen, Telemetry, Touch, Window,
};

/// Largest body that is read, bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Most names of a visitor that a site may send with one visit.
const MAX_EXTERNAL_IDS: usize = 32;
/// Longest kind of a name, characters.
const MAX_EXTERNAL_KEY: usize = 64;
/// Longest name, characters.
const MAX_EXTERNAL_VALUE: usize = 255;
/// Most bytes of all names and their kinds: what a visit costs the table must not be the page's to choose.
const MAX_EXTERNAL_BYTES: usize = 2048;
/// Longest text of the evidence, characters; the longest in use are user agents and renderers.
const MAX_TEXT: usize = 512;
/// Most entries of a list of the evidence.
const MAX_ENTRIES: usize = 32;
/// Most unreadable parts that are named.
const MAX_MALFORMED: usize = 16;
/// The last time that a browser's clock can mean: the end of the year 9999, milliseconds.
const LATEST_MILLIS: i64 = 253_402_300_799_999;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 16;

/// What is wrong with a body of `POST /client`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which member, dotted; `body` for the whole.
    pub field: String,
    /// What is wrong with it, in a sentence a developer can act on.
    pub message: String,
}

impl Problem {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// Reads telemetry of version 1.
///
/// # Errors
/// All that is wrong with the envelope (`version`, `nonce`, `collectedAt`, `externalIds`, the kinds of `components` and
/// `automation`), or why the body is no JSON.
pub fn read_telemetry(body: &[u8]) -> Result<Telemetry, Vec<Problem>> {
    let value =
        json::parse(body).map_err(|_| vec![Problem::new("body", "must be JSON with distinct keys")])?;
    if !matches!(value, Value::Object(_)) {
        return Err(vec![Problem::new("body", "must be a JSON object")]);
    }
    let mut problems = Vec::new();
    if value.get("version") != Some(&Value::Integer("1".into())) {
        problems.push(Problem::new("version", "must be 1"));
    }
    let nonce = nonce(&value);
    if nonce.is_none() {
        problems.push(Problem::new(
            "nonce",
            "must be 16 random bytes in 22 characters base64url",
        ));
    }
    let collected_at = match value.get("collectedAt") {
        Some(Value::Integer(digits)) => digits
            .parse()
            .ok()
            .filter(|it| (0..=LATEST_MILLIS).contains(it))
            .map(Instant::from_millis),
        _ => None,
    };
    if collected_at.is_none() {
        problems.push(Problem::new(
            "collectedAt",
            "must be milliseconds since 1970, a whole number, before the year 10000",
        ));
    }
    let external_ids = external_ids(value.get("externalIds"), &mut problems);
    for field in ["components", "automation"] {
        if !matches!(value.get(field), None | Some(Value::Null | Value::Object(_))) {
            problems.push(Problem::new(field, "must be an object"));
        }
    }
    match (nonce, collected_at) {
        (Some(nonce), Some(collected_at)) if problems.is_empty() => {
            let mut malformed = Malformed(Vec::new());
            Ok(Telemetry {
                nonce,
                collected_at,
                external_ids,
                components: components(&mut Part::of(&value, "components", &mut malformed)),
                automation: automation(&mut Part::of(&value, "automation", &mut malformed)),
                malformed: malformed.0,
            })
        }
        _ => Err(problems),
    }
}

fn nonce(value: &Value) -> Option<String> {
    let Some(Value::Text(text)) = value.get("nonce") else {
        return None;
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() == NONCE_BYTES).then(|| text.clone())
}

fn external_ids(value: Option<&Value>, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let entries = match value {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(entries)) => entries,
        Some(_) => {
            problems.push(Problem::new("externalIds", "must be an object of strings"));
            return Vec::new();
        }
    };
    if entries.len() > MAX_EXTERNAL_IDS {
        problems.push(Problem::new(
            "externalIds",
            format!("must have at most {MAX_EXTERNAL_IDS} entries"),
        ));
        return Vec::new();
    }
    let size = |(key, value): &(String, Value)| {
        let value = match value {
            Value::Text(text) => text.len(),
            _ => 0,
        };
        key.len() + value
    };
    if MAX_EXTERNAL_BYTES < entries.iter().map(size).sum() {
        problems.push(Problem::new(
            "externalIds",
            format!("must have at most {MAX_EXTERNAL_BYTES} bytes of keys and strings"),
        ));
        return Vec::new();
    }
    let mut ids = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        // A key that is stored as another one could be the same as a third.
        let fits = (1..=MAX_EXTERNAL_KEY).contains(&key.chars().count()) && clean(key.clone()) == *key;
        match value {
            Value::Text(text) if fits && text.chars().count() <= MAX_EXTERNAL_VALUE => {
                ids.push((key.clone(), clean(text.clone())));
            }
            // Left out by those who write null for what they do not have.
            Value::Null if fits => {}
            _ => problems.push(Problem::new(
                // A key is named as far as one may be long.
                format!(
                    "externalIds.{}",
                    clean(key.chars().take(MAX_EXTERNAL_KEY).collect())
                ),
                format!(
                    "must be a string of at most {MAX_EXTERNAL_VALUE} characters below a key of 1 to {MAX_EXTERNAL_KEY} \
                     without control characters"
                ),
            )),
        }
    }
    ids
}

fn components(part: &mut Part<'_>) -> Components {
    Components {
        user_agent: part.text("userAgent"),
        platform: part.text("platform"),
        vendor: part.text("vendor"),
        vendor_flavors: part.texts("vendorFlavors"),
        client_hints: part.inner("userAgentData", |hints| ClientHints {
            brands: hints.brands("brands"),
            full_version_list: hints.brands("fullVersionList"),
            mobile: hints.flag("mobile"),
            platform: hints.text("platform"),
            platform_version: hints.text("platformVersion"),
            architecture: hints.text("architecture"),
            bitness: hints.text("bitness"),
            model: hints.text("model"),
        }),
        languages: part.texts("languages"),
        time_zone: part.text("timeZone"),
        time_zone_offset_minutes: part.whole("timeZoneOffsetMinutes"),
        screen: part.inner("screen", |screen| Screen {
            width: screen.whole("width"),
            height: screen.whole("height"),
            available_width: screen.whole("availableWidth"),
            available_height: screen.whole("availableHeight"),
            color_depth: screen.whole("colorDepth"),
            pixel_ratio: screen.number("pixelRatio"),
        }),
        window: part.inner("window", |window| Window {
            inner_width: window.whole("innerWidth"),
            inner_height: window.whole("innerHeight"),
            outer_width: window.whole("outerWidth"),
            outer_height: window.whole("outerHeight"),
        }),
        touch: part.inner("touch", |touch| Touch {
            max_touch_points: touch.whole("maxTouchPoints"),
            touch_event: touch.flag("touchEvent"),
            touch_start: touch.flag("touchStart"),
        }),
        hardware_concurrency: part.whole("hardwareConcurrency"),
        device_memory: part.number("deviceMemory"),
        architecture: part.whole("architecture"),
        canvas_geometry: part.digest("canvasGeometry"),
        canvas_text: part.digest("canvasText"),
        audio: part.digest("audio"),
        math: part.digest("math"),
        fonts: part.digest("fonts"),
        font_preferences: part.digest("fontPreferences"),
        dom_blockers: part.digest("domBlockers"),
        webgl_vendor: part.text("webglVendor"),
        webgl_renderer: part.text("webglRenderer"),
        webgl_parameters: part.digest("webglParameters"),
        webgl_extensions: part.digest("webglExtensions"),
        color_gamut: part.text("colorGamut"),
        contrast: part.whole("contrast"),
        forced_colors: part.flag("forcedColors"),
        hdr: part.flag("hdr"),
        inverted_colors: part.flag("invertedColors"),
        monochrome: part.whole("monochrome"),
        reduced_motion: part.flag("reducedMotion"),
        reduced_transparency: part.flag("reducedTransparency"),
        cookies_enabled: part.flag("cookiesEnabled"),
        local_storage: part.flag("localStorage"),
        session_storage: part.flag("sessionStorage"),
        indexed_db: part.flag("indexedDb"),
        open_database: part.flag("openDatabase"),
        pdf_viewer: part.flag("pdfViewer"),
        plugins: part.digest("plugins"),
        plugin_count: part.whole("pluginCount"),
        apple_pay: part.whole("applePay"),
        private_click_measurement: part.text("privateClickMeasurement"),
        library_confidence: part.number("libraryConfidence"),
    }
}

fn automation(part: &mut Part<'_>) -> Automation {
    Automation {
        webdriver: part.flag("webdriver"),
        detector: part
            .inner("detector", |found| {
                let kind = found.text("kind");
                found.flag("bot").map(|bot| Detector { bot, kind })
            })
            .flatten(),
        globals: part.texts("globals"),
        devtools_protocol: part.flag("devtoolsProtocol"),
        iframe_mismatches: part.texts("iframeMismatches"),
        worker_mismatches: part.texts("workerMismatches"),
    }
}

/// Names of what could not be read.
struct Malformed(Vec<&'static str>);

/// An object of the evidence, read member by member.
struct Part<'a> {
    value: Option<&'a Value>,
    malformed: &'a mut Malformed,
}

impl<'a> Part<'a> {
    fn of(value: &'a Value, key: &str, malformed: &'a mut Malformed) -> Self {
        Self {
            value: value.get(key),
            malformed,
        }
    }

    /// Reads a member with `read`; none where it is not there, and none and named where `read` gives none.
    fn member<T>(&mut self, key: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.value?.get(key)?;
        if *value == Value::Null {
            return None;
        }
        let read = read(value);
        if read.is_none() && self.malformed.0.len() < MAX_MALFORMED {
            self.malformed.0.push(key);
        }
        read
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.member(key, text)
    }

    fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.member(key, |value| list(value, text))
    }

    fn brands(&mut self, key: &'static str) -> Option<Vec<Brand>> {
        self.member(key, |value| {
            list(value, |entry| {
                Some(Brand {
                    brand: text(entry.get("brand")?)?,
                    version: text(entry.get("version")?)?,
                })
            })
        })
    }

    fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.member(key, |value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A number without fraction, also where the browser wrote `2.0`.
    fn whole<T: TryFrom<i64>>(&mut self, key: &'static str) -> Option<T> {
        self.member(key, |value| {
            let number = number(value)?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a fraction is refused, and the rest is far within"
            )]
            let whole =
                (number.fract() == 0.0 && number.abs() <= 4_294_967_295.0).then_some(number as i64)?;
            T::try_from(whole).ok()
        })
    }

    fn number(&mut self, key: &'static str) -> Option<f64> {
        self.member(key, number)
    }

    fn digest(&mut self, key: &'static str) -> Option<Digest> {
        self.member(key, |value| match value {
            Value::Text(text) => digest(text),
            _ => None,
        })
    }

    fn inner<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Part<'_>) -> T) -> Option<T> {
        let value = self.member(key, |value| matches!(value, Value::Object(_)).then_some(()));
        value?;
        let mut inner = Part {
            value: self.value?.get(key),
            malformed: self.malformed,
        };
        Some(read(&mut inner))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if text.chars().count() <= MAX_TEXT => Some(clean(text.clone())),
        _ => None,
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(values) if values.len() <= MAX_ENTRIES => values.iter().map(read).collect(),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    let (Value::Integer(digits) | Value::Float(digits)) = value else {
        return None;
    };
    digits.parse::<f64>().ok().filter(|it| it.is_finite())
}

/// 32 lower-case hexadecimal digits.
fn digest(text: &str) -> Option<Digest> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 16 || !rest.is_empty() {
        return None;
    }
    let mut digest = [0; 16];
    for (to, [high, low]) in digest.iter_mut().zip(pairs) {
        *to = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw";

    fn read(rest: &str) -> Result<Telemetry, Vec<Problem>> {
        read_telemetry(
            format!(r#"{{"version":1,"nonce":"{NONCE}","collectedAt":1763722253123{rest}}}"#).as_bytes(),
        )
    }

    fn fields(result: Result<Telemetry, Vec<Problem>>) -> Vec<String> {
        result
            .unwrap_err()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn the_envelope_alone_is_telemetry_without_evidence() {
        let telemetry = read("").unwrap();
        assert_eq!(telemetry.nonce, NONCE);
        assert_eq!(telemetry.collected_at, Instant::from_millis(1_763_722_253_123));
        assert_eq!(telemetry.components, Components::default());
        assert_eq!(telemetry.automation, Automation::default());
        assert!(telemetry.malformed.is_empty());
    }

    #[test]
    fn evidence_is_read_member_by_member() {
        let telemetry = read(
            r#","externalIds":{"email":"user@example.com","orderId":null},
            "components":{"platform":"MacIntel","deviceMemory":0.5,"hardwareConcurrency":8.0,
              "audio":"000102030405060708090a0b0c0d0e0f","timeZoneOffsetMinutes":-540,
              "screen":{"width":1920,"pixelRatio":1.25},
              "userAgentData":{"brands":[{"brand":"Chromium","version":"142"}],"mobile":false}},
            "automation":{"webdriver":true,"detector":{"bot":true,"kind":"headless_chrome"},"globals":["__playwright"]}"#,
        )
        .unwrap();
        assert_eq!(telemetry.external_id("email"), Some("user@example.com"));
        assert_eq!(telemetry.external_id("orderId"), None);
        let components = &telemetry.components;
        assert_eq!(components.platform.as_deref(), Some("MacIntel"));
        assert_eq!(components.device_memory, Some(0.5));
        assert_eq!(components.hardware_concurrency, Some(8));
        assert_eq!(components.time_zone_offset_minutes, Some(-540));
        assert_eq!(
            components.audio,
            Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
        );
        let screen = components.screen.as_ref().unwrap();
        assert_eq!(
            (screen.width, screen.height, screen.pixel_ratio),
            (Some(1920), None, Some(1.25))
        );
        let hints = components.client_hints.as_ref().unwrap();
        assert_eq!(hints.brands.as_ref().unwrap()[0].version, "142");
        assert_eq!(hints.mobile, Some(false));
        assert_eq!(telemetry.automation.webdriver, Some(true));
        assert!(telemetry.automation.detector.unwrap().bot);
        assert!(telemetry.malformed.is_empty());
    }

    #[test]
    fn odd_evidence_is_not_collected_and_named_and_costs_nothing_else() {
        let telemetry = read(
            r#","components":{"platform":7,"audio":"00","canvasText":"000102030405060708090A0B0C0D0E0F",
              "hardwareConcurrency":-1,"contrast":1.5,"languages":["en",3],"screen":[],"hdr":"yes","vendor":"kept",
              "touch":{"maxTouchPoints":"5"},"deviceMemory":1e999},"automation":{"detector":{"bot":"no"}}"#,
        )
        .unwrap();
        assert_eq!(
            telemetry.malformed,
            [
                "platform",
                "languages",
                "screen",
                "maxTouchPoints",
                "hardwareConcurrency",
                "deviceMemory",
                "canvasText",
                "audio",
                "contrast",
                "hdr",
                "bot"
            ]
        );
        assert_eq!(telemetry.components.vendor.as_deref(), Some("kept"));
        assert_eq!(telemetry.automation.detector, None);
    }

    #[test]
    fn what_is_wrong_with_the_envelope_is_told_together() {
        assert_eq!(
            fields(read_telemetry(
                br#"{"version":2,"nonce":"AA","externalIds":{"a":1,"":"x"},"components":[],"automation":7}"#
            )),
            [
                "version",
                "nonce",
                "collectedAt",
                "externalIds.a",
                "externalIds.",
                "components",
                "automation"
            ]
        );
    }

    #[test]
    fn hostile_bodies_are_refused_whole() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let many: Vec<String> = (0..10_000).map(|n| format!(r#""k{n}":"v""#)).collect();
        let many = format!(r#","externalIds":{{{}}}"#, many.join(","));
        assert_eq!(fields(read_telemetry(b"")), ["body"]);
        assert_eq!(fields(read_telemetry(b"\xff\xfe")), ["body"]);
        assert_eq!(fields(read_telemetry(b"[1]")), ["body"]);
        assert_eq!(fields(read_telemetry(b"null")), ["body"]);
        assert_eq!(fields(read_telemetry(deep.as_bytes())), ["body"]);
        assert_eq!(fields(read_telemetry(br#"{"version":1,"version":1}"#)), ["body"]);
        assert_eq!(fields(read(&many)), ["externalIds"]);
        assert_eq!(fields(read(r#","externalIds":["a"]"#)), ["externalIds"]);
        for nonce in [
            "\"AAECAwQFBgcICQoLDA0OD\"",
            "\"AAECAwQFBgcICQoLDA0ODw==\"",
            "7",
            "null",
        ] {
            let body = format!(r#"{{"version":1,"nonce":{nonce},"collectedAt":1}}"#);
            assert_eq!(fields(read_telemetry(body.as_bytes())), ["nonce"], "{nonce}");
        }
        for at in [
            "1.5",
            "\"1\"",
            "1e3",
            "-1",
            "253402300800000",
            "99999999999999999999",
            "null",
        ] {
            let body = format!(r#"{{"version":1,"nonce":"{NONCE}","collectedAt":{at}}}"#);
            assert_eq!(fields(read_telemetry(body.as_bytes())), ["collectedAt"], "{at}");
        }
    }
}
