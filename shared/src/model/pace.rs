//! How many sessions a subject opened of late, as far as its guard tells.
//!
//! Every session that is opened is held afterwards or was taken out, and the guard counts removals anyway. So a mark of when
//! counting began, and of how many were held and had been taken out then, says how many were opened since; it is written
//! when a minute begins, along with a write that is made anyway.

use std::time::Duration;

use super::Instant;

/// Where counting began in a minute: its number, the removals before (the last 16 bits), the sessions held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    minute: u32,
    removals: u16,
    held: u8,
}

impl Pace {
    /// How long is counted at a time.
    pub const WINDOW: Duration = Duration::from_mins(1);

    /// Counts from `now` on.
    pub fn begin(now: Instant, removals: u64, held: usize) -> Self {
        Self {
            minute: minute(now),
            removals: low(removals),
            held: u8::try_from(held).unwrap_or(u8::MAX),
        }
    }

    /// How many were opened since counting began, at the least; nothing when that was in another minute.
    pub fn opened(self, now: Instant, removals: u64, held: usize) -> Option<u32> {
        if self.minute != minute(now) {
            return None;
        }
        let removed = u32::from(low(removals).wrapping_sub(self.removals));
        let held = u32::try_from(held).unwrap_or(u32::MAX);
        Some(removed.saturating_add(held).saturating_sub(self.held.into()))
    }

    /// The same where one removal took `sessions` at once, of which the guard stops telling now.
    #[must_use]
    pub fn and_removed_together(self, sessions: usize) -> Self {
        Self {
            removals: self
                .removals
                .wrapping_sub(low(u64::try_from(sessions.saturating_sub(1)).unwrap_or_default())),
            ..self
        }
    }

    /// Whole seconds until what was counted at `now` counts no more, 1 to 60.
    pub fn seconds_left(now: Instant) -> u32 {
        let passed = now.secs().rem_euclid(60);
        u32::try_from(60 - passed).unwrap_or(60)
    }

    /// The mark as it is stored.
    pub fn to_bytes(self) -> [u8; 6] {
        let [_, minute @ ..] = self.minute.to_be_bytes();
        let mut bytes = [0; 6];
        let parts = minute.into_iter().chain(self.removals.to_be_bytes());
        for (to, from) in bytes.iter_mut().zip(parts.chain([self.held])) {
            *to = from;
        }
        bytes
    }

    /// Reads what was stored.
    pub const fn of_bytes(bytes: [u8; 6]) -> Self {
        let [high, middle, low, removals @ .., held] = bytes;
        Self {
            minute: u32::from_be_bytes([0, high, middle, low]),
            removals: u16::from_be_bytes(removals),
            held,
        }
    }
}

/// The number of the minute since 1970, in 24 bits: the year 2001 and every 32nd after it begin anew.
fn minute(now: Instant) -> u32 {
    let [.., a, b, c] = now.secs().div_euclid(60).to_be_bytes();
    u32::from_be_bytes([0, a, b, c])
}

/// The last 16 bits: no item takes 65,536 writes in a minute.
const fn low(removals: u64) -> u16 {
    let [.., a, b] = removals.to_be_bytes();
    u16::from_be_bytes([a, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_secs(1_800_000_000);

    #[test]
    fn what_is_held_or_was_taken_out_since_was_opened_since() {
        let pace = Pace::begin(NOW, 70_000, 5);
        for (removals, held, opened) in [
            (70_000, 5, 0),
            (70_000, 6, 1),
            (70_001, 5, 1),
            (70_030, 5, 30),
            (70_003, 2, 0),
            (70_001, 0, 0),
            (135_000, 5, 65_000),
        ] {
            assert_eq!(
                pace.opened(NOW, removals, held),
                Some(opened),
                "{removals}, {held}"
            );
        }
        let together = pace.and_removed_together(25);
        assert_eq!(together.opened(NOW, 70_001, 5), Some(25));
        assert_eq!(pace.and_removed_together(0), pace);
        assert_eq!(pace.and_removed_together(1), pace);
    }

    #[test]
    fn each_minute_is_counted_by_itself() {
        assert_eq!(NOW.secs() % 60, 0);
        let pace = Pace::begin(NOW, 1, 1);
        let at = |millis| NOW + Duration::from_millis(millis);
        assert_eq!(pace.opened(at(59_999), 1, 1), Some(0));
        assert_eq!(pace.opened(at(60_000), 1, 1), None);
        assert_eq!(pace.opened(NOW - Duration::from_millis(1), 1, 1), None);
        assert_eq!(Pace::seconds_left(NOW), 60);
        assert_eq!(Pace::seconds_left(at(59_999)), 1);
    }

    #[test]
    fn it_is_read_as_it_was_stored() {
        for pace in [
            Pace::begin(NOW, 0, 0),
            Pace::begin(NOW, u64::MAX, 255),
            Pace::begin(NOW, 65_536, 25).and_removed_together(7),
        ] {
            assert_eq!(Pace::of_bytes(pace.to_bytes()), pace);
        }
    }
}
