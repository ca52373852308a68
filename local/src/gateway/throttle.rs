//! Throttles of routes: token buckets, as the gateway has them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::template::Throttle;

/// The bucket of one route.
#[derive(Debug)]
pub(crate) struct Bucket {
    throttle: Throttle,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(throttle: Throttle, now: Instant) -> Self {
        Self {
            throttle,
            state: Mutex::new((throttle.burst, now)),
        }
    }

    /// Whether one more request may pass.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *state;
        let earned = now.saturating_duration_since(since).as_secs_f64() * self.throttle.rate;
        let tokens = (tokens + earned).min(self.throttle.burst);
        let admitted = tokens >= 1.0;
        *state = (if admitted { tokens - 1.0 } else { tokens }, now);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_the_rate_refills() {
        let start = Instant::now();
        let bucket = Bucket::new(
            Throttle {
                rate: 2.0,
                burst: 3.0,
            },
            start,
        );
        let admitted = (0..5).filter(|_| bucket.admits(start)).count();
        assert_eq!(admitted, 3);
        assert!(!bucket.admits(start + Duration::from_millis(400)));
        assert!(bucket.admits(start + Duration::from_millis(500)));
        assert!(!bucket.admits(start + Duration::from_millis(900)));
    }
}
