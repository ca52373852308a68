//! What a request costs at AWS's list prices: those of the README, "What it costs", for us-east-1.

/// US dollars for a million.
const GATEWAY: f64 = 1.00;
const INVOCATION: f64 = 0.20;
const READ_UNIT: f64 = 0.125;
const WRITE_UNIT: f64 = 0.625;
/// 250 bytes of access log at $0.50 per GB, and 0.5 KB out at $0.09.
const LOG_AND_DATA: f64 = 0.125 + 0.045;
/// 5 % sampled at $5.00.
const TRACE: f64 = 0.25;
/// 5 ms, as the README assumes of every function, of 256 MB on arm64.
const TIME: f64 = 0.005 * 0.25 * 13.333_4;

/// What one request used, on average.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// Invocations of functions.
    pub(crate) invocations: f64,
    /// Read units.
    pub(crate) reads: f64,
    /// Write units, those of indexes among them.
    pub(crate) writes: f64,
}

impl Used {
    /// US dollars for a million such requests.
    pub(crate) fn price_of_a_million(self) -> f64 {
        GATEWAY
            + LOG_AND_DATA
            + self.invocations * (INVOCATION + TRACE + TIME)
            + self.reads * READ_UNIT
            + self.writes * WRITE_UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validate_costs_what_the_readme_says() {
        let validate = Used {
            invocations: 1.0,
            reads: 1.0,
            writes: 0.0,
        };
        let price = format!("{:.2}", validate.price_of_a_million());
        assert!(
            include_str!("../../README.md").contains(&format!("| **together** | **{price}** |")),
            "{price}"
        );
    }
}
