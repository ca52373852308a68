//! When a user's token was made, by a clock that is not ours.
//!
//! A token says when it was made as its issuer's clock had it, to a second or finer. That clock may be [`Issued::SKEW`]
//! off in either direction, so `iat` next to our own time of a revoke-all says nothing. What does is how far the same
//! clock is ahead, and each sign-in tells that: its token was made just before it was shown.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Instant;

/// When a token was made, and by whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// `iat`: not after the instant the token was made, and less than a second before it.
    pub at: Instant,
    /// Whose clock.
    pub issuer: IssuerTag,
}

/// An issuer, as far as clocks are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuerTag([u8; 4]);

/// How far an issuer's clock is ahead of ours at most, as far as one token showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuerClock {
    /// Whose clock.
    pub issuer: IssuerTag,
    /// Milliseconds; negative for a clock that is behind.
    pub ahead: i32,
}

impl IssuerTag {
    /// The tag of this `iss`.
    pub fn of(issuer: &str) -> Self {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(issuer));
        Self([a, b, c, d])
    }
}

impl Issued {
    /// How far an issuer's clock may be off.
    pub const SKEW: Duration = Duration::from_mins(1);

    /// How long before it was first shown a token of a sign-in may have been made; a whole second of it is what `iat`
    /// leaves out.
    const FRESH: Duration = Duration::from_secs(2);

    /// What the token shows of its issuer's clock when it is shown at `now`; nothing when it is too old for that.
    pub fn clock(self, now: Instant) -> Option<IssuerClock> {
        let skew = millis(Self::SKEW);
        let ahead = self.at.millis() - now.millis() + millis(Self::FRESH);
        let ahead = i32::try_from(ahead.min(skew)).ok()?;
        (-skew <= i64::from(ahead)).then_some(IssuerClock {
            issuer: self.issuer,
            ahead,
        })
    }

    /// Before this instant of ours the token was surely not made, however its issuer's clock is off.
    pub fn earliest(self) -> Instant {
        self.at - Self::SKEW
    }

    /// From this instant of ours on the token surely was there.
    pub fn latest(self) -> Instant {
        self.at + Duration::from_secs(1) + Self::SKEW
    }

    /// Whether the token was made after `at`, an instant of ours, by what `clocks` are known to show. An issuer of whose
    /// clock nothing is known is taken to have the right time.
    pub fn is_after(self, at: Instant, clocks: &[IssuerClock]) -> bool {
        let own = clocks.iter().filter(|clock| clock.issuer == self.issuer);
        let ahead = own.map(|clock| clock.ahead).max().unwrap_or(0);
        at.millis() + i64::from(ahead) < self.at.millis()
    }
}

impl IssuerClock {
    /// The clock as it is stored.
    pub fn to_bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        let parts = self.issuer.0.into_iter().chain(self.ahead.to_be_bytes());
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = from;
        }
        bytes
    }

    /// Reads what was stored.
    pub fn of_bytes(bytes: [u8; 8]) -> Self {
        let [tag @ .., _, _, _, _] = bytes;
        let [_, _, _, _, ahead @ ..] = bytes;
        Self {
            issuer: IssuerTag(tag),
            ahead: i32::from_be_bytes(ahead),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVOKED: i64 = 1_800_000_000_000;

    /// A token made at `at` by a clock that is `offset` ahead, both in milliseconds.
    fn made(at: i64, offset: i64, whole_seconds: bool) -> Issued {
        let iat = at + offset;
        Issued {
            at: Instant::from_millis(if whole_seconds {
                iat - iat.rem_euclid(1000)
            } else {
                iat
            }),
            issuer: IssuerTag(*b"test"),
        }
    }

    #[test]
    fn no_token_made_before_is_after_and_one_made_three_seconds_later_is() {
        let revoked = Instant::from_millis(REVOKED);
        for whole in [true, false] {
            for offset in (-60_000..=60_000).step_by(977).chain([-60_000, 60_000]) {
                for signed_in in (0..1000).step_by(83) {
                    for shown_after in [0, 40, 400, 1000] {
                        let at = REVOKED - 5_000 + signed_in;
                        let first = made(at, offset, whole);
                        let clock = first.clock(Instant::from_millis(at + shown_after));
                        let clocks: Vec<_> = clock.into_iter().collect();
                        for before in [-6_000, -5_000 + signed_in, -1_001, -1_000, -999, -1, 0] {
                            let token = made(REVOKED + before, offset, whole);
                            let case = format!("{offset} {signed_in} {shown_after} {before} {whole}");
                            assert!(!token.is_after(revoked, &clocks), "{case}");
                        }
                        if shown_after < 1000 {
                            let token = made(REVOKED + 3_000, offset, whole);
                            assert!(
                                token.is_after(revoked, &clocks),
                                "{offset} {signed_in} {shown_after}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_no_clock_can_change_is_known_without_one() {
        let revoked = Instant::from_millis(REVOKED);
        for whole in [true, false] {
            for offset in [-60_000, -1, 0, 1, 60_000] {
                for (made_at, is_after) in [(REVOKED - 1, false), (REVOKED, false), (REVOKED + 1, true)] {
                    let token = made(made_at, offset, whole);
                    assert!(is_after || token.earliest() <= revoked, "{offset} {made_at}");
                    assert!(!is_after || revoked < token.latest(), "{offset} {made_at}");
                }
            }
        }
        assert!(revoked < made(REVOKED + 121_001, -60_000, true).earliest());
        assert!(made(REVOKED - 121_001, 60_000, true).latest() <= revoked);
    }

    #[test]
    fn a_token_that_was_kept_for_long_and_another_issuers_say_nothing_of_a_clock() {
        let now = Instant::from_millis(REVOKED);
        assert_eq!(made(REVOKED - 62_001, 0, false).clock(now), None);
        assert_eq!(made(0, 0, false).clock(now), None);
        let clock = made(REVOKED, 61_000, false).clock(now).unwrap();
        assert_eq!(clock.ahead, 60_000, "no clock is further ahead");
        assert_eq!(IssuerClock::of_bytes(clock.to_bytes()), clock);

        let other = IssuerClock {
            issuer: IssuerTag::of("https://other.example.com"),
            ..clock
        };
        let token = made(REVOKED + 1, 0, false);
        assert!(token.is_after(now, &[other]));
        assert!(!token.is_after(now, &[other, clock]));
    }

    const AUTH: &str = include_str!("../../../docs/auth.md");

    /// When a user who signed in at `at` and asked for the end of all sessions at `ended` is let in again, milliseconds
    /// after that. Tokens are `on_their_way` for so long.
    fn let_in_after((at, ended): (i64, i64), offset: i64, whole: bool, on_their_way: i64) -> i64 {
        let revoked = Instant::from_millis(ended);
        let first = made(at, offset, whole).clock(Instant::from_millis(at + on_their_way));
        let clocks: Vec<_> = first.into_iter().collect();
        let is_let_in = |after: &i64| made(ended + after, offset, whole).is_after(revoked, &clocks);
        let after = (0..=5_000).step_by(50).find(is_let_in).unwrap();
        assert!(
            (after..=65_000).step_by(5_001).all(|it| is_let_in(&it)),
            "{offset}: once in, always in"
        );
        after + on_their_way
    }

    #[test]
    fn who_signs_in_again_is_let_in_as_soon_as_by_a_clock_that_is_right() {
        const ON_THEIR_WAY: i64 = 300;
        let mut table =
            "| its issuer's clock is | `iat` in whole seconds | `iat` with a fraction |\n|---|---|---|\n"
                .to_owned();
        let mut longest = Vec::new();
        for offset in [-60, -59, -30, -10, -2, -1, 0, 1, 2, 10, 30, 59, 60_i64] {
            table.push_str(&match offset {
                0 => "| right |".to_owned(),
                ..0 => format!("| {} s behind |", -offset),
                _ => format!("| {offset} s ahead |"),
            });
            for whole in [true, false] {
                let instants = (0..1000).step_by(50);
                let instants = instants.flat_map(|at| (0..1000).step_by(100).map(move |ended| (at, ended)));
                let after = instants.map(|(at, ended)| {
                    let instants = (REVOKED - 10_000 + at, REVOKED + ended);
                    let_in_after(instants, 1000 * offset, whole, ON_THEIR_WAY)
                });
                let most = after.max().unwrap();
                table.push_str(&format!(" {}.{} s |", most / 1000, most % 1000 / 100));
                longest.push((offset, whole, most));
            }
            table.push('\n');
        }
        for (offset, whole, most) in &longest {
            let right = longest
                .iter()
                .find(|(offset, its, _)| *offset == 0 && its == whole)
                .unwrap()
                .2;
            assert!((most - right).abs() <= 2_000, "{offset}: {most}");
        }
        assert!(AUTH.contains(&table), "docs/auth.md has another table:\n{table}");
    }
}
