//! The key sets of the issuers, remembered and renewed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::cache::within;
use super::fetch::{FetchError, Fetcher};
use super::jwks::KeySet;
use crate::model::{Algorithm, Instant};

/// How long a set is used without asking again. A key that the issuer took out works no longer than this.
const FRESH_FOR: Duration = Duration::from_mins(10);
/// How long a set is used while its issuer cannot be asked.
const STALE_FOR: Duration = Duration::from_hours(1);
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
        fits: impl Fn(&KeySet) -> bool,
        now: Instant,
    ) -> Option<Result<Arc<KeySet>, FetchError>> {
        let set = self.usable(now);
        let known = set.as_ref().is_some_and(|set| fits(set));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::testing::{NOW, Server, Signer};

    const RS256: Algorithm = Algorithm::Rs256;

    fn after(secs: u64) -> Instant {
        NOW + Duration::from_secs(secs)
    }

    struct Setting {
        server: Server,
        sets: KeySets,
    }

    impl Setting {
        async fn new() -> Self {
            let server = Server::with(&[Signer::rsa().jwk("old")]).await;
            let sets = KeySets::new(Fetcher::new(true));
            Self { server, sets }
        }

        async fn finds(&self, kid: &str, now: Instant) -> Result<bool, FetchError> {
            let set = self.sets.get(&self.server.url, Some(kid), RS256, now).await?;
            Ok(set.find(Some(kid), RS256).is_ok())
        }

        fn break_down(&self) {
            self.server.answer_with("500 Internal Server Error", "", b"");
        }
    }

    #[tokio::test]
    async fn a_set_is_fetched_once_in_ten_minutes() {
        let it = Setting::new().await;
        for secs in [0, 1, 300, 599] {
            assert!(it.finds("old", after(secs)).await.unwrap());
        }
        assert_eq!(it.server.asked(), 1);
        assert!(it.finds("old", after(600)).await.unwrap());
        assert_eq!(it.server.asked(), 2);
    }

    #[tokio::test]
    async fn a_new_key_is_found_at_its_first_use_and_an_invented_one_asks_once_in_30_seconds() {
        let it = Setting::new().await;
        assert!(it.finds("old", NOW).await.unwrap());
        for n in 0..100 {
            assert!(!it.finds(&format!("invented-{n}"), after(29)).await.unwrap());
        }
        assert_eq!(it.server.asked(), 1);

        it.server
            .serve(&[Signer::rsa().jwk("old"), Signer::rsa().jwk("new")]);
        assert!(!it.finds("new", after(29)).await.unwrap());
        assert!(it.finds("new", after(30)).await.unwrap());
        assert_eq!(it.server.asked(), 2);
        for n in 0..100 {
            assert!(!it.finds(&format!("invented-{n}"), after(31)).await.unwrap());
        }
        assert_eq!(it.server.asked(), 2);
    }

    #[tokio::test]
    async fn a_key_that_was_taken_out_works_until_the_next_fetch_and_no_longer() {
        let it = Setting::new().await;
        assert!(it.finds("old", NOW).await.unwrap());
        it.server.serve(&[Signer::rsa().jwk("new")]);
        assert!(it.finds("old", after(599)).await.unwrap());
        assert!(!it.finds("old", after(600)).await.unwrap());
        assert!(it.finds("new", after(601)).await.unwrap());
    }

    #[tokio::test]
    async fn while_the_issuer_is_down_a_set_serves_for_an_hour_and_new_keys_are_unavailable() {
        let it = Setting::new().await;
        assert!(it.finds("old", NOW).await.unwrap());
        it.break_down();
        assert!(it.finds("old", after(3599)).await.unwrap());
        assert!(it.finds("old", after(3599)).await.unwrap());
        assert_eq!(it.server.asked(), 2, "the failure is remembered for a while");
        assert!(it.finds("new", after(3599)).await.is_err());
        assert!(it.finds("old", after(3605)).await.is_err());
    }

    #[tokio::test]
    async fn an_issuer_that_never_answered_is_asked_again_after_five_seconds() {
        let it = Setting::new().await;
        it.break_down();
        assert!(it.finds("old", NOW).await.is_err());
        assert!(it.finds("old", after(4)).await.is_err());
        assert_eq!(it.server.asked(), 1);
        it.server.serve(&[Signer::rsa().jwk("old")]);
        assert!(it.finds("old", after(5)).await.unwrap());
    }

    #[tokio::test]
    async fn many_requests_at_once_cause_one_fetch() {
        let it = Arc::new(Setting::new().await);
        let asks: Vec<_> = (0..64)
            .map(|_| {
                let it = Arc::clone(&it);
                tokio::spawn(async move { it.finds("old", NOW).await.unwrap() })
            })
            .collect();
        for ask in asks {
            assert!(ask.await.unwrap());
        }
        assert_eq!(it.server.asked(), 1);
    }

    #[tokio::test]
    async fn whoever_has_a_known_key_does_not_wait_for_somebody_elses_fetch() {
        let it = Arc::new(Setting::new().await);
        assert!(it.finds("old", NOW).await.unwrap());
        it.server.answer_raw(
            Duration::from_mins(1),
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789".to_vec(),
        );
        let other = Arc::clone(&it);
        let slow = tokio::spawn(async move { other.finds("invented", after(60)).await });
        while it.server.asked() < 2 {
            tokio::task::yield_now().await;
        }
        let served = tokio::time::timeout(Duration::from_secs(1), it.finds("old", after(60))).await;
        assert!(served.unwrap().unwrap());
        assert!(slow.await.unwrap().is_err());
    }
}
