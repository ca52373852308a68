//! What a device shows at one visit, after everything that happened to it until then.

use serde_json::Value;
use shared::telemetry::{Brand, ClientHints, Components, Digest, Screen, Touch, Window};

use crate::browser::{Engine, Os};
use crate::device::{Device, Display, ZONES, until};
use crate::random::{Random, mix, text};

/// Shares, in percent, of releases of the browser, updates of the system and updates of the driver that change what is
/// drawn or computed.
struct Volatile {
    name: u64,
    release: u64,
    system: u64,
    driver: u64,
}

const CANVAS_TEXT: Volatile = Volatile {
    name: 1,
    release: 10,
    system: 12,
    driver: 8,
};
const CANVAS_SHAPES: Volatile = Volatile {
    name: 2,
    release: 6,
    system: 0,
    driver: 8,
};
const AUDIO: Volatile = Volatile {
    name: 3,
    release: 4,
    system: 2,
    driver: 0,
};
const MATH: Volatile = Volatile {
    name: 4,
    release: 3,
    system: 1,
    driver: 0,
};
const EXTENSIONS: Volatile = Volatile {
    name: 5,
    release: 15,
    system: 0,
    driver: 15,
};
const PARAMETERS: Volatile = Volatile {
    name: 6,
    release: 4,
    system: 5,
    driver: 5,
};
const FONT_SETTINGS: Volatile = Volatile {
    name: 7,
    release: 3,
    system: 4,
    driver: 0,
};
const FONTS: Volatile = Volatile {
    name: 8,
    release: 0,
    system: 8,
    driver: 0,
};
const RENDERER: Volatile = Volatile {
    name: 9,
    release: 0,
    system: 0,
    driver: 10,
};
const RENDERER_OF_LINUX: Volatile = Volatile {
    name: 9,
    release: 0,
    system: 0,
    driver: 50,
};

/// One visit being made.
struct Visit<'a> {
    device: &'a Device,
    now: f64,
    random: Random,
    private: bool,
    releases: u64,
    systems: u64,
    drivers: u64,
}

/// What `device` shows on day `now`.
pub(crate) fn observe(device: &Device, now: f64) -> Components {
    let mut random = Random::of(&[device.number, now.to_bits(), 4]);
    let private = random.chance(0.1);
    visit(device, now, private, random)
}

/// What it shows from a start of its browser on day `now` until the next; a private window has no session to keep.
pub(crate) fn observe_start(device: &Device, now: f64) -> Components {
    visit(device, now, false, Random::of(&[device.number, now.to_bits(), 4]))
}

fn visit(device: &Device, now: f64, private: bool, random: Random) -> Components {
    let updates = device.browser_updates(now);
    Visit {
        device,
        now,
        private,
        releases: u64::from(device.agent.release + updates),
        systems: u64::from(device.system_updates(now)),
        drivers: until(&device.events.driver, now),
        random,
    }
    .components()
}

impl Visit<'_> {
    #[expect(clippy::too_many_lines, reason = "one line for each component")]
    fn components(mut self) -> Components {
        let device = self.device;
        let (agent, model) = (&device.agent, &device.model);
        let mobile = agent.mobile();
        let brave = device.brave();
        let (zone, offset, _) = ZONES.get(device.zone_at(self.now)).copied().unwrap_or(ZONES[0]);
        let (screen, display) = self.screen();
        let settings = until(&device.events.settings, self.now);
        let wish = |name: u64, percent: u64| mix(&[device.number, settings, name]) % 100 < percent;
        let blocks = device.blocks != (until(&device.events.blocker, self.now) % 2 == 1);
        let lists = if blocks && !self.private {
            mix(&[
                device.number % 4,
                until(&device.events.lists, self.now),
                device.number % 7,
            ])
        } else {
            0
        };
        let gpu = text(&model.gpu_vendor);
        let renderer = text(&model.renderer);
        let system = [agent.engine.number(), agent.os.number()];
        let own_fonts = until(&device.events.fonts, self.now);
        let own_plugins = until(&device.events.plugins, self.now);
        let arm = model.renderer.contains("Apple") || mobile;

        let mut canvas_text = self.digest(&CANVAS_TEXT, &[gpu, renderer % 12, device.smoothing]);
        let mut canvas_geometry = self.digest(&CANVAS_SHAPES, &[gpu, renderer % 12]);
        let mut audio = self.digest(&AUDIO, &[u64::from(arm)]);
        let noisy = brave || (self.private && self.disturbs_canvas());
        let noisy_audio = brave || (self.private && agent.engine == Engine::WebKit && 17 <= agent.major);
        if noisy {
            canvas_text = digest(self.random.bits());
            canvas_geometry = digest(self.random.bits());
        }
        if noisy_audio {
            audio = digest(self.random.bits());
        }
        let fonts = self.digest(
            &FONTS,
            &[
                device.fonts,
                if own_fonts == 0 {
                    0
                } else {
                    mix(&[device.number, own_fonts])
                },
            ],
        );
        let mut plugins = mix(&[
            device.plugins,
            if own_plugins == 0 {
                0
            } else {
                mix(&[device.number, own_plugins])
            },
        ]);
        if brave {
            plugins = self.random.bits();
        }
        let cores = if brave {
            Some(self.random.one_of([2, 4, 6, 8, 12]))
        } else {
            model.cores
        };
        let memory = if brave {
            Some(self.random.one_of([2.0, 4.0, 8.0]))
        } else {
            model.memory
        };
        let [canvas, sound, webgl, listed] = [(); 4].map(|()| !self.random.chance(0.005));
        let renderer_changes = if agent.os == Os::Linux {
            &RENDERER_OF_LINUX
        } else {
            &RENDERER
        };
        let driver = self.last_change(renderer_changes.name, renderer_changes.driver, self.drivers);
        let renderer_text = match driver {
            0 => model.renderer.clone(),
            driver => format!("{} ({driver})", model.renderer),
        };

        Components {
            user_agent: Some(agent.updated(device.browser_updates(self.now), self.systems as u32)),
            platform: model.platform.clone(),
            vendor: model.vendor.clone(),
            vendor_flavors: names(&model.extra["vendorFlavors"]),
            client_hints: self.hints(),
            languages: Some(self.languages()),
            time_zone: Some(zone.to_owned()),
            time_zone_offset_minutes: Some(offset),
            screen: Some(screen),
            window: Some(self.window(display)),
            touch: Some(Touch {
                max_touch_points: model.touch.and_then(|it| it.try_into().ok()),
                touch_event: Some(model.touch.is_some_and(|it| 0 < it)),
                touch_start: Some(model.touch.is_some_and(|it| 0 < it)),
            }),
            hardware_concurrency: cores.and_then(|it| it.try_into().ok()),
            device_memory: memory,
            architecture: Some(if arm { 127 } else { 255 }),
            canvas_geometry: canvas.then_some(canvas_geometry),
            canvas_text: canvas.then_some(canvas_text),
            audio: sound.then_some(audio),
            math: Some(self.digest(&MATH, &system)),
            fonts: listed.then_some(fonts),
            font_preferences: Some(self.digest(&FONT_SETTINGS, &[device.font_settings])),
            dom_blockers: Some(digest(lists)),
            webgl_vendor: webgl.then(|| model.gpu_vendor.clone()),
            webgl_renderer: webgl.then_some(renderer_text),
            webgl_parameters: webgl.then(|| self.digest(&PARAMETERS, &[gpu, renderer % 20])),
            webgl_extensions: webgl.then(|| self.digest(&EXTENSIONS, &[gpu, renderer % 6])),
            color_gamut: Some(if display.wide { "p3" } else { "srgb" }.to_owned()),
            contrast: Some(i16::from(wish(1, 2))),
            forced_colors: Some(false),
            hdr: Some(display.hdr),
            inverted_colors: Some(false),
            monochrome: Some(0),
            reduced_motion: Some(wish(2, 6)),
            reduced_transparency: Some(wish(3, 3)),
            cookies_enabled: Some(true),
            local_storage: Some(true),
            session_storage: Some(true),
            indexed_db: Some(true),
            open_database: Some(false),
            pdf_viewer: model.extra["pdfViewerEnabled"].as_bool(),
            plugins: Some(digest(plugins)),
            plugin_count: Some(if brave { 7 } else { 5 }),
            apple_pay: None,
            private_click_measurement: None,
            library_confidence: None,
        }
    }

    fn disturbs_canvas(&self) -> bool {
        let agent = &self.device.agent;
        match agent.engine {
            Engine::WebKit => 17 <= agent.major,
            Engine::Gecko => 120 <= agent.major,
            Engine::Blink => false,
        }
    }

    /// What is drawn or computed: a function of `inputs`, and of the last release, update and driver that changed it.
    fn digest(&self, volatile: &Volatile, inputs: &[u64]) -> Digest {
        let agent = &self.device.agent;
        let last = |percent, count| self.last_change(volatile.name, percent, count);
        digest(mix(&[
            volatile.name,
            agent.engine.number(),
            agent.os.number(),
            mix(inputs),
            self.last_release(volatile),
            last(volatile.system, self.systems),
            last(volatile.driver, self.drivers),
        ]))
    }

    /// The number of the last of `count` that changed something; all devices of a system agree on it.
    fn last_change(&self, name: u64, percent: u64, count: u64) -> u64 {
        let os = self.device.agent.os.number();
        let changes = |number: &u64| mix(&[name, os, *number]) % 100 < percent;
        (1..=count).rev().find(changes).unwrap_or_default()
    }

    fn last_release(&self, volatile: &Volatile) -> u64 {
        let agent = &self.device.agent;
        // Safari's minor versions count anew with each major one.
        let base = if agent.engine == Engine::WebKit {
            u64::from(agent.major) * 100
        } else {
            0
        };
        let system = mix(&[agent.engine.number(), agent.os.number()]);
        let changes = |number: &u64| mix(&[volatile.name, system, *number]) % 100 < volatile.release;
        (base..=base + self.releases).rev().find(changes).unwrap_or(base)
    }

    fn screen(&mut self) -> (Screen, Display) {
        let device = self.device;
        let later = until(&device.events.monitor, self.now) as usize;
        let own = later
            .checked_sub(1)
            .and_then(|it| device.later_displays.get(it))
            .unwrap_or(&device.model.display);
        let display = match &device.second_display {
            Some(second) if self.random.chance(0.3) => *second,
            _ => *own,
        };
        let zoomed = !device.agent.mobile() && self.random.chance(0.06);
        let zoom = if zoomed {
            self.random.one_of([0.9, 1.1, 1.25, 1.5])
        } else {
            1.0
        };
        let scale = if device.agent.engine == Engine::Gecko {
            zoom
        } else {
            1.0
        };
        let [width, height, available_width, available_height] = display
            .size
            .map(|pixels| Some((pixels as f64 / scale).round() as u32));
        let screen = Screen {
            width,
            height,
            available_width,
            available_height,
            color_depth: Some(display.depth as u32),
            pixel_ratio: Some(display.ratio * zoom),
        };
        (screen, display)
    }

    fn window(&mut self, display: Display) -> Window {
        let [_, _, width, height] = display.size.map(|pixels| pixels as u32);
        let share = 0.5 + self.random.unit() / 2.0;
        let part = |pixels: u32| Some((f64::from(pixels) * share) as u32);
        Window {
            inner_width: part(width),
            inner_height: part(height.saturating_sub(120)),
            outer_width: part(width),
            outer_height: part(height),
        }
    }

    /// Changed lists take another second language, and then another first one.
    fn languages(&self) -> Vec<String> {
        let device = self.device;
        let changes = until(&device.events.languages, self.now);
        let list = device.languages as usize + changes as usize % 4;
        let name = |number: usize| ZONES.get(number % ZONES.len()).map_or("en-US", |zone| zone.2);
        let mut languages = vec![name(list / 10).to_owned()];
        if !list.is_multiple_of(10) && !self.private {
            languages.push(name(list % 10 + 3).to_owned());
        }
        languages
    }

    fn hints(&self) -> Option<ClientHints> {
        let hints = &self.device.model.hints;
        let own = hints.as_object()?;
        let text = |name: &str| own.get(name)?.as_str().map(str::to_owned);
        let updates = self.device.browser_updates(self.now);
        let (before, after) = (self.device.agent.major, self.device.agent.major + updates);
        let brands = own.get("brands")?.as_array()?;
        let brand = |brand: &Value| {
            let version = brand["version"].as_str()?;
            Some(Brand {
                brand: brand["brand"].as_str()?.to_owned(),
                version: if version == before.to_string() {
                    after.to_string()
                } else {
                    version.to_owned()
                },
            })
        };
        let version = text("platformVersion").map(|version| match version.rsplit_once('.') {
            Some((major, _)) if 0 < self.systems => format!("{major}.{}", self.systems),
            _ => version,
        });
        Some(ClientHints {
            brands: Some(brands.iter().filter_map(brand).collect()),
            full_version_list: None,
            mobile: own.get("mobile")?.as_bool(),
            platform: text("platform"),
            platform_version: version,
            architecture: text("architecture"),
            bitness: text("bitness"),
            model: text("model"),
        })
    }
}

fn names(value: &Value) -> Option<Vec<String>> {
    let names = value.as_array()?.iter();
    Some(names.filter_map(|it| it.as_str().map(str::to_owned)).collect())
}

fn digest(number: u64) -> Digest {
    (u128::from(number) << 64 | u128::from(mix(&[number]))).to_be_bytes()
}
