//! Time and randomness, handed to the code that needs them so that a test can set both.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::Instant;

/// How far the clock of a machine may be off the time of the table, which every machine asks. Where the times of two
/// machines are compared, they may be off by twice that.
///
/// What ends and what is opened is ordered by versions in the table and needs no clock: `docs/decisions` says where one is
/// left.
pub const TOLERATED_SKEW: Duration = Duration::from_secs(2);

/// Where the current time comes from. A handler asks once per request and passes the answer on.
pub trait Clock: Send + Sync {
    /// The current time, to the millisecond.
    fn now(&self) -> Instant;
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system had no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("no randomness available")]
pub struct EntropyError(#[from] getrandom::Error);

/// The clock and the randomness of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Instant {
        Instant::from(chrono::Utc::now())
    }
}

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        Ok(getrandom::fill(bytes)?)
    }
}

/// A clock that stands still until it is moved, and a reproducible sequence of bytes: for tests and examples.
#[derive(Debug)]
pub struct Fixed {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl Fixed {
    /// A clock standing at `now`.
    pub fn at(now: Instant) -> Self {
        Self {
            now: AtomicI64::new(now.millis()),
            drawn: AtomicU64::new(0),
        }
    }

    /// Moves the clock to `now`, forward or back.
    pub fn set(&self, now: Instant) {
        self.now.store(now.millis(), Ordering::SeqCst);
    }

    /// Moves the clock by `millis`, which may be negative.
    pub fn advance_millis(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant::from_millis(self.now.load(Ordering::SeqCst))
    }
}

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let n = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::digest(n.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        Ok(())
    }
}
