//! Draws that are the same in every run.

/// Draws from a seed.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    /// A stream of its own for each list of `names`.
    pub(crate) fn of(names: &[u64]) -> Self {
        Self(fastrand::Rng::with_seed(mix(names)))
    }

    /// Any number.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// At least 0 and below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the first `count` numbers.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0.usize(..count.max(1))
    }

    /// One of them, all equally likely.
    pub(crate) fn one_of<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        const { assert!(0 < N, "nothing to draw from") };
        let at = self.below(N);
        values.into_iter().nth(at).unwrap_or(values[0])
    }

    /// Exponentially distributed.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// The instants, in days until `end`, of something that happens once in `mean` days.
    pub(crate) fn instants(&mut self, mean: f64, end: f64) -> Vec<f64> {
        let mut instants = Vec::new();
        let mut at = self.exponential(mean);
        while at < end {
            instants.push(at);
            at += self.exponential(mean);
        }
        instants
    }
}

/// One number made of several, as good as drawn (the finaliser of `SplitMix64`).
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// A number for a text.
pub(crate) fn text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
