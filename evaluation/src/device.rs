//! Devices as they are drawn, and all that will happen to them. `docs/device-identity.md` has the rules.

use serde_json::Value;

use crate::browser::{Agent, Engine, Os};
use crate::network::Network;
use crate::random::{Random, mix, text};

/// The last day anything happens on.
pub(crate) const END: f64 = 800.0;

/// Sizes of the pools of models of a user agent.
const DESKTOP_MODELS: usize = 300;
const MOBILE_MODELS: usize = 30;

/// What devices of one model have in common.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) number: u64,
    pub(crate) hints: Value,
    pub(crate) extra: Value,
    pub(crate) platform: Option<String>,
    pub(crate) vendor: Option<String>,
    pub(crate) cores: Option<u64>,
    pub(crate) memory: Option<f64>,
    pub(crate) touch: Option<u64>,
    pub(crate) display: Display,
    pub(crate) gpu_vendor: String,
    pub(crate) renderer: String,
    fonts: u64,
    plugins: u64,
}

/// A monitor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Display {
    pub(crate) size: [u64; 4],
    pub(crate) depth: u64,
    pub(crate) ratio: f64,
    pub(crate) hdr: bool,
    pub(crate) wide: bool,
}

/// A browser on a device.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) number: u64,
    pub(crate) agent: Agent,
    pub(crate) model: Model,
    pub(crate) fonts: u64,
    pub(crate) plugins: u64,
    pub(crate) smoothing: u64,
    pub(crate) font_settings: u64,
    pub(crate) zone: usize,
    pub(crate) languages: u64,
    pub(crate) blocks: bool,
    pub(crate) second_display: Option<Display>,
    pub(crate) later_displays: Vec<Display>,
    browser_delay: f64,
    pub(crate) browser_interval: f64,
    system_delay: f64,
    pub(crate) events: Events,
}

/// When what happens, in days.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    pub(crate) driver: Vec<f64>,
    pub(crate) monitor: Vec<f64>,
    pub(crate) journeys: Vec<(f64, f64)>,
    pub(crate) moves: Vec<f64>,
    pub(crate) languages: Vec<f64>,
    pub(crate) fonts: Vec<f64>,
    pub(crate) plugins: Vec<f64>,
    pub(crate) lists: Vec<f64>,
    pub(crate) blocker: Vec<f64>,
    pub(crate) settings: Vec<f64>,
}

/// How many of them are over at an instant.
pub(crate) fn until(instants: &[f64], now: f64) -> u64 {
    instants.iter().filter(|it| **it <= now).count() as u64
}

impl Device {
    /// Draws any device of a half of the evaluation.
    pub(crate) fn any(network: &Network, half: u64, number: u64) -> Self {
        let mut random = Random::of(&[half, number, 1]);
        let agent = network.agent(&mut random);
        let model = popular(network, agent, &mut random);
        Self::of(network, half, number, agent, model)
    }

    /// Draws another device with the user agent of this one's.
    pub(crate) fn of_same_agent(&self, network: &Network, half: u64, number: u64) -> Self {
        let agent = self.agent_number(network);
        let model = popular(network, agent, &mut Random::of(&[half, number, 1]));
        Self::of(network, half, number, agent, model)
    }

    /// Draws another device of this one's user agent and model.
    pub(crate) fn of_same_model(&self, network: &Network, half: u64, number: u64) -> Self {
        let agent = self.agent_number(network);
        Self::of(network, half, number, agent, self.model.number)
    }

    fn agent_number(&self, network: &Network) -> usize {
        let found = network.agents.iter().position(|it| *it == self.agent.text);
        found.unwrap_or_default()
    }

    fn of(network: &Network, half: u64, number: u64, agent_number: usize, model: u64) -> Self {
        let agent = Agent::read(network.agents.get(agent_number).map_or("", String::as_str));
        let model = Model::draw(network, half, agent_number, model);
        let mut random = Random::of(&[half, number, 2]);
        let mobile = agent.mobile();
        let (fonts, plugins) = if mobile {
            (model.fonts, model.plugins)
        } else {
            let fonts = text(&network.component("fonts", agent_number, &mut random).to_string());
            let plugins = network.component("pluginsData", agent_number, &mut random);
            (fonts, text(&plugins.to_string()))
        };
        let zone = zone(&mut random);
        let second_display = (!mobile && random.chance(0.3))
            .then(|| Display::draw(network, agent_number, agent.os, &mut random));
        let monitor = if mobile {
            Vec::new()
        } else {
            random.instants(400.0, END)
        };
        let later_displays = monitor
            .iter()
            .map(|_| Display::draw(network, agent_number, agent.os, &mut random))
            .collect();
        let journeys = random.instants(60.0, END);
        let journeys = journeys
            .into_iter()
            .map(|from| (from, from + random.exponential(5.0)))
            .collect();
        let behind = agent.major + 6 <= agent.engine.newest();
        let rarely = |mean, applies, random: &mut Random| {
            if applies {
                random.instants(mean, END)
            } else {
                Vec::new()
            }
        };
        let driven = matches!(agent.os, Os::Windows | Os::Linux);
        Self {
            number,
            fonts,
            plugins,
            smoothing: match random.below(100) {
                0..80 => 0,
                80..95 => 1,
                _ => 2,
            } * u64::from(!mobile),
            font_settings: if random.chance(0.03) {
                random.bits() % 20
            } else {
                0
            },
            zone,
            languages: languages(zone, &mut random),
            blocks: random.chance(if mobile { 0.08 } else { 0.35 }),
            second_display,
            later_displays,
            browser_delay: random.exponential(7.0),
            browser_interval: if behind { 180.0 } else { agent.engine.interval() },
            system_delay: random.exponential(20.0),
            events: Events {
                driver: rarely(150.0, driven, &mut random),
                monitor,
                journeys,
                moves: random.instants(1000.0, END),
                languages: random.instants(300.0, END),
                fonts: rarely(200.0, !mobile, &mut random),
                plugins: rarely(500.0, !mobile, &mut random),
                lists: random.instants(60.0, END),
                blocker: random.instants(300.0, END),
                settings: random.instants(400.0, END),
            },
            agent,
            model,
        }
    }

    /// How many releases of the browser it has taken up.
    pub(crate) fn browser_updates(&self, now: f64) -> u32 {
        taken_up(now, self.browser_interval, self.browser_delay)
    }

    /// How many updates of the system it has taken up.
    pub(crate) fn system_updates(&self, now: f64) -> u32 {
        taken_up(now, self.agent.os.interval(), self.system_delay)
    }

    /// The brand, where the browser tells one.
    pub(crate) fn brave(&self) -> bool {
        self.model.hints["brands"][0]["brand"] == "Brave"
    }

    /// Where it is: the number of its time zone.
    pub(crate) fn zone_at(&self, now: f64) -> usize {
        let journeys = self.events.journeys.iter().enumerate();
        let away = journeys.rev().find(|(_, (from, to))| *from <= now && now < *to);
        let moved = until(&self.events.moves, now);
        let drawn = |of| mix(&[self.number, self.zone as u64, of]) % ZONES.len() as u64;
        match away {
            Some((journey, _)) => drawn(100 + journey as u64) as usize,
            None if 0 < moved => drawn(moved) as usize,
            None => self.zone,
        }
    }
}

/// The first release comes half an interval after the beginning.
fn taken_up(now: f64, interval: f64, delay: f64) -> u32 {
    ((now + interval / 2.0 - delay) / interval).floor().max(0.0) as u32
}

/// A model's number: the popularity of the n-th is 1/n.
fn popular(network: &Network, agent: usize, random: &mut Random) -> u64 {
    let mobile = network
        .agents
        .get(agent)
        .is_some_and(|text| Agent::read(text).mobile());
    let models = if mobile { MOBILE_MODELS } else { DESKTOP_MODELS };
    let all: f64 = (1..=models).map(|rank| 1.0 / rank as f64).sum();
    let mut wanted = random.unit() * all;
    for rank in 1..models {
        wanted -= 1.0 / rank as f64;
        if wanted < 0.0 {
            return rank as u64;
        }
    }
    models as u64
}

impl Model {
    fn draw(network: &Network, half: u64, agent: usize, number: u64) -> Self {
        let mut random = Random::of(&[half, agent as u64, number, 3]);
        let os = network
            .agents
            .get(agent)
            .map_or(Os::Linux, |text| Agent::read(text).os);
        let mut component = |name: &str| network.component(name, agent, &mut random).clone();
        let words = |value: &Value| value.as_str().map(str::to_owned);
        let card = component("videoCard");
        Self {
            number,
            hints: component("userAgentData"),
            extra: component("extraProperties"),
            platform: words(&component("platform")),
            vendor: words(&component("vendor")),
            cores: component("hardwareConcurrency").as_u64(),
            memory: component("deviceMemory").as_f64(),
            touch: component("maxTouchPoints").as_u64(),
            gpu_vendor: words(&card["vendor"]).unwrap_or_default(),
            renderer: words(&card["renderer"]).unwrap_or_default(),
            fonts: text(&component("fonts").to_string()),
            plugins: text(&component("pluginsData").to_string()),
            display: Display::draw(network, agent, os, &mut random),
        }
    }
}

impl Display {
    fn draw(network: &Network, agent: usize, os: Os, random: &mut Random) -> Self {
        let screen = network.component("screen", agent, random).clone();
        let number = |name: &str| screen[name].as_u64().unwrap_or_default();
        let hdr = screen["hasHDR"].as_bool().unwrap_or_default();
        Self {
            size: ["width", "height", "availWidth", "availHeight"].map(number),
            depth: number("colorDepth"),
            ratio: screen["devicePixelRatio"].as_f64().unwrap_or(1.0),
            hdr,
            wide: hdr || matches!(os, Os::Ios) || (os == Os::Mac && random.chance(0.7)),
        }
    }
}

/// Time zones with their offset, and the language most spoken there; the first is where most are.
pub(crate) const ZONES: [(&str, i16, &str); 12] = [
    ("America/New_York", 300, "en-US"),
    ("America/Chicago", 360, "en-US"),
    ("America/Los_Angeles", 480, "en-US"),
    ("America/Denver", 420, "en-US"),
    ("Europe/London", 0, "en-GB"),
    ("Europe/Berlin", -60, "de-DE"),
    ("Europe/Paris", -60, "fr-FR"),
    ("Europe/Madrid", -60, "es-ES"),
    ("America/Sao_Paulo", 180, "pt-BR"),
    ("Asia/Tokyo", -540, "ja-JP"),
    ("Asia/Kolkata", -330, "en-IN"),
    ("Australia/Sydney", -660, "en-AU"),
];

/// Most devices are in the first; the others are equally likely.
fn zone(random: &mut Random) -> usize {
    if random.chance(0.6) {
        0
    } else {
        1 + random.below(ZONES.len() - 1)
    }
}

/// The number of a list of languages: tens of the first one's zone, and in the ones a second one, or none.
fn languages(zone: usize, random: &mut Random) -> u64 {
    let first = if random.chance(0.85) {
        zone
    } else {
        random.below(ZONES.len())
    };
    let second = if random.chance(0.25) {
        1 + random.below(8)
    } else {
        0
    };
    (first * 10 + second) as u64
}

impl Engine {
    /// A number of the engine.
    pub(crate) fn number(self) -> u64 {
        self as u64
    }
}

impl Os {
    /// A number of the system.
    pub(crate) fn number(self) -> u64 {
        10 + self as u64
    }
}
