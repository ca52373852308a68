//! A person, and all that happens to them in 45 days.

use std::net::{IpAddr, Ipv6Addr};

use shared::device::Traits;
use shared::model::{Facts, Instant};
use shared::telemetry::{Components, Screen};

use super::atlas::{Atlas, in_block};
use super::rules::{
    ABROAD_DAYS, ABROAD_EVERY, AT_OFFICE, CAFES, CARRIER_IPV6, CELL, CITIES, DAILY_RENEWAL, DAYS,
    DESKTOP_SITE, DEVICE_AGE, DUAL_STACK, EXIT_ABROAD, EXITS, FINGERPRINT_LOST, HOME_ROUTED, HOMES, HOTSPOT,
    IDLE_MINUTES, INLAND_DAYS, INLAND_EVERY, LAPTOP, LOGOUT, LONG_SESSIONS, MORE_EVENTS, NEW_CAFE, OFFICE,
    ON_SECOND_GPU, OUT, OVER_IPV6, PAUSE_MINUTES, PHONE, PRIVACY_BROWSER, RELAY, RENEWAL_DAYS, RESTART_HOURS,
    SECOND_GPU, SHARED_MACHINE, SMALL_PREFIX, START, SWITCH, TELEMETRY_BLOCKED, VISITS, VPN_ALWAYS,
    VPN_SOMETIMES, WIDE_FINGERPRINT, World,
};
use crate::browser::{Engine, Os};
use crate::device::{Device, until};
use crate::network::Network;
use crate::random::{Random, mix, text};
use crate::visit::observe_start;

/// What one request shows.
#[derive(Debug, Clone)]
pub(crate) struct Shows {
    pub(crate) address: IpAddr,
    pub(crate) facts: Facts,
    pub(crate) user_agent: String,
    pub(crate) fingerprint: Option<String>,
    pub(crate) telemetry: Option<Telemetry>,
}

/// What a visit's telemetry says, and from where it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    pub(crate) traits: Traits,
    pub(crate) user_agent: String,
    pub(crate) address: IpAddr,
}

/// One use of a session.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Instant,
    pub(crate) device: usize,
    pub(crate) shows: Shows,
    /// Through what the request came.
    pub(crate) link: &'static str,
    /// What is special about the device in this visit.
    pub(crate) state: &'static str,
    /// Where the home's network is at this time, for a thief on the owner's device.
    pub(crate) at_home: IpAddr,
    /// Whether a logout follows.
    pub(crate) logout: bool,
}

/// How long the person's tenant keeps sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeping {
    pub(crate) long: bool,
    pub(crate) idle_minutes: u64,
}

/// Which fingerprint the tenant sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fingerprint {
    None,
    Stable,
    Wide,
}

/// A person.
pub(crate) struct Person {
    pub(crate) number: u64,
    pub(crate) home: usize,
    pub(crate) provider: u32,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) keeping: Keeping,
    pub(crate) events: Vec<Event>,
}

/// Where networks and browsers of a half come from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) network: &'a Network,
    pub(crate) atlas: &'a Atlas,
    pub(crate) half: u64,
    pub(crate) world: World,
}

/// A place with addresses of its own.
#[derive(Debug, Clone)]
struct Access {
    blocks: Vec<u32>,
    block_v6: Option<u128>,
}

impl Access {
    fn draw(system: &super::atlas::System, city: usize, blocks: usize, random: &mut Random) -> Self {
        Self {
            blocks: (0..blocks).map(|_| system.block(city, random)).collect(),
            block_v6: system.block_v6(city, random),
        }
    }

    /// The `number`th IPv4 address.
    fn v4(&self, number: u64) -> IpAddr {
        let at = (number % self.blocks.len().max(1) as u64) as usize;
        in_block(self.blocks.get(at).copied().unwrap_or_default(), number >> 8)
    }

    /// An IPv6 address in the `number`th prefix of `bits` bits.
    fn v6(&self, number: u64, bits: u32, host: u64) -> Option<IpAddr> {
        // A /40 holds 2^(bits - 40) prefixes.
        let prefix = u128::from(number % (1 << (bits - 40))) << (128 - bits);
        let address = self.block_v6? | prefix | u128::from(host | 1);
        Some(IpAddr::V6(Ipv6Addr::from_bits(address)))
    }
}

/// A journey, in days.
struct Trip {
    from: f64,
    to: f64,
    country: usize,
    hotel: Access,
    roaming: Option<Access>,
}

/// Another's machine for the traffic.
struct Vpn {
    from_day: f64,
    always: bool,
    exits: Vec<IpAddr>,
}

/// A device of the person.
#[expect(clippy::struct_excessive_bools, reason = "independent properties")]
struct Owned {
    device: Device,
    phone: bool,
    docks: bool,
    disturbs: bool,
    other_gpu: Option<(String, String)>,
    starts: Vec<f64>,
    relay: bool,
}

/// The person while the days are played.
struct Life<'a> {
    sources: Sources<'a>,
    number: u64,
    random: Random,
    home: usize,
    access: Access,
    dual: bool,
    prefix_bits: u32,
    renewals: Vec<f64>,
    carrier: Access,
    carrier_v6: bool,
    office: Option<Access>,
    cafes: Vec<Access>,
    vpn: Option<Vpn>,
    trips: Vec<Trip>,
    owned: Vec<Owned>,
    fingerprint: Fingerprint,
}

impl Person {
    /// Draws the `number`th person of a half, with all events in the order of time.
    pub(crate) fn draw(sources: Sources<'_>, number: u64) -> Self {
        let mut random = Random::of(&[sources.half, number, 20]);
        // Who shares a machine lives with the one before, and has its own people's habits.
        let shares = random.chance(SHARED_MACHINE);
        let household = if shares { number.saturating_sub(1) } else { number };
        let mut house = Random::of(&[sources.half, household, 21]);
        let homes = sources.atlas.homes();
        let home = weighted(&homes, &mut house);
        let city = house.below(CITIES);
        let provider = sources.atlas.access(home, &mut house);
        let access = Access::draw(provider, city, 3, &mut house);
        let dual = access.block_v6.is_some() && house.chance(DUAL_STACK);
        let prefix_bits = if house.chance(SMALL_PREFIX) { 56 } else { 48 };
        let renewals = if house.chance(DAILY_RENEWAL) {
            (0..=DAYS).map(|day| f64::from(day) + 0.17).collect()
        } else {
            house.instants(RENEWAL_DAYS, f64::from(DAYS))
        };

        let carrier_system = sources.atlas.carrier(home, &mut random);
        let carrier = Access::draw(carrier_system, city, 4, &mut random);
        let carrier_v6 = carrier.block_v6.is_some() && random.chance(CARRIER_IPV6);
        let office = random.chance(OFFICE).then(|| {
            let system = sources.atlas.access(home, &mut random);
            Access::draw(system, city, 1, &mut random)
        });
        let cafes = (0..CAFES)
            .map(|_| Access::draw(sources.atlas.access(home, &mut random), city, 1, &mut random))
            .collect();
        let vpn = Self::vpn(sources, home, &mut random);
        let trips = Self::trips(sources, home, &mut random);
        let (laptop, phone) = (random.chance(LAPTOP), random.chance(PHONE));
        let relay = random.chance(RELAY);
        let mut owned = Vec::new();
        if laptop || !phone {
            owned.push(Owned::draw(sources, household, false, relay));
        }
        if phone {
            owned.push(Owned::draw(sources, number, true, relay));
        }
        let fingerprint = match () {
            () if random.chance(sources.world.no_fingerprint) => Fingerprint::None,
            () if random.chance(WIDE_FINGERPRINT) => Fingerprint::Wide,
            () => Fingerprint::Stable,
        };
        let long = random.chance(LONG_SESSIONS);
        let keeping = Keeping {
            long,
            idle_minutes: if long { 1440 } else { random.one_of(IDLE_MINUTES) },
        };
        let provider = provider.number;
        let mut life = Life {
            sources,
            number,
            random,
            home,
            access,
            dual,
            prefix_bits,
            renewals,
            carrier,
            carrier_v6,
            office,
            cafes,
            vpn,
            trips,
            owned,
            fingerprint,
        };
        Self {
            number,
            home,
            provider,
            fingerprint,
            keeping,
            events: life.play(),
        }
    }

    fn vpn(sources: Sources<'_>, home: usize, random: &mut Random) -> Option<Vpn> {
        let (always_used, first) = (sources.world.vpn, sources.world.first_vpn);
        let drawn = random.unit();
        let from_day = if drawn < always_used {
            0.0
        } else if drawn < always_used + first {
            5.0 + random.unit() * (f64::from(DAYS) - 5.0)
        } else {
            return None;
        };
        let country = if random.chance(EXIT_ABROAD) {
            sources.atlas.abroad(home, random)
        } else {
            home
        };
        Some(Vpn {
            from_day,
            always: random.chance(VPN_ALWAYS),
            exits: (0..EXITS).map(|_| sources.atlas.exit(country, random)).collect(),
        })
    }

    fn trips(sources: Sources<'_>, home: usize, random: &mut Random) -> Vec<Trip> {
        let mut trips = Vec::new();
        for (every, days, abroad) in [
            (INLAND_EVERY, INLAND_DAYS, false),
            (ABROAD_EVERY, ABROAD_DAYS, true),
        ] {
            for from in random.instants(every / sources.world.travel, f64::from(DAYS)) {
                let country = if abroad {
                    sources.atlas.abroad(home, random)
                } else {
                    home
                };
                let city = random.below(CITIES);
                let hotel = Access::draw(sources.atlas.access(country, random), city, 1, random);
                let local = abroad && !random.chance(HOME_ROUTED);
                trips.push(Trip {
                    from,
                    to: from + 0.5 + random.exponential(days - 0.5),
                    country,
                    hotel,
                    roaming: local
                        .then(|| Access::draw(sources.atlas.carrier(country, random), city, 2, random)),
                });
            }
        }
        trips
    }
}

impl Owned {
    fn draw(sources: Sources<'_>, person: u64, phone: bool, relay: bool) -> Self {
        let first = mix(&[sources.half, person, u64::from(phone), 22]);
        let any = |at: u64| Device::any(sources.network, sources.half, first.wrapping_add(at));
        let mut device = any(0);
        for at in 1..60 {
            if device.agent.mobile() == phone {
                break;
            }
            device = any(at);
        }
        // Journeys are the person's, not the device's.
        device.events.journeys.clear();
        device.events.moves.clear();
        if sources.world.fortnightly {
            device.browser_interval = 14.0;
        }
        let mut random = Random::of(&[sources.half, person, u64::from(phone), 23]);
        let mut starts = random.instants(RESTART_HOURS / 24.0, f64::from(DAYS));
        starts.insert(0, 0.0);
        let apple = matches!(device.agent.os, Os::Ios | Os::Mac) && device.agent.engine == Engine::WebKit;
        Self {
            docks: device.second_display.is_some(),
            disturbs: random.chance(PRIVACY_BROWSER),
            other_gpu: (!phone && random.chance(SECOND_GPU)).then(|| {
                let vendor = "Google Inc. (Intel)".to_owned();
                (vendor, format!("ANGLE (Intel, UHD Graphics {})", random.below(9)))
            }),
            starts,
            phone,
            relay: relay && apple,
            device,
        }
    }
}

/// Where a visit takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Home,
    Office,
    Cafe(usize, u64),
    Away(usize),
    OnTheWay,
}

impl Life<'_> {
    fn play(&mut self) -> Vec<Event> {
        let mut visits: Vec<(f64, usize)> = Vec::new();
        for day in 0..DAYS {
            for _ in 0..self.poisson(VISITS) {
                let at = f64::from(day) + self.time_of_day();
                let devices = self.owned.len();
                let work = matches!(self.hour(at), 9..17) && self.weekday(at);
                let laptop = self.random.chance(if work { 0.75 } else { 0.4 });
                let device = usize::from(!laptop && 1 < devices);
                visits.push((at, device));
            }
        }
        visits.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut events: Vec<Event> = Vec::new();
        let mut free = vec![0.0; self.owned.len()];
        for (at, device) in visits {
            let busy = free.get(device).copied().unwrap_or_default();
            if at < busy {
                continue;
            }
            let ended = self.visit(at, device, &mut events);
            if let Some(free) = free.get_mut(device) {
                *free = ended + 0.005;
            }
        }
        events.sort_by_key(|it| it.at);
        events
    }

    fn poisson(&mut self, mean: f64) -> usize {
        let (mut left, mut count) = (self.random.exponential(1.0), 0);
        while left < mean {
            left += self.random.exponential(1.0);
            count += 1;
        }
        count
    }

    /// Most visits are by day: a part of a day, UTC.
    fn time_of_day(&mut self) -> f64 {
        let mut local = 7.0 + self.random.unit() * 16.0;
        if self.random.chance(0.04) {
            local = self.random.unit() * 7.0;
        }
        let offset = HOMES.get(self.home).map_or(0, |it| it.offset);
        (local / 24.0 + f64::from(offset) / 1440.0).rem_euclid(1.0)
    }

    fn local(&self, at: f64) -> f64 {
        let offset = HOMES.get(self.home).map_or(0, |it| it.offset);
        at - f64::from(offset) / 1440.0
    }

    fn hour(&self, at: f64) -> u32 {
        (self.local(at).rem_euclid(1.0) * 24.0) as u32
    }

    /// The first day is a Monday.
    fn weekday(&self, at: f64) -> bool {
        self.local(at).max(0.0) as u32 % 7 < 5
    }

    fn place(&mut self, at: f64) -> Place {
        if let Some(trip) = self.trips.iter().rposition(|it| it.from <= at && at < it.to) {
            return Place::Away(trip);
        }
        let work = self.weekday(at) && (9..17).contains(&self.hour(at));
        if work && self.office.is_some() && self.random.chance(AT_OFFICE) {
            return Place::Office;
        }
        if self.random.chance(OUT) {
            if self.random.chance(HOTSPOT) {
                return Place::OnTheWay;
            }
            let new = self.random.chance(NEW_CAFE);
            let cafe = if new { CAFES } else { self.random.below(CAFES) };
            return Place::Cafe(cafe, self.random.bits());
        }
        Place::Home
    }

    /// Plays one visit; when it ended.
    fn visit(&mut self, start: f64, device: usize, events: &mut Vec<Event>) -> f64 {
        let place = self.place(start);
        let Some(owned) = self.owned.get(device) else {
            return start;
        };
        let (phone, relay) = (owned.phone, owned.relay);
        let vpn = self.vpn.as_ref().is_some_and(|vpn| {
            let sometimes = mix(&[self.number, start.to_bits(), 31]) % 100;
            vpn.from_day <= start && (vpn.always || sometimes < (VPN_SOMETIMES * 100.0) as u64)
        });
        let cell_chance = (CELL * self.sources.world.roaming).min(0.9);
        let out = matches!(place, Place::OnTheWay) || (phone && matches!(place, Place::Cafe(..)));
        let mut cell = out || (phone && self.random.chance(cell_chance));
        let attachment = self.random.bits();
        let switches = phone && self.random.chance(SWITCH * self.sources.world.roaming);
        let desktop_site = phone && self.random.chance(DESKTOP_SITE);
        let lost = self.random.chance(FINGERPRINT_LOST);
        let blocked = self.random.chance(TELEMETRY_BLOCKED);
        let docked = owned_docks(self.owned.get(device), place);
        let (components, state) = self.components(device, start, docked, desktop_site, place);
        let user_agent = components.user_agent.clone().unwrap_or_default();
        let fingerprint = match self.fingerprint {
            _ if lost => None,
            Fingerprint::None => None,
            Fingerprint::Stable => Some(fingerprint(&components, false)),
            Fingerprint::Wide => Some(fingerprint(&components, true)),
        };
        let traits = Traits::of(&components, &user_agent);
        let mut told: Option<Telemetry> = None;
        let count = 1 + self.geometric(MORE_EVENTS);
        let change = if switches {
            1 + self.random.below(count)
        } else {
            usize::MAX
        };
        let mut at = start;
        for number in 0..count {
            if 0 < number {
                at += self.random.exponential(PAUSE_MINUTES) / 1440.0;
            }
            if number == change {
                cell = !cell;
            }
            let (address, relayed, link) = self.address(at, place, cell, vpn, relay, attachment, device);
            let telemetry = told.get_or_insert_with(|| Telemetry {
                traits,
                user_agent: user_agent.clone(),
                address,
            });
            let telemetry = (!blocked).then(|| telemetry.clone());
            let facts = self.sources.atlas.facts(address, relayed);
            events.push(Event {
                at: instant(at),
                device,
                shows: Shows {
                    address,
                    facts,
                    user_agent: user_agent.clone(),
                    fingerprint: fingerprint.clone(),
                    telemetry,
                },
                link,
                state: if lost && self.fingerprint != Fingerprint::None {
                    "fingerprint lost"
                } else {
                    state
                },
                at_home: self.access.v4(self.home_number(at)),
                logout: false,
            });
        }
        if self.random.chance(LOGOUT)
            && let Some(last) = events.last_mut()
        {
            last.logout = true;
        }
        at
    }

    fn geometric(&mut self, mean: f64) -> usize {
        let more = mean / (1.0 + mean);
        let mut count = 0;
        while count < 12 && self.random.chance(more) {
            count += 1;
        }
        count
    }

    fn home_number(&self, at: f64) -> u64 {
        mix(&[
            self.sources.half,
            self.access.blocks.first().copied().unwrap_or_default().into(),
            until(&self.renewals, at),
            32,
        ])
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all of it decides the way of one request"
    )]
    fn address(
        &mut self,
        at: f64,
        place: Place,
        cell: bool,
        vpn: bool,
        relay: bool,
        attachment: u64,
        device: usize,
    ) -> (IpAddr, Option<usize>, &'static str) {
        if vpn && let Some(vpn) = &self.vpn {
            let exit = (attachment % vpn.exits.len().max(1) as u64) as usize;
            if let Some(exit) = vpn.exits.get(exit) {
                return (*exit, None, "VPN");
            }
        }
        if relay {
            let mut drawn = Random::of(&[self.sources.half, attachment, 33]);
            let country = match place {
                Place::Away(trip) => self.trips.get(trip).map_or(self.home, |it| it.country),
                _ => self.home,
            };
            return (self.sources.atlas.relay(&mut drawn), Some(country), "relay");
        }
        let over_v6 = self.random.chance(OVER_IPV6);
        let day = at as u64;
        let host = mix(&[self.sources.half, self.number, device as u64, day, 34]);
        let trip = match place {
            Place::Away(trip) => self.trips.get(trip),
            _ => None,
        };
        if cell {
            let abroad = trip.is_some_and(|it| it.country != self.home);
            let local = trip.and_then(|it| it.roaming.as_ref());
            let (access, link) = match local {
                Some(roaming) => (roaming, "carrier abroad"),
                None if abroad => (&self.carrier, "roaming"),
                None => (&self.carrier, "carrier"),
            };
            let v6 = access
                .v6(attachment, 64, host)
                .filter(|_| self.carrier_v6 && over_v6);
            return (v6.unwrap_or_else(|| access.v4(attachment)), None, link);
        }
        if let Some(trip) = trip {
            let link = if trip.country == self.home {
                "hotel"
            } else {
                "hotel abroad"
            };
            return (trip.hotel.v4(trip.from.to_bits() >> 20), None, link);
        }
        match place {
            Place::Office => {
                let office = self.office.as_ref().unwrap_or(&self.access);
                (
                    office.v4(mix(&[self.number, attachment % 2, 35]) & !0xff),
                    None,
                    "office",
                )
            }
            Place::Cafe(cafe, draw) => {
                if let Some(access) = self.cafes.get(cafe) {
                    return (access.v4((cafe as u64) << 20 | 7 << 8), None, "cafe");
                }
                let mut drawn = Random::of(&[draw, 36]);
                let system = self.sources.atlas.access(self.home, &mut drawn);
                (system.any(&mut drawn), None, "new cafe")
            }
            _ => {
                let number = self.home_number(at);
                let v6 = self
                    .access
                    .v6(number, self.prefix_bits, host)
                    .filter(|_| self.dual && over_v6);
                (v6.unwrap_or_else(|| self.access.v4(number)), None, "home")
            }
        }
    }

    fn components(
        &self,
        device: usize,
        at: f64,
        docked: bool,
        desktop_site: bool,
        place: Place,
    ) -> (Components, &'static str) {
        let Some(owned) = self.owned.get(device) else {
            return (Components::default(), "");
        };
        let start = owned
            .starts
            .iter()
            .rev()
            .find(|it| **it <= at)
            .copied()
            .unwrap_or_default();
        let mut state = "";
        let mut shown = owned.device.clone();
        let drawn = mix(&[owned.device.number, start.to_bits(), 37]);
        if let Some((vendor, renderer)) = &owned.other_gpu
            && drawn % 100 < (ON_SECOND_GPU * 100.0) as u64
        {
            shown.model.gpu_vendor.clone_from(vendor);
            shown.model.renderer.clone_from(renderer);
            state = "second graphics";
        }
        let mut it = observe_start(&shown, DEVICE_AGE + start);
        if owned.disturbs {
            state = "privacy browser";
            let noise = |name: u64| Some(u128::from(mix(&[drawn, name])).to_be_bytes());
            (it.canvas_text, it.canvas_geometry, it.audio) = (noise(1), noise(2), noise(3));
        } else if owned.device.brave() {
            state = "privacy browser";
        }
        let display = match owned.device.second_display {
            Some(second) if docked => second,
            _ => owned.device.model.display,
        };
        let [width, height, available_width, available_height] = display.size.map(|it| Some(it as u32));
        it.screen = Some(Screen {
            width,
            height,
            available_width,
            available_height,
            color_depth: Some(display.depth as u32),
            pixel_ratio: Some(display.ratio),
        });
        let country = match place {
            Place::Away(trip) => self.trips.get(trip).map_or(self.home, |it| it.country),
            _ => self.home,
        };
        if let Some(home) = HOMES.get(country) {
            it.time_zone = Some(home.zone.to_owned());
            it.time_zone_offset_minutes = Some(home.offset);
        }
        if desktop_site {
            state = "desktop site";
            as_desktop(&mut it, &owned.device);
        }
        (it, state)
    }
}

fn owned_docks(owned: Option<&Owned>, place: Place) -> bool {
    owned.is_some_and(|it| it.docks) && matches!(place, Place::Home | Place::Office)
}

/// The instant of a day and its part.
fn instant(days: f64) -> Instant {
    Instant::from_millis(START * 1000 + (days * 86_400_000.0) as i64)
}

/// A number of the list, by its share.
fn weighted(shares: &[(usize, f64)], random: &mut Random) -> usize {
    let mut left = random.unit() * shares.iter().map(|it| it.1).sum::<f64>();
    for (number, share) in shares {
        left -= share;
        if left < 0.0 {
            return *number;
        }
    }
    shares.last().map_or(0, |it| it.0)
}

/// What a phone shows where a page for desktops is asked for.
fn as_desktop(it: &mut Components, device: &Device) {
    let version = |mark: &str| {
        let said = it.user_agent.as_deref()?.split_once(mark)?.1;
        said.split(' ').next().map(str::to_owned)
    };
    let (agent, platform) = match (device.agent.engine, device.agent.os) {
        (_, Os::Ios) => (
            format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{} Safari/605.1.15",
                version("Version/").unwrap_or_else(|| "18.6".to_owned())
            ),
            "MacIntel",
        ),
        (Engine::Gecko, _) => {
            let version = version("Firefox/").unwrap_or_else(|| "150.0".to_owned());
            (
                format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}) Gecko/20100101 Firefox/{version}"),
                "Linux x86_64",
            )
        }
        _ => (
            format!(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36",
                version("Chrome/").unwrap_or_else(|| "148.0.0.0".to_owned())
            ),
            "Linux x86_64",
        ),
    };
    it.user_agent = Some(agent);
    it.platform = Some(platform.to_owned());
    if let Some(hints) = &mut it.client_hints {
        hints.mobile = Some(false);
        hints.platform = Some("Linux".to_owned());
        hints.platform_version = Some(String::new());
        hints.model = Some(String::new());
    }
}

/// A fingerprint as libraries make it: a digest of what is stable, or of that and screen, languages and zone.
pub(crate) fn fingerprint(it: &Components, wide: bool) -> String {
    let stable = format!(
        "{:?}",
        (
            (
                &it.platform,
                &it.vendor,
                &it.vendor_flavors,
                it.hardware_concurrency,
                it.device_memory
            ),
            (
                it.architecture,
                &it.touch,
                it.canvas_geometry,
                it.canvas_text,
                it.audio,
                it.math
            ),
            (
                it.fonts,
                &it.webgl_vendor,
                &it.webgl_renderer,
                it.webgl_parameters
            ),
        )
    );
    let more = if wide {
        format!("{:?}", (&it.screen, &it.languages, &it.time_zone))
    } else {
        String::new()
    };
    let both = stable + &more;
    format!("{:016x}{:016x}", text(&both), mix(&[text(&both), 38]))
}
