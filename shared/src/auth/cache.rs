//! What was looked up a moment ago, so that a warm function asks the table for no credential.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::Instant;

/// How long a looked-up item is believed. A revocation takes effect within this time.
pub(super) const KNOWN_FOR: Duration = Duration::from_mins(1);
/// How long an item that was not there is believed to be absent: shorter, since a new one is wanted at once.
pub(super) const ABSENT_FOR: Duration = Duration::from_secs(10);
/// Most absent names remembered: they are chosen by whoever asks.
const MOST_ABSENT: usize = 256;
/// Most items remembered: only what exists gets in, so this bounds a deployment with many keys.
const MOST_KNOWN: usize = 1024;

/// Items by name. The clock of the requests ages them, so a test can.
pub(super) struct Cache<V>(Mutex<Entries<V>>);

struct Entries<V> {
    known: HashMap<String, (Instant, V)>,
    absent: HashMap<String, (Instant, ())>,
}

impl<V: Clone> Cache<V> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Entries {
            known: HashMap::new(),
            absent: HashMap::new(),
        }))
    }

    /// The item named `name`, from `load` when it is not remembered. A failed load is not remembered.
    pub(super) async fn get<E>(
        &self,
        name: &str,
        now: Instant,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        if let Some(remembered) = self.remembered(name, now) {
            return Ok(remembered);
        }
        let loaded = load.await?;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.known.remove(name);
        entries.absent.remove(name);
        // The age counts from before the read, so that the time of the read is not added to that of a revocation.
        match &loaded {
            Some(item) => insert(&mut entries.known, MOST_KNOWN, KNOWN_FOR, name, now, item.clone()),
            None => insert(&mut entries.absent, MOST_ABSENT, ABSENT_FOR, name, now, ()),
        }
        Ok(loaded)
    }

    /// Whether nothing is known of the name, not even what it was a while ago.
    pub(super) fn is_new(&self, name: &str, now: Instant) -> bool {
        let was_known = {
            let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.known.contains_key(name)
        };
        !was_known && self.remembered(name, now).is_none()
    }

    #[expect(
        clippy::option_option,
        reason = "outside: whether it is remembered; inside: whether it exists"
    )]
    fn remembered(&self, name: &str, now: Instant) -> Option<Option<V>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, item)) = entries.known.get(name)
            && within(*since, KNOWN_FOR, now)
        {
            return Some(Some(item.clone()));
        }
        let (since, ()) = entries.absent.get(name)?;
        within(*since, ABSENT_FOR, now).then_some(None)
    }
}

/// Whether less than `span` passed since `since`. After a clock was set back nothing is.
pub(super) fn within(since: Instant, span: Duration, now: Instant) -> bool {
    since <= now && now.since(since) < span
}

fn insert<V>(
    map: &mut HashMap<String, (Instant, V)>,
    most: usize,
    span: Duration,
    name: &str,
    now: Instant,
    item: V,
) {
    if most <= map.len() {
        map.retain(|_, (since, _)| within(*since, span, now));
    }
    if most <= map.len() {
        map.clear();
    }
    map.insert(name.to_owned(), (now, item));
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(cache: &Cache<u8>, name: &str, secs: i64, stored: Option<u8>) -> Option<u8> {
        let load = async { Ok::<_, ()>(stored) };
        cache.get(name, Instant::from_secs(secs), load).await.unwrap()
    }

    #[tokio::test]
    async fn an_item_is_believed_for_60_seconds_and_its_absence_for_10() {
        let cache = Cache::new();
        assert_eq!(ask(&cache, "a", 1000, Some(1)).await, Some(1));
        assert_eq!(ask(&cache, "a", 1059, Some(2)).await, Some(1));
        assert_eq!(ask(&cache, "a", 1060, Some(2)).await, Some(2));
        assert_eq!(
            ask(&cache, "a", 1059, Some(3)).await,
            Some(3),
            "the clock was set back"
        );

        assert_eq!(ask(&cache, "b", 1000, None).await, None);
        assert_eq!(ask(&cache, "b", 1009, Some(1)).await, None);
        assert_eq!(ask(&cache, "b", 1010, Some(1)).await, Some(1));
    }

    #[tokio::test]
    async fn a_name_is_new_until_something_is_known_of_it() {
        let cache = Cache::new();
        let is_new = |name: &str, secs| cache.is_new(name, Instant::from_secs(secs));
        assert!(is_new("a", 1000) && is_new("b", 1000));
        ask(&cache, "a", 1000, Some(1)).await;
        ask(&cache, "b", 1000, None).await;
        assert!(!is_new("a", 1000) && !is_new("b", 1009));
        assert!(!is_new("a", 1060), "it is read again, and not as a stranger");
        assert!(is_new("b", 1010));
    }

    #[tokio::test]
    async fn a_failed_read_is_not_remembered() {
        let cache = Cache::new();
        let now = Instant::from_secs(0);
        assert_eq!(cache.get("a", now, async { Err("down") }).await, Err("down"));
        assert_eq!(ask(&cache, "a", 0, Some(1)).await, Some(1));
    }

    #[tokio::test]
    async fn invented_names_neither_grow_the_cache_nor_push_out_what_exists() {
        let cache = Cache::new();
        ask(&cache, "real", 0, Some(1)).await;
        for n in 0..10_000 {
            ask(&cache, &format!("invented-{n}"), 0, None).await;
        }
        assert!(cache.0.lock().unwrap().absent.len() <= MOST_ABSENT);
        assert_eq!(ask(&cache, "real", 1, None).await, Some(1));
    }
}
