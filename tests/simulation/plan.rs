//! What happens in one history: who does what on which machine, when, and what goes wrong. All of it follows from a seed.

use std::fmt;

use shared::policy::AtLimit;

use crate::network::Weather;

/// When histories begin, milliseconds since 1970.
const START: i64 = 1_800_000_000_000;

/// A machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// How far ahead it is at the start, milliseconds.
    offset: i64,
    /// How much faster it goes, in a million.
    drift: i64,
    /// When it is set, and by how much.
    jump: (u64, i64),
}

impl Clock {
    /// One that is right.
    pub(crate) const RIGHT: Self = Self {
        offset: 0,
        drift: 0,
        jump: (0, 0),
    };

    /// What it shows so long after the start.
    pub(crate) fn at(self, elapsed: u64) -> i64 {
        let true_time = i64::try_from(elapsed).unwrap();
        let jumped = if self.jump.0 <= elapsed { self.jump.1 } else { 0 };
        START + true_time + self.offset + true_time * self.drift / 1_000_000 + jumped
    }

    /// How far it is off at most within a day.
    fn reach(self) -> u64 {
        self.offset.unsigned_abs()
            + self.jump.1.unsigned_abs()
            + self.drift.unsigned_abs() * 86_400_000 / 1_000_000
    }
}

/// What somebody does. Numbers name the step that opened the session in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Open {
        keyed: bool,
    },
    /// The same request once more, with its `Idempotency-Key`.
    Resend {
        of: usize,
    },
    Validate {
        of: usize,
    },
    /// From where nobody of the subject ever was.
    Thief {
        of: usize,
    },
    StepUp {
        of: usize,
    },
    End {
        of: usize,
    },
    EndAll,
    Erase,
    /// Cleanup of the subject's own guard.
    Clean,
    /// Cleanup by schedule.
    Sweep,
    List,
    /// A batch of the stream, from as many changes back on.
    Settle {
        back: usize,
    },
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its name, which it keeps when others are left out.
    pub(crate) number: usize,
    /// When it begins, milliseconds after the start.
    pub(crate) at: u64,
    /// On which machine.
    pub(crate) host: usize,
    pub(crate) what: What,
    /// After how many milliseconds its process dies.
    pub(crate) dies: Option<u64>,
}

/// A history that is to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) hosts: Vec<Clock>,
    pub(crate) limit: usize,
    pub(crate) at_limit: AtLimit,
    /// The idle timeout, minutes.
    pub(crate) idle: u64,
    pub(crate) weather: Weather,
    /// Whether all that the stream told is worked off in the end: the half of the requests of a history.
    pub(crate) settles: bool,
    pub(crate) steps: Vec<Step>,
}

const POLICIES: [AtLimit; 4] = [
    AtLimit::Reject,
    AtLimit::EvictOldest,
    AtLimit::EvictLeastRecentlyActive,
    AtLimit::EvictRiskiest,
];

/// What a history is about, so that what is rare meets often enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    /// Anything.
    General,
    /// Sessions are used and dropped when they run out.
    Expiry,
    /// Hardly a request arrives in time.
    Storm,
    /// Creates that die and are sent again, while everything is ended.
    Resume,
    /// Requests are refused while their subject proves itself.
    Refusal,
}

impl Plan {
    /// The one of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let theme = match seed % 8 {
            4 => Theme::Expiry,
            5 => Theme::Storm,
            6 => Theme::Resume,
            7 => Theme::Refusal,
            _ => Theme::General,
        };
        let apart = random.bool() && theme != Theme::Expiry;
        let most = if apart { 300_000 } else { 2_000 };
        let hosts = (0..3).map(|_| clock(&mut random, most)).collect();
        let share =
            |random: &mut fastrand::Rng, most: u32| if random.bool() { 0 } else { random.u32(0..most) };
        let weather = if theme == Theme::Storm {
            Weather {
                lost: random.u32(100..300),
                answer_lost: random.u32(50..250),
                late: random.u32(200..450),
                ..Weather::FAIR
            }
        } else {
            Weather {
                lost: share(&mut random, 80),
                answer_lost: share(&mut random, 150),
                late: share(&mut random, 100),
                doubled: share(&mut random, 300),
                failed: share(&mut random, 80),
            }
        };
        let idle: u64 = *random.choice([5, 20, 60].iter()).unwrap();
        let mut steps: Vec<Step> = Vec::new();
        let mut at = 0;
        for number in 0..random.usize(4..13) {
            at += match random.u32(0..10) {
                0..5 => random.u64(0..12),
                5..7 => random.u64(12..150),
                7..9 => random.u64(150..6_000),
                _ => random.u64(6_000..600_000),
            };
            if theme == Theme::Expiry && number == 2 {
                at = (idle * 60_000).saturating_sub(2_500) + random.u64(0..5_000);
            } else if theme == Theme::Expiry && 2 < number {
                at = steps.last().map_or(0, |it| it.at) + random.u64(0..8);
            }
            let step = Step {
                number,
                at,
                host: random.usize(0..3),
                what: what(&mut random, theme, &steps),
                dies: (random.u32(0..6) == 0).then(|| random.u64(1..70)),
            };
            steps.push(step);
        }
        Self {
            seed,
            hosts,
            limit: random.usize(1..4),
            at_limit: *random.choice(POLICIES.iter()).unwrap(),
            idle,
            weather,
            settles: seed.is_multiple_of(3),
            steps,
        }
    }

    /// How far two machines' clocks may be apart, milliseconds.
    pub(crate) fn spread(&self) -> u64 {
        let reaches = self.hosts.iter().map(|it| it.reach());
        2 * reaches.max().unwrap_or(0)
    }
}

fn clock(random: &mut fastrand::Rng, most: i64) -> Clock {
    // Offset, jump and drift together stay within the bound; no history lasts an hour.
    let part = most / 2;
    Clock {
        offset: random.i64(-part..=part),
        drift: random.i64(-20..=20),
        jump: match random.u32(0..4) {
            0 => (random.u64(0..60_000), random.i64(-part..=part)),
            _ => (0, 0),
        },
    }
}

fn what(random: &mut fastrand::Rng, theme: Theme, before: &[Step]) -> What {
    let opens: Vec<_> = before
        .iter()
        .filter(|it| matches!(it.what, What::Open { .. }))
        .collect();
    let keyed: Vec<_> = opens
        .iter()
        .filter(|it| it.what == What::Open { keyed: true })
        .collect();
    let Some(open) = random.choice(opens.iter()) else {
        return What::Open {
            keyed: theme == Theme::Resume || random.bool(),
        };
    };
    // The latest is the one in question more often than not.
    let of = if random.bool() {
        opens.last().map_or(0, |it| it.number)
    } else {
        open.number
    };
    let resend = keyed.last().map(|it| What::Resend { of: it.number });
    let often = match theme {
        Theme::General => [None; 3],
        Theme::Expiry => [What::Validate { of }, What::Clean, What::Sweep].map(Some),
        Theme::Storm => [Some(What::Open { keyed: false }), Some(What::End { of }), None],
        Theme::Resume => [Some(What::EndAll), resend, None],
        Theme::Refusal => [What::Thief { of }, What::StepUp { of }, What::Validate { of }].map(Some),
    };
    let themed = often.get(random.usize(0..4)).copied().flatten();
    if let Some(what) = themed {
        return what;
    }
    match random.u32(0..30) {
        0..6 => What::Open {
            keyed: random.u32(0..3) == 0,
        },
        6..9 => match random.choice(keyed.iter()) {
            Some(open) => What::Resend { of: open.number },
            None => What::Open { keyed: true },
        },
        9..13 => What::Validate { of },
        13..15 => What::Thief { of },
        15..17 => What::StepUp { of },
        17..21 => What::End { of },
        21..24 => What::EndAll,
        24 => What::Erase,
        25 => What::Clean,
        26 => What::Sweep,
        27 => What::List,
        _ => What::Settle {
            back: random.usize(0..6),
        },
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {:?} of {} sessions, idle {} min, {:?}",
            self.seed, self.at_limit, self.limit, self.idle, self.weather
        )?;
        for (number, clock) in self.hosts.iter().enumerate() {
            writeln!(f, "  machine {number}: {clock:?}")?;
        }
        for step in &self.steps {
            let dies = step
                .dies
                .map(|it| format!(", dies after {it} ms"))
                .unwrap_or_default();
            writeln!(
                f,
                "  {}: at {} ms on machine {}: {:?}{dies}",
                step.number, step.at, step.host, step.what
            )?;
        }
        Ok(())
    }
}
