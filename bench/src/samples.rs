//! Many readings of one thing, and what is told of them.

use std::time::Duration;

/// Readings in ascending order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// The reading that `percent` of all readings do not exceed (nearest rank); zero of none.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// How many readings there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(readings: I) -> Self {
        let mut readings: Vec<_> = readings.into_iter().collect();
        readings.sort_unstable();
        Self(readings)
    }
}

/// Milliseconds with two decimals.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1e3)
}

/// Microseconds with one decimal.
pub(crate) fn us(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_reading_that_was_taken() {
        let hundred: Samples = (1..=100).rev().map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 50), (99, 99), (100, 100), (0, 1)] {
            assert_eq!(hundred.percentile(percent), Duration::from_millis(expected));
        }
        assert_eq!(Samples::default().percentile(50), Duration::ZERO);
    }
}
