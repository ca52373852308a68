//! The key sets of the issuers, remembered and renewed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::cache::within;
use super::fetch::{FetchError, Fetcher};
use super::jwks::KeySet;
use crate::model::{Algorithm, Instant};

/// How long a set is used without asking again. A key that the issuer took out works no longer than this.
const FRESH_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a set is used while its issuer cannot be asked.
const STALE_FOR: Duration = Duration::from_secs(60 * 60);
/// Least time between two fetches of a set that was had: what an unknown key id can cause at most.
const FLOOR: Duration = Duration::from_secs(30);
/// Least time between two fetches of a set that was never had, or is too old to be used.
const RETRY_FLOOR: Duration = Duration::from_secs(5);
/// Most sets remembered.
const MOST_SETS: usize = 1024;

/// Key sets by their URL.
pub(super) struct KeySets {
    fetcher: Fetcher,
    sets: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One key set. Whoever fetches holds `flight`; whoever is served from memory never waits for it.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
struct State {
    had: Option<(Instant, Arc<KeySet>)>,
    /// When the last attempt began, and whether it failed.
    attempt: Option<(Instant, bool)>,
}

/// What to do with what is remembered.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    Use,
    Fetch,
    Fail,
}

impl KeySets {
    pub(super) fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            sets: Mutex::new(HashMap::new()),
        }
    }

    /// The key set at `url` that a token of this key id and algorithm is to be verified with. Whether the key is in
    /// it is for the caller to see.
    pub(super) async fn get(
        &self,
        url: &str,
        key_id: Option<&str>,
        algorithm: Algorithm,
        now: Instant,
    ) -> Result<Arc<KeySet>, FetchError> {
        let slot = self.slot(url);
        let knows = |set: &KeySet| set.find(key_id, algorithm).is_ok();
        if let Some(answer) = slot.read().answer(knows, now) {
            return answer;
        }
        // One fetch at a time; those who waited for it look again before they start another.
        let _flight = slot.flight.lock().await;
        if let Some(answer) = slot.read().answer(knows, now) {
            return answer;
        }
        let fetched = match self.fetcher.fetch(url).await {
            Ok(bytes) => KeySet::parse(&bytes).ok_or(FetchError::Content),
            Err(error) => Err(error),
        };
        let mut state = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.attempt = Some((now, fetched.is_err()));
        match fetched {
            Ok(set) => {
                let set = Arc::new(set);
                state.had = Some((now, Arc::clone(&set)));
                Ok(set)
            }
            Err(error) => state.usable(now).filter(|set| knows(set)).ok_or(error),
        }
    }

    fn slot(&self, url: &str) -> Arc<Slot> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST_SETS <= sets.len() && !sets.contains_key(url) {
            sets.clear();
        }
        Arc::clone(sets.entry(url.to_owned()).or_default())
    }
}

impl Slot {
    fn read(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn usable(&self, now: Instant) -> Option<Arc<KeySet>> {
        let (since, set) = self.had.as_ref()?;
        within(*since, STALE_FOR, now).then(|| Arc::clone(set))
    }

    /// What memory alone can answer; `None` when the issuer has to be asked.
    fn answer(
        &self,
        knows: impl Fn(&KeySet) -> bool,
        now: Instant,
    ) -> Option<Result<Arc<KeySet>, FetchError>> {
        let set = self.usable(now);
        let known = set.as_ref().is_some_and(|set| knows(set));
        match self.decide(known, now) {
            Move::Use => set.map(Ok),
            Move::Fetch => None,
            Move::Fail => Some(Err(FetchError::Recently)),
        }
    }

    fn decide(&self, known: bool, now: Instant) -> Move {
        let age = |span| {
            self.had
                .as_ref()
                .is_some_and(|(since, _)| within(*since, span, now))
        };
        let usable = age(STALE_FOR);
        if known && age(FRESH_FOR) {
            return Move::Use;
        }
        let floor = if usable { FLOOR } else { RETRY_FLOOR };
        match self.attempt {
            Some((at, failed)) if within(at, floor, now) => match (known, failed) {
                // Old but known: the issuer could not be asked a moment ago, and the set still serves.
                (true, _) => Move::Use,
                // Unknown, and the set is new: the token is bad.
                (false, false) if usable => Move::Use,
                // Unknown, and the issuer may have a newer set that we could not get.
                (false, _) => Move::Fail,
            },
            _ => Move::Fetch,
        }
    }
}
