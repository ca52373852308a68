//! Pairs of visits, same and different, and how alike each matcher finds them.

use crate::device::Device;
use crate::matchers::MATCHERS;
use crate::network::Network;
use crate::random::Random;
use crate::rates::Scores;
use crate::seen::Seen;
use crate::visit::observe;

/// Which pair it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Two visits of one device.
    Same,
    /// Any two devices.
    Any,
    /// Two devices of one user agent.
    Agent,
    /// Two devices of one user agent and model.
    Model,
}

/// The scores one matcher gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// Same pairs, by time between the visits: up to 7, 30 and 90 days, and longer.
    pub(crate) same: [Scores; 4],
    /// Different pairs: any, of one user agent, of one model.
    pub(crate) different: [Scores; 3],
}

/// Days between two visits at most, by column of [`Given::same`].
pub(crate) const GAPS: [f64; 3] = [7.0, 30.0, 90.0];

/// Draws `count` pairs of a half, and scores each with every matcher.
pub(crate) fn score(network: &Network, half: u64, count: u64) -> Vec<Given> {
    let mut given = vec![Given::default(); MATCHERS.len()];
    for pair in pairs(network, half, count) {
        for (matcher, given) in MATCHERS.iter().zip(&mut given) {
            let score = (matcher.score)(&pair.before, &pair.after);
            let [any, agent, model] = &mut given.different;
            match pair.kind {
                Kind::Same => {
                    let column = GAPS.iter().filter(|days| **days < pair.gap).count();
                    if let Some(scores) = given.same.get_mut(column) {
                        scores.add(score);
                    }
                }
                Kind::Any => any.add(score),
                Kind::Agent => agent.add(score),
                Kind::Model => model.add(score),
            }
        }
    }
    given
}

/// Two visits.
pub(crate) struct Pair {
    pub(crate) kind: Kind,
    /// Days between them.
    gap: f64,
    pub(crate) before: Seen,
    pub(crate) after: Seen,
}

/// Draws `count` pairs of a half.
pub(crate) fn pairs(network: &Network, half: u64, count: u64) -> impl Iterator<Item = Pair> {
    (0..count).map(move |pair| {
        let mut random = Random::of(&[half, pair, 6]);
        let kind = match pair % 20 {
            0..10 => Kind::Same,
            10..16 => Kind::Any,
            16..19 => Kind::Agent,
            _ => Kind::Model,
        };
        let (one, other) = (2 * pair, 2 * pair + 1);
        let device = Device::any(network, half, half ^ one);
        let different = match kind {
            Kind::Same => None,
            Kind::Any => Some(Device::any(network, half, half ^ other)),
            Kind::Agent => Some(device.of_same_agent(network, half, half ^ other)),
            Kind::Model => Some(device.of_same_model(network, half, half ^ other)),
        };
        let first = 360.0 * random.unit();
        let gap = random.exponential(30.0).min(400.0);
        let before = Seen::new(&observe(&device, first));
        let after = Seen::new(&observe(different.as_ref().unwrap_or(&device), first + gap));
        Pair {
            kind,
            gap,
            before,
            after,
        }
    })
}

/// All scores together.
pub(crate) fn together(scores: &[Scores]) -> Scores {
    let mut all = Scores::default();
    for part in scores {
        all.extend(part);
    }
    all
}
