//! What requests of the histories show.

use shared::device::Traits;
use shared::model::{Anonymity, AutonomousSystem, Facts, Located, Place, Point};
use shared::telemetry::Components;

/// Networks, with texts that a request from there can show for its address.
pub(super) struct Spot {
    pub(super) addresses: &'static [&'static str],
    pub(super) system: Option<u32>,
    at: Option<(&'static str, (f64, f64))>,
    behind: Behind,
}

#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Nothing,
    Hosting,
    Vpn,
    Relay,
    Tor,
}

const PARIS: Option<(&str, (f64, f64))> = Some(("FR", (48.86, 2.35)));
const LYON: Option<(&str, (f64, f64))> = Some(("FR", (45.76, 4.84)));
const NEW_YORK: Option<(&str, (f64, f64))> = Some(("US", (40.71, -74.01)));
const TOKYO: Option<(&str, (f64, f64))> = Some(("JP", (35.68, 139.69)));

const fn spot(
    system: u32,
    at: Option<(&'static str, (f64, f64))>,
    behind: Behind,
    addresses: &'static [&'static str],
) -> Spot {
    Spot {
        addresses,
        system: if system == 0 { None } else { Some(system) },
        at,
        behind,
    }
}

/// The first three are homes.
pub(super) const SPOTS: [Spot; 15] = [
    spot(
        64_496,
        PARIS,
        Behind::Nothing,
        &[
            "198.51.100.7",
            "198.51.100.7",
            "198.51.100.99",
            "2001:db8:1:1::5",
            "2001:db8:1:1::77",
            "2001:db8:1:2::5",
            "::ffff:198.51.100.7",
            "198.51.100.7:4711",
        ],
    ),
    spot(
        64_497,
        LYON,
        Behind::Nothing,
        &["192.0.2.10", "192.0.2.10", "192.0.2.11", "2001:db8:2:1::5"],
    ),
    spot(64_498, PARIS, Behind::Relay, &["203.0.113.30", "203.0.113.31"]),
    spot(
        0,
        None,
        Behind::Nothing,
        &["192.0.2.200", "192.0.2.201", "203.0.113.200"],
    ),
    spot(64_496, LYON, Behind::Nothing, &["203.0.113.10", "203.0.113.11"]),
    spot(
        64_499,
        PARIS,
        Behind::Nothing,
        &["203.0.113.20", "2001:db8:3:1::5"],
    ),
    spot(64_500, LYON, Behind::Nothing, &["203.0.113.40"]),
    spot(64_501, PARIS, Behind::Hosting, &["203.0.113.50"]),
    spot(64_502, NEW_YORK, Behind::Vpn, &["203.0.113.60", "203.0.113.61"]),
    spot(64_503, PARIS, Behind::Vpn, &["203.0.113.70"]),
    spot(64_504, TOKYO, Behind::Tor, &["203.0.113.80"]),
    spot(
        64_505,
        NEW_YORK,
        Behind::Nothing,
        &["192.0.2.50", "2001:db8:9::50"],
    ),
    spot(64_506, TOKYO, Behind::Nothing, &["192.0.2.60"]),
    spot(64_507, None, Behind::Nothing, &["192.0.2.70"]),
    spot(
        0,
        None,
        Behind::Nothing,
        &[
            "",
            "unknown",
            "198.51.100.7, 192.0.2.50",
            "10.0.0.1",
            "127.0.0.1",
            "100.64.0.1",
            "fe80::1%eth0",
        ],
    ),
];

impl Spot {
    /// What is known of its addresses.
    pub(super) fn facts(&self) -> Facts {
        let is = |what| (self.behind == what).then_some(true);
        Facts {
            place: self.at.map_or_else(
                || Facts::default().place,
                |(country, (latitude, longitude))| {
                    Located::At(Box::new(Place {
                        country_code: Some(country.to_owned()),
                        point: Some(Point {
                            latitude,
                            longitude,
                            radius_km: 50,
                        }),
                        ..Place::default()
                    }))
                },
            ),
            system: self.system.map(|number| AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting: is(Behind::Hosting),
                vpn: is(Behind::Vpn),
                proxy: None,
                tor: is(Behind::Tor),
                relay: is(Behind::Relay),
            },
        }
    }
}

const WINDOWS: &str = "Windows NT 10.0; Win64; x64";

fn chrome(system: &str, version: &str) -> String {
    format!("Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36")
}

pub(super) fn firefox(system: &str, version: u32) -> String {
    format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
}

/// The user agent of this number; the first three are of people.
pub(super) fn agent(number: usize) -> String {
    match number {
        0 => chrome(WINDOWS, "126.0.0.0"),
        1 => firefox("X11; Linux x86_64", 127),
        2 => chrome("Linux; Android 10; K", "126.0.0.0").replace("Safari", "Mobile Safari"),
        3 => chrome(WINDOWS, "127.0.0.0"),
        4 => chrome(WINDOWS, "127.0.6533.72"),
        5 => chrome(WINDOWS, "120.0.0.0"),
        6 => chrome(WINDOWS, "900.0.0.0"),
        7 => chrome(WINDOWS, "x"),
        8 => chrome("X11; Linux x86_64", "126.0.0.0"),
        9 => firefox("X11; Linux x86_64", 128),
        10 => firefox("Windows NT 10.0; Win64; x64", 128),
        11 => "Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned(),
        12 => "Mozilla/5.0 Gecko/20100101 Firefox/127.0".to_owned(),
        13 => "curl/8.7.1".to_owned(),
        14 => String::new(),
        15 => "null".to_owned(),
        // Longer than a record keeps.
        _ => format!("{} {}", chrome(WINDOWS, "128.0.0.0"), "Extension/1 ".repeat(100)),
    }
}

/// How many [`agent`]s there are.
pub(super) const AGENTS: usize = 17;

/// What a machine shows, drawn `anew` times by a browser against fingerprinting, with `cores` of it in use.
pub(super) fn traits(machine: u8, anew: u8, cores: u32, user_agent: &str) -> Traits {
    let drawn = machine.wrapping_mul(16).wrapping_add(anew);
    let components = Components {
        platform: Some(["Win32", "Linux x86_64"][usize::from(machine % 2)].to_owned()),
        hardware_concurrency: Some(cores),
        device_memory: Some(8.0),
        webgl_vendor: Some("Google Inc.".to_owned()),
        webgl_renderer: Some(format!("ANGLE (Intel, {machine})")),
        canvas_geometry: Some([drawn; 16]),
        audio: Some([drawn; 16]),
        ..Components::default()
    };
    Traits::of(&components, user_agent)
}
