//! Other ways to judge the same events.

use std::collections::HashMap;
use std::net::IpAddr;

use shared::useragent;

use super::person::Shows;
use crate::random::text;

/// Levels of the address and of the user agent, the finest first, with the published weights.
const ADDRESS: [f64; 3] = [0.6, 0.3, 0.1];
const AGENT: [f64; 4] = [0.5387, 0.2680, 0.1882, 0.0051];
const LEVELS: usize = ADDRESS.len() + AGENT.len();

/// What the baselines compare: numbers that stand for address, system, country; user agent, browser with version, system
/// with version, class of device; and browser and system by family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    levels: [u64; LEVELS],
    country: u64,
    family: u64,
}

/// User agents that were read already.
#[derive(Default)]
pub(crate) struct Reader(HashMap<String, [u64; 5]>);

impl Reader {
    pub(crate) fn read(&mut self, shows: &Shows) -> Marks {
        let address = match shows.address {
            IpAddr::V4(it) => u64::from(it.to_bits()),
            IpAddr::V6(it) => text(&it.to_string()),
        };
        let country = shows.facts.alpha_2().map_or(0, text);
        let agent = if let Some(known) = self.0.get(&shows.user_agent) {
            *known
        } else {
            let it = useragent::parse(&shows.user_agent);
            let read = [
                text(&shows.user_agent),
                text(&format!("{} {:?}", it.browser, it.browser_version)),
                text(&format!("{:?} {:?}", it.os, it.os_version)),
                text(&format!("{:?}", it.device)),
                text(&format!("{} {:?}", it.browser, it.os)),
            ];
            self.0.insert(shows.user_agent.clone(), read);
            read
        };
        let [whole, browser, system, class, family] = agent;
        let number = shows.facts.asn().map_or(0, u64::from);
        Marks {
            levels: [address, number, country, whole, browser, system, class],
            country,
            family,
        }
    }
}

impl Marks {
    /// Another address or user agent than `before`.
    pub(crate) fn breaks_binding(&self, before: &Self) -> bool {
        let of = |it: &Self| (it.levels.first().copied(), it.levels.get(ADDRESS.len()).copied());
        of(self) != of(before)
    }

    /// Another browser, system or country.
    pub(crate) fn is_elsewhere(&self, before: &Self) -> bool {
        (self.country, self.family) != (before.country, before.family)
    }

    /// Another address.
    pub(crate) fn moved(&self, before: &Self) -> bool {
        self.levels.first() != before.levels.first()
    }
}

/// How often each value of each level was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    seen: HashMap<(usize, u64), f64>,
    all: f64,
}

impl Counts {
    pub(crate) fn add(&mut self, marks: &Marks) {
        for (level, value) in marks.levels.iter().enumerate() {
            *self.seen.entry((level, *value)).or_default() += 1.0;
        }
        self.all += 1.0;
    }

    fn share(&self, level: usize, value: u64) -> Option<f64> {
        self.seen.get(&(level, value)).map(|count| count / self.all)
    }
}

/// The score of Freeman et al., its logarithm.
pub(crate) fn freeman(marks: &Marks, everyone: &Counts, own: &Counts) -> f64 {
    let rare = 1.0 / (everyone.all + 1.0);
    let ratio = |first: usize, weights: &[f64]| {
        let (mut among_all, mut of_person) = (0.0, 0.0);
        for (offset, weight) in weights.iter().enumerate() {
            let level = first + offset;
            let value = marks.levels.get(level).copied().unwrap_or_default();
            let share = everyone.share(level, value).unwrap_or(rare);
            among_all += weight * share;
            of_person += weight * own.share(level, value).unwrap_or(share / 4.0);
        }
        (among_all / of_person).ln()
    };
    ratio(0, &ADDRESS) + ratio(ADDRESS.len(), &AGENT)
}
