//! How far the machine's clock is off the table's, by the `Date` of its answers: no request is made for that.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use aws_smithy_types::date_time::Format;

use crate::clock::{Clock, System, TOLERATED_SKEW};
use crate::model::Instant;

/// `Date` counts whole seconds, so the answer may have been given up to this much later.
const PRECISION: Duration = Duration::from_millis(999);

/// What the answers of the table say of the machine's clock.
#[derive(Debug, Clone, Default)]
pub(super) struct Skew(Arc<AtomicI64>);

/// The machine's clock is further off than is tolerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct ClockOff {
    /// By how much at least, milliseconds; below zero where it is behind.
    millis: i64,
}

impl fmt::Display for ClockOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.millis < 0 { "behind" } else { "ahead of" };
        write!(
            f,
            "the clock of this machine is {}.{:03} s or more {way} DynamoDB's, {} s are tolerated",
            self.millis.abs() / 1000,
            self.millis.abs() % 1000,
            TOLERATED_SKEW.as_secs()
        )
    }
}

impl Skew {
    /// Nothing while the clock may be right.
    pub(super) fn check(&self) -> Result<(), ClockOff> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            millis => Err(ClockOff { millis }),
        }
    }

    /// Notes an answer of this `date` to what was sent then and received then. Whatever time it took on its way there and
    /// back only widens what the clock may be off: a slow answer proves nothing, and refuses nobody.
    fn note(&self, sent: Instant, received: Instant, date: Instant) {
        let tolerated = millis(TOLERATED_SKEW);
        let least = sent.millis() - date.millis() - millis(PRECISION);
        let most = received.millis() - date.millis();
        let off = if tolerated < least {
            least
        } else if most < -tolerated {
            most
        } else if most - least <= millis(PRECISION) + tolerated {
            0
        } else {
            return;
        };
        self.0.store(off, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// When a sending left.
#[derive(Debug)]
struct Sent(Instant);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Skew {
    fn name(&self) -> &'static str {
        "skew"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Sent(System.now()));
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|it| DateTime::from_str(it, Format::HttpDate).ok());
        if let (Some(Sent(sent)), Some(date)) = (bag.load::<Sent>(), date) {
            self.note(*sent, System.now(), Instant::from_secs(date.secs()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_000_000_000;

    /// What is said of a clock that is off by so much, when the table answers at `at` and the way takes so long each time.
    fn said(off: i64, at: i64, (there, back): (i64, i64)) -> Result<(), ClockOff> {
        let skew = Skew::default();
        let own = |at: i64| Instant::from_millis(at + off);
        skew.note(
            own(at - there),
            own(at + back),
            Instant::from_secs(at.div_euclid(1000)),
        );
        skew.check()
    }

    #[test]
    fn a_clock_that_is_off_by_no_more_than_is_tolerated_is_right() {
        for off in [-2000, -1999, -1, 0, 1, 999, 1999, 2000] {
            for fraction in [0, 1, 500, 999] {
                for way in [(0, 0), (2, 3), (900, 10), (10, 900), (1900, 1900)] {
                    assert_eq!(
                        said(off, NOON + fraction, way),
                        Ok(()),
                        "{off} {fraction} {way:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_clock_that_is_off_by_a_second_more_is_wrong_whatever_second_it_is() {
        for off in [-31_536_000_000, -300_000, -3100, 3100, 300_000, 31_536_000_000] {
            for fraction in [0, 1, 500, 999] {
                let found = said(off, NOON + fraction, (20, 80)).unwrap_err();
                assert_eq!(found.millis.signum(), off.signum());
                assert!(
                    2000 < found.millis.abs() && found.millis.abs() <= off.abs(),
                    "{found}"
                );
            }
        }
    }

    #[test]
    fn a_slow_answer_refuses_nobody_and_takes_nothing_back() {
        assert_eq!(
            said(-4000, NOON, (0, 5000)),
            Ok(()),
            "perhaps it stood still for that long"
        );
        let skew = Skew::default();
        let at = Instant::from_millis;
        skew.note(at(NOON + 9000), at(NOON + 9001), at(NOON));
        skew.note(at(NOON + 9000), at(NOON + 29_000), at(NOON + 9000));
        assert!(skew.check().is_err(), "nothing was proven");
        skew.note(at(NOON + 9000), at(NOON + 9001), at(NOON + 9000));
        assert_eq!(skew.check(), Ok(()));
    }

    #[test]
    fn what_is_said_is_one_line() {
        let said = |millis| ClockOff { millis }.to_string();
        assert_eq!(
            said(300_250),
            "the clock of this machine is 300.250 s or more ahead of DynamoDB's, 2 s are tolerated"
        );
        assert_eq!(
            said(-2001),
            "the clock of this machine is 2.001 s or more behind DynamoDB's, 2 s are tolerated"
        );
    }
}
