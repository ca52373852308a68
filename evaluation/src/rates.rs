//! Error rates of scores: how often the threshold at which both errors are equal errs.

use std::collections::BTreeMap;

use crate::random::Random;

/// How often each score was given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scores(BTreeMap<i32, u64>);

impl Scores {
    /// Adds a pair's score.
    pub(crate) fn add(&mut self, score: i32) {
        *self.0.entry(score).or_default() += 1;
    }

    /// Adds all of another's.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (score, count) in &other.0 {
            *self.0.entry(*score).or_default() += count;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// As many, drawn from these with replacement.
    fn resampled(&self, random: &mut Random) -> Self {
        let mut sum = 0;
        let upto: Vec<(i32, u64)> = self
            .0
            .iter()
            .map(|(score, count)| {
                sum += count;
                (*score, sum)
            })
            .collect();
        let mut drawn = Self::default();
        for _ in 0..sum {
            let wanted = random.below(sum as usize) as u64;
            let at = upto.partition_point(|(_, upto)| *upto <= wanted);
            if let Some((score, _)) = upto.get(at) {
                drawn.add(*score);
            }
        }
        drawn
    }
}

/// An equal error rate with its interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EqualErrorRate {
    pub(crate) rate: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl EqualErrorRate {
    /// Of pairs that are `same` and pairs that are `different`, with a 95 % bootstrap interval.
    pub(crate) fn of(same: &Scores, different: &Scores) -> Self {
        let mut random = Random::of(&[crate::SEED, 5]);
        let mut samples: Vec<f64> = (0..200)
            .map(|_| equal_error(&same.resampled(&mut random), &different.resampled(&mut random)))
            .collect();
        samples.sort_by(f64::total_cmp);
        Self {
            rate: equal_error(same, different),
            low: samples.get(5).copied().unwrap_or_default(),
            high: samples.get(194).copied().unwrap_or_default(),
        }
    }
}

/// Where false matches and false non-matches are equally frequent, on straight lines between thresholds.
pub(crate) fn equal_error(same: &Scores, different: &Scores) -> f64 {
    let thresholds: std::collections::BTreeSet<i32> =
        same.0.keys().chain(different.0.keys()).copied().collect();
    let (mut matched, mut mistaken) = (0, 0);
    let (mut false_match, mut false_rejection) = (0.0, 1.0);
    for threshold in thresholds.into_iter().rev() {
        matched += same.0.get(&threshold).copied().unwrap_or_default();
        mistaken += different.0.get(&threshold).copied().unwrap_or_default();
        let next_match = mistaken as f64 / different.count().max(1) as f64;
        let next_rejection = 1.0 - matched as f64 / same.count().max(1) as f64;
        if next_rejection <= next_match {
            let gap = false_rejection - false_match;
            let closed = (next_match - false_match) + (false_rejection - next_rejection);
            return false_match + (next_match - false_match) * gap / closed;
        }
        (false_match, false_rejection) = (next_match, next_rejection);
    }
    false_match
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(counts: &[(i32, u64)]) -> Scores {
        Scores(counts.iter().copied().collect())
    }

    #[test]
    fn the_equal_error_rate_is_where_both_errors_meet() {
        #[rustfmt::skip]
        let table = [
            // Apart, alike, and the wrong way round.
            (scores(&[(9, 10)]), scores(&[(1, 10)]), 0.0),
            (scores(&[(5, 10)]), scores(&[(5, 10)]), 0.5),
            (scores(&[(1, 10)]), scores(&[(9, 10)]), 1.0),
            // A hash that never errs on different ones, and finds three of four.
            (scores(&[(1, 75), (0, 25)]), scores(&[(0, 100)]), 0.2),
            (scores(&[(2, 90), (1, 10)]), scores(&[(2, 10), (1, 90)]), 0.1),
        ];
        for (same, different, expected) in table {
            let rate = equal_error(&same, &different);
            assert!((rate - expected).abs() < 1e-9, "{same:?} {different:?}: {rate}");
        }
    }

    #[test]
    fn a_sample_is_as_large_as_what_it_is_drawn_from() {
        let drawn = scores(&[(1, 40), (2, 60)]).resampled(&mut Random::of(&[1]));
        assert_eq!(drawn.count(), 100);
    }
}
