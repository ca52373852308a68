//! Figures of a run, with their intervals.

use super::play::{Honest, Outcome, Theft};
use super::rules::DAYS;
use super::thief::Class;
use crate::SEED;
use crate::random::Random;

/// The share of honest events that may reach the third threshold.
pub(crate) const FALSE_POSITIVES: f64 = 0.001;

/// A share with its Wilson interval of 95 %.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) mean: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Share {
    pub(crate) fn of(some: usize, all: usize) -> Self {
        let (some, all) = (some as f64, all.max(1) as f64);
        let share = some / all;
        let z = 1.96;
        let middle = (share + z * z / (2.0 * all)) / (1.0 + z * z / all);
        let width =
            z / (1.0 + z * z / all) * (share * (1.0 - share) / all + z * z / (4.0 * all * all)).sqrt();
        Self {
            mean: share,
            low: (middle - width).max(0.0),
            high: (middle + width).min(1.0),
        }
    }

    /// Whole percent, with the interval.
    pub(crate) fn long(self) -> String {
        let percent = |share: f64| (share * 100.0).round();
        format!(
            "{} ({} to {})",
            percent(self.mean),
            percent(self.low),
            percent(self.high)
        )
    }
}

impl Outcome {
    /// The thefts of a class; of A1 to A5 without one.
    pub(crate) fn of(&self, class: Option<Class>) -> Vec<&Theft> {
        let wanted = |it: &&Theft| class.map_or(it.class != Class::A6, |class| it.class == class);
        self.thefts.iter().filter(wanted).collect()
    }

    /// The lowest score that at most 0.1 % of honest events reach; above 100 where there is none.
    pub(crate) fn threshold(&self) -> u8 {
        let most = FALSE_POSITIVES * self.events as f64;
        let reach = |score: u8| self.honest.iter().filter(|it| score <= it.score).count() as f64;
        (1..=100).find(|score| reach(*score) <= most).unwrap_or(101)
    }

    /// Above which value of Freeman's score 0.1 % of honest events are.
    pub(crate) fn freeman_threshold(&self) -> f64 {
        let mut scores: Vec<f64> = self.honest.iter().map(|it| it.freeman).collect();
        scores.sort_by(|one, other| other.total_cmp(one));
        let at = (FALSE_POSITIVES * self.events as f64) as usize;
        scores.get(at).copied().unwrap_or(f64::MAX)
    }

    /// How many honest events are so, per person and month, with the interval of 95 % by bootstrap over people.
    pub(crate) fn monthly(&self, is: impl Fn(&Honest) -> bool) -> [f64; 3] {
        let mut each = vec![0_u32; self.people];
        for honest in self.honest.iter().filter(|it| is(it)) {
            if let Some(count) = each.get_mut(honest.person) {
                *count += 1;
            }
        }
        let months = self.people.max(1) as f64 * f64::from(DAYS) / 30.0;
        let mut random = Random::of(&[SEED, 60]);
        let mut sums: Vec<f64> = (0..400)
            .map(|_| {
                let drawn = (0..each.len()).filter_map(|_| each.get(random.below(each.len())));
                f64::from(drawn.sum::<u32>()) / months
            })
            .collect();
        sums.sort_by(f64::total_cmp);
        let at = |number: usize| sums.get(number).copied().unwrap_or_default();
        [f64::from(each.iter().sum::<u32>()) / months, at(10), at(389)]
    }

    /// The area under the ROC curve of first requests of a class, given that the address changed.
    pub(crate) fn auc_of_moved(&self, class: Option<Class>) -> Option<f64> {
        let mut honest = [0_u64; 101];
        for it in self.honest.iter().filter(|it| it.moved) {
            if let Some(count) = honest.get_mut(usize::from(it.score)) {
                *count += 1;
            }
        }
        let all: u64 = honest.iter().sum();
        let (mut won, mut thefts) = (0.0, 0_u32);
        for theft in self.of(class).into_iter().filter(|it| it.moved) {
            let score = usize::from(theft.first);
            let below: u64 = honest.iter().take(score).sum();
            let same = honest.get(score).copied().unwrap_or_default();
            won += below as f64 + same as f64 / 2.0;
            thefts += 1;
        }
        (0 < thefts && 0 < all).then(|| won / (f64::from(thefts) * all as f64))
    }
}

/// The share of thefts that are so.
pub(crate) fn share(thefts: &[&Theft], is: impl Fn(&Theft) -> bool) -> Share {
    Share::of(thefts.iter().filter(|it| is(it)).count(), thefts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_in_its_interval() {
        for (some, all) in [(0, 10), (3, 10), (10, 10), (500, 1000)] {
            let it = Share::of(some, all);
            assert!(it.low <= it.mean && it.mean <= it.high, "{it:?}");
            assert!(0.0 < it.high && it.low < 1.0, "{it:?}");
        }
        let half = Share::of(50, 100);
        assert!((half.low - 0.4038).abs() < 0.001 && (half.high - 0.5962).abs() < 0.001);
    }
}
