//! A tenant's traffic, replayed: for how long each device keeps an id of its own.

use std::collections::BTreeMap;

use crate::device::Device;
use crate::matchers::Track;
use crate::network::Network;
use crate::random::Random;
use crate::seen::Seen;
use crate::visit::observe;

/// Days of traffic.
const DAYS: f64 = 360.0;

/// What became of the devices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracked {
    /// Mean over devices of the mean length of their chains, in days.
    pub(crate) mean: f64,
    /// Mean over devices of their longest chain, in days.
    pub(crate) longest: f64,
    /// Median over devices of their longest chain, in days.
    pub(crate) median: f64,
    /// Ids made for a device, in the mean.
    pub(crate) ids: f64,
    /// Share of visits that were given an id made for another device.
    pub(crate) mistaken: f64,
    /// By tens of confidence in an id that was there before: how many answers, and how many of them were right.
    pub(crate) sure: [(u64, u64); 10],
}

/// A tenant's visits, in order.
pub(crate) struct Traffic {
    devices: Vec<Device>,
    visits: Vec<(f64, usize)>,
}

impl Traffic {
    /// Draws the devices of a half and their visits, `every` so many days in the mean.
    pub(crate) fn draw(network: &Network, half: u64, devices: usize, every: f64) -> Self {
        let drawn: Vec<Device> = (0..devices)
            .map(|number| Device::any(network, half, half ^ (1 << 40 | number as u64)))
            .collect();
        let mut visits = Vec::new();
        for (number, device) in drawn.iter().enumerate() {
            let mut random = Random::of(&[device.number, 7]);
            let mut at = random.exponential(every);
            while at < DAYS {
                visits.push((at, number));
                at += random.exponential(every);
            }
        }
        visits.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self {
            devices: drawn,
            visits,
        }
    }

    /// How many visits there are.
    pub(crate) fn visits(&self) -> usize {
        self.visits.len()
    }

    /// Replays them through several trackers.
    pub(crate) fn replay(&self, trackers: &mut [Box<dyn Track>]) -> Vec<Tracked> {
        let mut answers: Vec<Vec<Vec<(f64, u64)>>> =
            vec![vec![Vec::new(); self.devices.len()]; trackers.len()];
        let mut owners: Vec<BTreeMap<u64, usize>> = vec![BTreeMap::new(); trackers.len()];
        let mut sure = vec![[(0, 0); 10]; trackers.len()];
        for (now, number) in &self.visits {
            let Some(device) = self.devices.get(*number) else {
                continue;
            };
            let seen = Seen::new(&observe(device, *now));
            let each = trackers
                .iter_mut()
                .zip(&mut answers)
                .zip(&mut owners)
                .zip(&mut sure);
            for (((tracker, answers), owners), sure) in each {
                let (id, confidence) = tracker.identify(&seen, *now);
                let owner = *owners.entry(id).or_insert(*number);
                if let Some((given, right)) = confidence.and_then(|it| sure.get_mut(usize::from(it) / 10)) {
                    *given += 1;
                    *right += u64::from(owner == *number);
                }
                if let Some(answers) = answers.get_mut(*number) {
                    answers.push((*now, id));
                }
            }
        }
        let each = answers.iter().zip(&owners).zip(sure);
        each.map(|((answers, owners), sure)| Tracked {
            sure,
            ..judge(answers, owners)
        })
        .collect()
    }
}

fn judge(answers: &[Vec<(f64, u64)>], owners: &BTreeMap<u64, usize>) -> Tracked {
    let (mut means, mut longests) = (Vec::new(), Vec::new());
    let (mut visits, mut mistaken) = (0_u64, 0_u64);
    for (device, answers) in answers.iter().enumerate() {
        let chains: Vec<f64> = answers
            .chunk_by(|one, next| one.1 == next.1)
            .filter_map(|chain| {
                let ((first, id), (last, _)) = (chain.first()?, chain.last()?);
                let own = owners.get(id) == Some(&device);
                visits += chain.len() as u64;
                mistaken += if own { 0 } else { chain.len() as u64 };
                Some(if own { last - first } else { 0.0 })
            })
            .collect();
        if !chains.is_empty() {
            means.push(mean(&chains));
            longests.push(chains.iter().copied().fold(0.0, f64::max));
        }
    }
    longests.sort_by(f64::total_cmp);
    Tracked {
        mean: mean(&means),
        longest: mean(&longests),
        median: longests.get(longests.len() / 2).copied().unwrap_or_default(),
        ids: owners.len() as f64 / answers.len().max(1) as f64,
        mistaken: mistaken as f64 / visits.max(1) as f64,
        ..Tracked::default()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "halves, quarters and one division are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_chain_counts_while_the_id_is_the_devices_own() {
        // The first device keeps its id, loses it for another's, and gets it back.
        let first = vec![(0.0, 1), (10.0, 1), (20.0, 2), (30.0, 1), (35.0, 1)];
        let second = vec![(5.0, 2)];
        let owners = BTreeMap::from([(1, 0), (2, 1)]);
        let tracked = judge(&[first, second], &owners);
        assert_eq!(tracked.longest, f64::midpoint(10.0, 0.0));
        assert_eq!(tracked.mean, f64::midpoint(5.0, 0.0));
        assert_eq!(tracked.mistaken, 1.0 / 6.0);
        assert_eq!(tracked.ids, 1.0);
    }

    #[test]
    fn one_id_for_everybody_tracks_the_first_alone() {
        let answers: Vec<_> = (0..4).map(|_| vec![(0.0, 1), (100.0, 1)]).collect();
        let tracked = judge(&answers, &BTreeMap::from([(1, 0)]));
        assert_eq!((tracked.longest, tracked.mistaken), (25.0, 0.75));
    }
}
