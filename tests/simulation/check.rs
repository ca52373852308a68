//! Holds what everybody was told against what one machine with one clock could have told them.
//!
//! Each session is a register that is opened once and ended once; whatever was acknowledged before another request began
//! must show in its answer. Requests that overlap may have happened in either order, and one without an answer may have
//! happened or not: both excuse.

use shared::model::SessionId;
use shared::policy::AtLimit;

use crate::plan::{Plan, What};
use crate::run::{Event, History, Told};

/// How long a create may be refused after a revoke-all that it does not overlap with.
const TOLERATED: u64 = 2_000;

/// The promises that were broken, if any.
pub(crate) fn check(plan: &Plan, history: &History) -> Vec<String> {
    let mut broken: Vec<String> = history.broken.iter().map(|it| it.0.clone()).collect();
    let opens: Vec<_> = history
        .events
        .iter()
        .filter_map(|it| match (it.told, it.session, it.end) {
            (Some(Told::Opened(_)), Some(id), Some(end)) => Some((id, it, end)),
            _ => None,
        })
        .collect();
    for (id, open, acknowledged) in &opens {
        let own = Own {
            plan,
            history,
            id: *id,
            open,
            acknowledged: *acknowledged,
        };
        broken.extend(own.lives_after_its_end());
        broken.extend(own.is_lost());
        broken.extend(own.is_not_written_down());
    }
    broken.extend(not_overruled(history));
    broken.extend(locked_out(plan, history));
    broken.extend(unopened(history));
    broken.extend(learnt_again(plan, history));
    broken
}

fn describe(event: &Event) -> String {
    let step = event.step;
    format!(
        "step {} ({:?}, {} to {}, told {:?})",
        step.number,
        step.what,
        event.start,
        event.end.map_or("never".to_owned(), |it| it.to_string()),
        event.told
    )
}

/// One session that somebody was told of.
struct Own<'a> {
    plan: &'a Plan,
    history: &'a History,
    id: SessionId,
    open: &'a Event,
    acknowledged: u64,
}

impl Own<'_> {
    fn is_of(&self, event: &Event) -> bool {
        event.session == Some(self.id)
    }

    /// Whether the event says that the session has ended: who was told so was told the last word.
    fn says_ended(&self, event: &Event) -> bool {
        if event.start < self.acknowledged {
            return false;
        }
        match event.told {
            Some(Told::EndedAll | Told::Erased { .. }) => true,
            Some(Told::Ended | Told::NotHeld | Told::Refused) => self.is_of(event),
            _ => false,
        }
    }

    fn says_alive(&self, event: &Event) -> bool {
        event.listed.contains(&self.id) || (event.told == Some(Told::Valid) && self.is_of(event))
    }

    fn lives_after_its_end(&self) -> Option<String> {
        let ended = self.history.events.iter().filter(|it| self.says_ended(it));
        let ended = ended.min_by_key(|it| it.end)?;
        let mut alive = self.history.events.iter().filter(|it| self.says_alive(it));
        let ended_at = ended.end?;
        let late = alive.find(|it| ended_at < it.start)?;
        Some(format!(
            "{} lives in {} after {}",
            self.id,
            describe(late),
            describe(ended)
        ))
    }

    /// Whether somebody was told that the session is not held, though nothing can have ended it.
    fn is_lost(&self) -> Option<String> {
        let told = self.history.events.iter();
        let lost = told.filter(|it| self.is_of(it) && it.told == Some(Told::NotHeld));
        let mut lost = lost.filter(|it| self.acknowledged <= it.start);
        let lost = lost.find(|it| !self.may_have_ended(it))?;
        Some(format!("{} is lost in {}", self.id, describe(lost)))
    }

    fn may_have_ended(&self, event: &Event) -> bool {
        let until = event.end.unwrap_or(u64::MAX);
        // A process that died may still have done it.
        let mut before = self.history.events.iter().filter(|it| it.start < until);
        let others = |it: &&Event| {
            matches!(it.step.what, What::Open { .. } | What::Resend { .. }) && it.step != self.open.step
        };
        let others = before.clone().filter(others).count();
        let evicted = self.plan.at_limit != AtLimit::Reject && self.plan.limit <= others;
        // The last activity is stored when it is a twentieth of the timeout old, or a quarter of a minute.
        let idle = self.plan.idle * 60_000;
        let used = self.history.events.iter().filter(|it| {
            self.is_of(it) && it.told == Some(Told::Valid) && it.end.is_some_and(|end| end < event.start)
        });
        let used = used
            .map(|it| it.start.saturating_sub(15_000.max(idle / 20)))
            .max();
        let since = used.unwrap_or(0).max(self.open.start);
        let expired = idle <= until - since + self.plan.spread() + 1_000;
        evicted
            || expired
            || before.any(|it| match it.step.what {
                What::EndAll | What::Erase => true,
                What::End { .. } | What::Thief { .. } => self.is_of(it),
                _ => false,
            })
    }

    /// The record of an acknowledged session is there, and says why it ended when it has.
    fn is_not_written_down(&self) -> Option<String> {
        if self.history.events.iter().any(|it| it.step.what == What::Erase) {
            return None;
        }
        let id = self.id.to_compact();
        let held = self.history.held.contains(&id);
        match self.history.records.get(&id) {
            None => Some(format!("{} has no record", self.id)),
            Some(None) if !held && self.plan.settles => {
                Some(format!("{} has ended and its record does not say how", self.id))
            }
            Some(Some(reason)) if reason == "w" => Some(format!("{} was told and is withdrawn", self.id)),
            Some(_) => None,
        }
    }
}

/// A request that is sent again after everything was ended opens nothing.
fn not_overruled(history: &History) -> Option<String> {
    let events = &history.events;
    events.iter().find_map(|it| {
        let (What::Resend { of }, Some(Told::Opened(id)), true) = (it.step.what, it.told, it.resumed) else {
            return None;
        };
        // What the first sending opened after all, at the same time, is taken up.
        if history.opened_by.get(&id.to_compact()) != Some(&it.step.number) {
            return None;
        }
        let first = events.iter().find(|first| first.step.number == of)?;
        let between = |other: &&Event| {
            matches!(other.told, Some(Told::EndedAll | Told::Erased { .. }))
                && first.start < other.start
                && other.end.is_some_and(|end| end < it.start)
        };
        let ended = events.iter().find(between)?;
        Some(format!(
            "{} goes on with {} after {}",
            describe(it),
            describe(first),
            describe(ended)
        ))
    })
}

/// Nobody is refused for a revoke-all that is over.
fn locked_out(plan: &Plan, history: &History) -> Option<String> {
    let refused = history.events.iter().find(|it| {
        let (Some(Told::Overruled), Some(end), false) = (it.told, it.end, it.resumed) else {
            return false;
        };
        let overlaps = history.events.iter().any(|other| {
            matches!(other.step.what, What::EndAll | What::Erase)
                && other.start <= end
                && other.end.is_none_or(|ended| it.start <= ended + TOLERATED)
        });
        // A mark that comes while it runs, by its own clock.
        let clock = plan.hosts[it.step.host];
        let meets = history
            .marks
            .iter()
            .any(|mark| (clock.at(it.start)..=clock.at(end)).contains(mark));
        !overlaps && !meets
    })?;
    Some(format!("{} is locked out", describe(refused)))
}

/// A list shows what a create put there, and nothing else.
fn unopened(history: &History) -> Option<String> {
    let creates = |number: usize| {
        let step = history.events.iter().find(|it| it.step.number == number);
        step.is_some_and(|it| matches!(it.step.what, What::Open { .. } | What::Resend { .. }))
    };
    let unknown = |id: &SessionId| {
        let by = history.opened_by.get(&id.to_compact());
        by.is_none_or(|number| !creates(*number))
    };
    let event = history.events.iter().find(|it| it.listed.iter().any(unknown))?;
    Some(format!("{} shows what nobody opened", describe(event)))
}

/// What was erased is not known again.
fn learnt_again(plan: &Plan, history: &History) -> Option<String> {
    let erased = history
        .events
        .iter()
        .filter(|it| it.told == Some(Told::Erased { complete: true }));
    let last = erased.max_by_key(|it| it.start)?;
    let before = |it: &Event| it.end.is_some_and(|end| end < last.start);
    let settled = history
        .events
        .iter()
        .filter(|it| {
            matches!(
                it.step.what,
                What::Open { .. } | What::Resend { .. } | What::Erase | What::StepUp { .. }
            )
        })
        .all(|it| it.step == last.step || (before(it) && it.told != Some(Told::Failed)));
    let calm = plan.weather.late == 0 && plan.weather.doubled == 0;
    (plan.settles && settled && calm && history.profile_knows)
        .then(|| format!("{} is known again", describe(last)))
}
