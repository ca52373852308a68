//! How many sessions one subject may open in a minute.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use super::UsedUp;
use crate::model::{Instant, Pace, SubjectKey, TenantId};
use crate::store::Guard;

/// Most subjects remembered that were refused.
const MOST_SUBJECTS: usize = 4096;

/// The limit, and who is known to have reached it. Copies share what they know.
#[derive(Debug, Clone, Default)]
pub(super) struct Paces {
    most: Option<NonZeroU32>,
    refused: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Paces {
    pub(super) fn new(most: NonZeroU32) -> Self {
        Self {
            most: Some(most),
            ..Self::default()
        }
    }

    /// The mark that goes along with a session that is opened now, where the guard needs another.
    ///
    /// A session that finds room without anybody having seen the guard is not judged: at most so many pass as there is room
    /// for, and they are counted when the guard is seen.
    pub(super) fn judge(&self, guard: &Guard, now: Instant) -> Result<Option<Pace>, UsedUp> {
        let Some(most) = self.most else {
            return Ok(None);
        };
        let (removals, held) = (guard.removal_count, guard.sessions.len());
        let together = guard.revoked_sessions.len();
        let Some((pace, _)) = guard
            .pace
            .and_then(|it| Some((it, it.opened(now, removals, held)?)))
        else {
            return Ok(Some(Pace::begin(now, removals, held)));
        };
        let whole = pace.and_removed_together(together);
        if most.get() <= whole.opened(now, removals, held).unwrap_or_default() {
            return Err(used_up(now));
        }
        Ok((whole != pace).then_some(whole))
    }

    /// Remembers that a subject has reached the limit of this minute.
    pub(super) fn remember(&self, tenant: &TenantId, subject: &SubjectKey, now: Instant) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST_SUBJECTS <= refused.len() {
            refused.retain(|_, at| is_same_minute(*at, now));
        }
        if MOST_SUBJECTS <= refused.len() {
            refused.clear();
        }
        refused.insert(name(tenant, subject), now);
    }

    /// Whether a subject is known to have reached it.
    pub(super) fn reached(&self, tenant: &TenantId, subject: &SubjectKey, now: Instant) -> Option<UsedUp> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let at = refused.get(&name(tenant, subject))?;
        is_same_minute(*at, now).then(|| used_up(now))
    }
}

fn name(tenant: &TenantId, subject: &SubjectKey) -> String {
    format!("{tenant}#{}", subject.as_str())
}

fn is_same_minute(one: Instant, other: Instant) -> bool {
    Pace::begin(one, 0, 0) == Pace::begin(other, 0, 0)
}

fn used_up(now: Instant) -> UsedUp {
    UsedUp {
        retry_after: Pace::seconds_left(now),
    }
}
