//! How many unknown names a network may ask for, so that invented ones do not cost a read each.
//!
//! A name that is remembered, as known or as unknown, costs no read and is not counted. So nobody notices but who invents
//! names, and who comes from the same network with a name that an instance has not seen yet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cache::{ABSENT_FOR, within};
use crate::model::Instant;
use crate::network::{self, Network};

/// Unknown names that one network may ask one instance for in [`ABSENT_FOR`]. A backend with a wrong key asks for one.
pub(super) const MOST_NAMES: u32 = 32;
/// Most networks remembered: they are chosen by whoever asks.
const MOST_NETWORKS: usize = 1024;

/// Networks that asked for unknown names lately.
#[derive(Default)]
pub(super) struct Strangers(Mutex<HashMap<String, (Instant, u32)>>);

impl Strangers {
    /// Seconds until the network of this address may ask for a new name again, where it has asked for too many.
    pub(super) fn wait(&self, address: Option<&str>, now: Instant) -> Option<u32> {
        let (since, names) = *self.lock().get(&network(address))?;
        if names < MOST_NAMES || !within(since, ABSENT_FOR, now) {
            return None;
        }
        let left = (since + ABSENT_FOR).since(now);
        u32::try_from(left.as_millis().div_ceil(1000))
            .ok()
            .map(|it| it.max(1))
    }

    /// Notes that a name was unknown.
    pub(super) fn note(&self, address: Option<&str>, now: Instant) {
        let mut networks = self.lock();
        if MOST_NETWORKS <= networks.len() {
            networks.retain(|_, (since, _)| within(*since, ABSENT_FOR, now));
        }
        if MOST_NETWORKS <= networks.len() {
            networks.clear();
        }
        let entry = networks.entry(network(address)).or_insert((now, 0));
        if !within(entry.0, ABSENT_FOR, now) {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network as text; what has none shares one.
fn network(address: Option<&str>) -> String {
    let address = address.and_then(network::parse);
    address.map_or_else(String::new, |it| Network::of(it).to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Instant = Instant::from_secs(1_000_000);
    const HERE: Option<&str> = Some("192.0.2.1");
    const NEXT_DOOR: Option<&str> = Some("192.0.2.200");
    const ELSEWHERE: Option<&str> = Some("198.51.100.1");

    #[test]
    fn a_network_is_held_off_for_what_is_left_of_ten_seconds() {
        let strangers = Strangers::default();
        for _ in 1..MOST_NAMES {
            strangers.note(HERE, NOW);
        }
        assert_eq!(strangers.wait(HERE, NOW), None);
        strangers.note(NEXT_DOOR, NOW + Duration::from_secs(1));
        assert_eq!(strangers.wait(HERE, NOW + Duration::from_secs(1)), Some(9));
        assert_eq!(
            strangers.wait(NEXT_DOOR, NOW + Duration::from_millis(9_500)),
            Some(1)
        );
        assert_eq!(strangers.wait(ELSEWHERE, NOW), None);
        assert_eq!(strangers.wait(None, NOW), None);
        assert_eq!(strangers.wait(HERE, NOW + ABSENT_FOR), None);
        strangers.note(HERE, NOW + ABSENT_FOR);
        assert_eq!(
            strangers.wait(HERE, NOW + ABSENT_FOR),
            None,
            "it counts from one again"
        );
    }

    #[test]
    fn many_networks_do_not_grow_it() {
        let strangers = Strangers::default();
        for number in 0..5_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number << 8).to_string();
            strangers.note(Some(&address), NOW);
        }
        assert!(strangers.lock().len() <= MOST_NETWORKS);
    }
}
