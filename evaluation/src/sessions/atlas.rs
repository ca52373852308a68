//! Addresses: who announces them, where they are, what stands behind them, and whose they may be.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::str::FromStr;

use shared::model::{Anonymity, AutonomousSystem, Facts, Located, Place, Point};

use super::rules::{
    ACCESS_ADDRESSES, ACCESS_WORDS, CITIES, HOMES, HOSTING_WORDS, LISTED_EXITS, MOBILE_WORDS,
    NO_ACCESS_WORDS, RADIUS_KM, WELL_LOCATED,
};
use crate::random::{Random, mix};
use crate::{Half, Result, SEED};

/// Labels that the service's data leaves out; as in `intel/src/lists.rs`.
const UNLICENSED: [&str; 12] = [
    "Akamai", "BunnyCDN", "BuyVM", "CDN77", "Cogent", "Contabo", "DataCamp", "GTHost", "GleSYS", "Melbicom",
    "Scalaxy", "Vercel",
];
/// Bits of an address within its block, which is in one city: a /20 and a /40.
const V4_BITS: u32 = 12;
const V6_BITS: u32 = 88;
/// How often a block in a wanted city is looked for.
const TRIES: usize = 80;

/// What the lists know of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Hosting,
    Crawler,
    Vpn,
    Tor,
    Relay,
}

/// Ranges in order, with what is known of each.
struct Ranges<T>(Vec<(u128, u128, T)>);

impl<T: Copy> Ranges<T> {
    fn of(mut ranges: Vec<(u128, u128, T)>) -> Self {
        ranges.sort_by_key(|it| (it.0, it.1));
        Self(ranges)
    }

    fn find(&self, at: u128) -> Option<T> {
        let after = self.0.partition_point(|it| it.0 <= at);
        // A few ranges of the lists lie in wider ones.
        let near = self.0.get(after.saturating_sub(4)..after)?;
        near.iter().rev().find(|it| at <= it.1).map(|it| it.2)
    }
}

/// Ranges of both families.
struct Both<T> {
    v4: Ranges<T>,
    v6: Ranges<T>,
}

impl<T: Copy> Both<T> {
    fn find(&self, address: IpAddr) -> Option<T> {
        match address {
            IpAddr::V4(it) => self.v4.find(u128::from(it.to_bits())),
            IpAddr::V6(it) => self.v6.find(it.to_bits()),
        }
    }
}

/// A system in one country: its ranges there.
#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    pub(crate) number: u32,
    home: usize,
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
    size: u64,
    mobile: bool,
}

/// The systems of a country that belong to one half.
#[derive(Debug, Default)]
struct Pool {
    access: Vec<System>,
    /// Rented machines that the lists do not know.
    unlisted: Vec<(u128, u128)>,
    /// Those they know.
    listed: Vec<(u128, u128)>,
}

/// All of one half.
pub(crate) struct Atlas {
    systems: Both<u32>,
    countries: Both<[u8; 2]>,
    labels: Both<Label>,
    pools: Vec<Pool>,
    relay: Vec<(u128, u128)>,
}

impl Atlas {
    /// Reads the fetched files of `folder`.
    ///
    /// # Errors
    /// When one is missing or has another form.
    pub(crate) fn load(folder: &Path, half: Half) -> Result<Self> {
        let mut names = HashMap::new();
        let mut systems = |name: &str, v6| -> Result<Ranges<u32>> {
            rows(&folder.join(name), v6, |rest| {
                let (number, name) = rest.split_once(',')?;
                let number = number.parse().ok()?;
                let holder = || name.trim_matches('"').to_lowercase();
                names.entry(number).or_insert_with(holder);
                Some(number)
            })
        };
        let systems = Both {
            v4: systems("asn-ipv4.csv", false)?,
            v6: systems("asn-ipv6.csv", true)?,
        };
        let code = |rest: &str| rest.as_bytes().first_chunk().copied();
        let countries = Both {
            v4: rows(&folder.join("asn-country-ipv4.csv"), false, code)?,
            v6: rows(&folder.join("asn-country-ipv6.csv"), true, code)?,
        };
        let labels = labels(&fs::read(folder.join("ranges.bin"))?).ok_or("ranges.bin has another form")?;
        let mut atlas = Self {
            systems,
            countries,
            labels,
            pools: HOMES.iter().map(|_| Pool::default()).collect(),
            relay: Vec::new(),
        };
        atlas.fill(&names, half);
        Ok(atlas)
    }

    fn fill(&mut self, names: &HashMap<u32, String>, half: Half) {
        let place = |code: [u8; 2]| HOMES.iter().position(|it| it.code.as_bytes() == code);
        let ours = |number: u32| mix(&[SEED, u64::from(number), 77]) % 2 == half as u64;
        let mut found: HashMap<(usize, u32), System> = HashMap::new();
        for (v6, ranges) in [(false, &self.systems.v4), (true, &self.systems.v6)] {
            let countries = if v6 {
                &self.countries.v6
            } else {
                &self.countries.v4
            };
            for (first, last, number) in ranges.0.iter().filter(|it| ours(it.2)) {
                let Some(home) = countries.find(*first).and_then(place) else {
                    continue;
                };
                let system = found.entry((home, *number)).or_default();
                (system.number, system.home) = (*number, home);
                if v6 {
                    system.v6.push((*first, *last));
                } else {
                    system.v4.push((*first, *last));
                    system.size += (last - first + 1) as u64;
                }
            }
        }
        let mut found: Vec<System> = found.into_values().collect();
        found.sort_by_key(|it| (it.home, it.number));
        for mut system in found {
            let name = names.get(&system.number).map_or("", String::as_str);
            let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
            let Some(pool) = self.pools.get_mut(system.home) else {
                continue;
            };
            let listed = |range: &(u128, u128)| self.labels.v4.find(range.0).is_some();
            if says(ACCESS_WORDS) && !says(NO_ACCESS_WORDS) && ACCESS_ADDRESSES <= system.size {
                system
                    .v4
                    .retain(|range| !listed(range) && 0 < blocks(Some(range), V4_BITS).1);
                system.v6.retain(|range| 0 < blocks(Some(range), V6_BITS).1);
                system.mobile = says(MOBILE_WORDS);
                if !system.v4.is_empty() {
                    pool.access.push(system);
                }
            } else if says(HOSTING_WORDS) {
                pool.unlisted
                    .extend(system.v4.iter().filter(|range| !listed(range)));
            }
        }
        for (first, last, label) in &self.labels.v4.0 {
            if !self.systems.v4.find(*first).is_some_and(ours) {
                continue;
            }
            if *label == Label::Relay {
                self.relay.push((*first, *last));
            }
            let home = self.countries.v4.find(*first).and_then(place);
            if matches!(label, Label::Hosting | Label::Vpn)
                && let Some(pool) = home.and_then(|it| self.pools.get_mut(it))
            {
                pool.listed.push((*first, *last));
            }
        }
    }

    /// Countries of this half in which people live, with their shares.
    pub(crate) fn homes(&self) -> Vec<(usize, f64)> {
        let shares = HOMES.iter().zip(&self.pools).enumerate();
        shares
            .filter(|(_, (home, pool))| 0.0 < home.share && 3 <= pool.access.len())
            .map(|(at, (home, _))| (at, home.share))
            .collect()
    }

    /// What there is to draw from, for the report.
    pub(crate) fn describe(&self) -> String {
        let access: usize = self.pools.iter().map(|it| it.access.len()).sum();
        let exits: usize = self.pools.iter().map(|it| it.listed.len()).sum();
        let unlisted: usize = self.pools.iter().map(|it| it.unlisted.len()).sum();
        format!(
            "{} countries to live in, {access} access systems, {exits} listed and {unlisted} unlisted ranges of exits, {} of the relay",
            self.homes().len(),
            self.relay.len()
        )
    }

    /// A country other than `home` that has access systems.
    pub(crate) fn abroad(&self, home: usize, random: &mut Random) -> usize {
        let others: Vec<usize> = (0..HOMES.len())
            .filter(|it| *it != home && self.pools.get(*it).is_some_and(|pool| !pool.access.is_empty()))
            .collect();
        others
            .get(random.below(others.len()))
            .copied()
            .unwrap_or_default()
    }

    /// A system of the country that sells access, larger ones more often.
    pub(crate) fn access(&self, home: usize, random: &mut Random) -> &System {
        self.draw(home, random, |_| true)
    }

    /// A mobile carrier, or any system where none is known.
    pub(crate) fn carrier(&self, home: usize, random: &mut Random) -> &System {
        let some = self
            .pools
            .get(home)
            .is_some_and(|it| it.access.iter().any(|it| it.mobile));
        self.draw(home, random, |it| it.mobile || !some)
    }

    /// The system of the country with this number, or any.
    pub(crate) fn system(&self, home: usize, number: u32, random: &mut Random) -> &System {
        let pool = self.pools.get(home).map_or(&[][..], |it| it.access.as_slice());
        let found = pool.iter().find(|it| it.number == number);
        found.unwrap_or_else(|| self.access(home, random))
    }

    fn draw(&self, home: usize, random: &mut Random, wanted: impl Fn(&System) -> bool) -> &System {
        static NONE: System = System {
            number: 0,
            home: 0,
            v4: Vec::new(),
            v6: Vec::new(),
            size: 0,
            mobile: false,
        };
        let pool = self.pools.get(home).map_or(&[][..], |it| it.access.as_slice());
        let some = || pool.iter().filter(|it| wanted(it));
        let weight = |it: &System| (it.size as f64).sqrt();
        let mut left = random.unit() * some().map(weight).sum::<f64>();
        for system in some() {
            left -= weight(system);
            if left < 0.0 {
                return system;
            }
        }
        some().last().unwrap_or(&NONE)
    }

    /// An exit in the country, of machines for hire.
    pub(crate) fn exit(&self, home: usize, random: &mut Random) -> IpAddr {
        let pool = self.pools.get(home);
        let listed = pool.map_or(&[][..], |it| it.listed.as_slice());
        let unlisted = pool.map_or(&[][..], |it| it.unlisted.as_slice());
        let wanted = if random.chance(LISTED_EXITS) {
            listed
        } else {
            unlisted
        };
        let from = [wanted, listed, unlisted].into_iter().find(|it| !it.is_empty());
        // Every country of the rules has some; else any of the relay's is as good.
        one_of(from.unwrap_or(&self.relay), random)
    }

    /// An exit of the privacy relay.
    pub(crate) fn relay(&self, random: &mut Random) -> IpAddr {
        one_of(&self.relay, random)
    }

    /// What the service's data would know of the address; `country` is that of a relay's user.
    pub(crate) fn facts(&self, address: IpAddr, relayed_from: Option<usize>) -> Facts {
        let system = self.systems.find(address);
        let label = self.labels.find(address);
        let country = match relayed_from.and_then(|it| HOMES.get(it)) {
            Some(home) => home.code.as_bytes().first_chunk().copied(),
            None => self.countries.find(address),
        };
        let place = country.map(|code| {
            let point = HOMES
                .iter()
                .position(|it| it.code.as_bytes() == code)
                .map(|home| city_point(home, city_of(address, system.unwrap_or_default())));
            Place {
                country_code: Some(String::from_utf8_lossy(&code).into_owned()),
                point,
                ..Place::default()
            }
        });
        let is = |some: &[Label]| label.is_some_and(|it| some.contains(&it));
        Facts {
            place: place.map_or_else(Located::default, |it| Located::At(Box::new(it))),
            system: system.map(|number| AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting: Some(is(&[Label::Hosting, Label::Crawler, Label::Vpn, Label::Tor])),
                vpn: is(&[Label::Vpn]).then_some(true),
                proxy: None,
                tor: Some(is(&[Label::Tor])),
                relay: Some(is(&[Label::Relay])),
            },
        }
    }
}

impl System {
    /// A block of 4,096 addresses, most often one that the data puts into this city.
    pub(crate) fn block(&self, city: usize, random: &mut Random) -> u32 {
        let address = |block| IpAddr::V4(Ipv4Addr::from_bits(block as u32));
        self.located(&self.v4, V4_BITS, city, random, address) as u32
    }

    /// A /40 of IPv6, likewise; none where it has no IPv6.
    pub(crate) fn block_v6(&self, city: usize, random: &mut Random) -> Option<u128> {
        let address = |block| IpAddr::V6(Ipv6Addr::from_bits(block));
        let some = !self.v6.is_empty();
        some.then(|| self.located(&self.v6, V6_BITS, city, random, address))
    }

    fn located(
        &self,
        ranges: &[(u128, u128)],
        bits: u32,
        city: usize,
        random: &mut Random,
        address: impl Fn(u128) -> IpAddr,
    ) -> u128 {
        let well = random.chance(WELL_LOCATED);
        let mut block = 0;
        for _ in 0..TRIES {
            block = any_block(ranges, bits, random);
            if !well || city_of(address(block), self.number) == city {
                break;
            }
        }
        block
    }

    /// Any of its addresses.
    pub(crate) fn any(&self, random: &mut Random) -> IpAddr {
        in_block(any_block(&self.v4, V4_BITS, random) as u32, random.bits())
    }
}

/// The address with this number in a block of IPv4.
pub(crate) fn in_block(block: u32, number: u64) -> IpAddr {
    // The first and last of a /24 are nobody's.
    let host = 1 + (number % 254) as u32;
    IpAddr::V4(Ipv4Addr::from_bits(
        block | ((number >> 8) as u32 & 0xf) << 8 | host,
    ))
}

/// The middle of a city.
fn city_point(home: usize, city: usize) -> Point {
    let mut random = Random::of(&[SEED, home as u64, city as u64, 6]);
    let (middle, extent) = HOMES
        .get(home)
        .map_or(((0.0, 0.0), (0.0, 0.0)), |it| (it.middle, it.extent));
    let mut off = |extent: f64| (random.unit() * 2.0 - 1.0) * extent;
    Point {
        latitude: middle.0 + off(extent.0),
        longitude: middle.1 + off(extent.1),
        radius_km: RADIUS_KM,
    }
}

/// The city the data puts a block into.
fn city_of(address: IpAddr, system: u32) -> usize {
    let block = match address {
        IpAddr::V4(it) => u64::from(it.to_bits() >> V4_BITS),
        IpAddr::V6(it) => (it.to_bits() >> V6_BITS) as u64,
    };
    (mix(&[SEED, u64::from(system), block, 7]) % CITIES as u64) as usize
}

/// A whole block that lies in one of the ranges, larger ranges more often. IPv6 ranges are of all sizes, so each is as
/// likely.
fn any_block(ranges: &[(u128, u128)], bits: u32, random: &mut Random) -> u128 {
    let drawn = u128::from(random.bits());
    let (first, count) = if bits == V6_BITS {
        blocks(ranges.get(random.below(ranges.len())), bits)
    } else {
        let all: u128 = ranges.iter().map(|it| blocks(Some(it), bits).1).sum();
        let mut left = u128::from(random.bits()) % all.max(1);
        let holds = |range: &&(u128, u128)| {
            let count = blocks(Some(range), bits).1;
            let found = left < count;
            left = left.saturating_sub(count);
            found
        };
        blocks(ranges.iter().find(holds), bits)
    };
    first + ((drawn % count.max(1)) << bits)
}

/// The first whole block of a range, and how many there are.
fn blocks(range: Option<&(u128, u128)>, bits: u32) -> (u128, u128) {
    let Some((first, last)) = range else { return (0, 0) };
    let start = (first + (1 << bits) - 1) >> bits;
    (start << bits, ((last + 1) >> bits).saturating_sub(start))
}

fn one_of(ranges: &[(u128, u128)], random: &mut Random) -> IpAddr {
    let (first, last) = ranges
        .get(random.below(ranges.len()))
        .copied()
        .unwrap_or_default();
    let at = first + u128::from(random.bits()) % (last - first + 1);
    IpAddr::V4(Ipv4Addr::from_bits(at as u32))
}

fn rows<T: Copy>(path: &Path, v6: bool, read: impl FnMut(&str) -> Option<T>) -> Result<Ranges<T>> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{}: {error}; run tools/fetch-evaluation-data", path.display()))?;
    let mut read = read;
    let mut row = |line: &str| {
        let (first, rest) = line.split_once(',')?;
        let (last, rest) = rest.split_once(',')?;
        let number = |text: &str| {
            if v6 {
                Ipv6Addr::from_str(text).ok().map(Ipv6Addr::to_bits)
            } else {
                Ipv4Addr::from_str(text).ok().map(|it| u128::from(it.to_bits()))
            }
        };
        Some((number(first)?, number(last)?, read(rest)?))
    };
    let ranges: Option<Vec<_>> = text.lines().map(&mut row).collect();
    Ok(Ranges::of(
        ranges.ok_or_else(|| format!("{}: another form", path.display()))?,
    ))
}

/// The table of `iporigin`: a header, labels, IPv4 ranges, IPv6 ranges.
fn labels(table: &[u8]) -> Option<Both<Label>> {
    let mut rest = table.strip_prefix(b"IPORIGIN")?;
    if u16::from_le_bytes(take(&mut rest)?) != 1 {
        return None;
    }
    let _built_at: [u8; 8] = take(&mut rest)?;
    let count = u16::from_le_bytes(take(&mut rest)?);
    let (v4, v6) = (
        u32::from_le_bytes(take(&mut rest)?),
        u32::from_le_bytes(take(&mut rest)?),
    );
    let mut labels = Vec::new();
    for _ in 0..count {
        let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let (label, after) = rest.split_at_checked(length)?;
        rest = after;
        let (provider, kind) = std::str::from_utf8(label).ok()?.split_once('\t')?;
        labels.push(match kind {
            _ if UNLICENSED.contains(&provider) => None,
            _ if provider == "Apple Private Relay" => Some(Label::Relay),
            "hosting" | "cdn" => Some(Label::Hosting),
            "bot" => Some(Label::Crawler),
            "vpn" => Some(Label::Vpn),
            "tor" => Some(Label::Tor),
            _ => None,
        });
    }
    let label = |rest: &mut &[u8]| labels.get(usize::from(u16::from_le_bytes(take(rest)?))).copied();
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for _ in 0..v4 {
        let first = u128::from(u32::from_le_bytes(take(&mut rest)?));
        let last = u128::from(u32::from_le_bytes(take(&mut rest)?));
        four.extend(label(&mut rest)?.map(|it| (first, last, it)));
    }
    for _ in 0..v6 {
        let first = u128::from_be_bytes(take(&mut rest)?);
        let last = u128::from_be_bytes(take(&mut rest)?);
        six.extend(label(&mut rest)?.map(|it| (first, last, it)));
    }
    rest.is_empty().then(|| Both {
        v4: Ranges::of(four),
        v6: Ranges::of(six),
    })
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}
