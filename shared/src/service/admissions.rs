//! How much telemetry is taken, over all instances of a function and without asking the table for each request.
//!
//! An instance reserves a batch of requests with one write and lets that many pass from memory; when a share is used up
//! it remembers so until the minute ends. So a flood costs the table a bounded number of writes a minute and instance,
//! whatever it sends. The shares of a tenant and of a site are spread over shards, because they may be larger than what one item can take.
//! Reserved requests that an instance does not use are lost to the others until the minute ends: the limits are never
//! passed, and may be met a few batches early.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Instant, SiteKey, TenantId};
use crate::store::{self, Counted, Store, Window};

/// Milliseconds of a window.
const WINDOW: i64 = 60_000;
/// Shards of a share that is large enough to be spread.
const SHARDS: u8 = 8;
/// From this share on it is spread.
const SPREAD_FROM: u32 = 512;
/// Into how many batches a shard is cut at least, and the largest batch.
const BATCHES: u32 = 32;
const MOST_AT_ONCE: u32 = 64;
/// Most shares that are remembered: networks are chosen by whoever asks.
const MOST_SHARES: usize = 8192;

/// How much telemetry is taken in a minute, 1 or more each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// From the pages of all sites of one tenant.
    pub per_tenant: u32,
    /// From the pages of one site.
    pub per_site: u32,
    /// From one network (IPv4 /24, IPv6 /48) of visitors to one tenant's sites.
    pub per_network: u32,
}

/// A share of this minute is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// Seconds after which asking again makes sense, 1 or more.
    pub retry_after: u32,
}

/// What one instance has reserved.
#[derive(Debug)]
pub(super) struct Admissions {
    store: Store,
    rate: Rate,
    /// Where this instance begins among the shards.
    first_shard: u8,
    reserved: Mutex<Reserved>,
}

#[derive(Debug, Default)]
struct Reserved {
    window: i64,
    shares: HashMap<String, Share>,
}

#[derive(Debug)]
struct Share {
    left: u32,
    /// One bit a shard.
    full: u8,
    next_shard: u8,
}

/// What can be said of a share without the table.
enum Known {
    Left,
    UsedUp,
    Ask(u8),
}

impl Admissions {
    pub(super) fn new(store: Store, rate: Rate, first_shard: u8) -> Self {
        Self {
            store,
            rate,
            first_shard: first_shard % SHARDS,
            reserved: Mutex::default(),
        }
    }

    /// What is known to be used up, without asking the table.
    pub(super) fn used_up(
        &self,
        tenant: &TenantId,
        site: &SiteKey,
        network: &str,
        now: Instant,
    ) -> Option<UsedUp> {
        let shares = [Counted::Tenant, Counted::Site(site), Counted::Network(network)];
        let mut known = shares.map(|counted| self.look(tenant, counted, now)).into_iter();
        known.any(|it| matches!(it, Known::UsedUp)).then(|| used_up(now))
    }

    /// Lets one request of the tenant, of the site and of the network pass: no request to the table where all shares are
    /// known, else one for each that is not, at the same time.
    pub(super) async fn admit(
        &self,
        tenant: &TenantId,
        site: &SiteKey,
        network: &str,
        now: Instant,
    ) -> Result<Result<(), UsedUp>, store::Error> {
        let shares = [Counted::Tenant, Counted::Site(site), Counted::Network(network)];
        let [all, site, network] = shares.map(|it| self.take(tenant, it, now));
        let (all, site, network) = tokio::join!(all, site, network);
        let taken = [all?, site?, network?];
        let Some(used_up) = taken.iter().find_map(|it| it.err()) else {
            return Ok(Ok(()));
        };
        for (share, taken) in shares.into_iter().zip(taken) {
            if taken.is_ok() {
                self.give_back(tenant, share, now);
            }
        }
        Ok(Err(used_up))
    }

    async fn take(
        &self,
        tenant: &TenantId,
        counted: Counted<'_>,
        now: Instant,
    ) -> Result<Result<(), UsedUp>, store::Error> {
        let shard = match self.look(tenant, counted, now) {
            Known::Left => {
                self.with(tenant, counted, now, |share| {
                    share.left = share.left.saturating_sub(1);
                });
                return Ok(Ok(()));
            }
            Known::UsedUp => return Ok(Err(used_up(now))),
            Known::Ask(shard) => shard,
        };
        let (shards, quota) = self.shards(counted);
        let batch = (quota / BATCHES).clamp(1, MOST_AT_ONCE);
        let granted = self
            .store
            .reserve(tenant, counted, window(now), shard, (batch, quota))
            .await?;
        Ok(self.with(tenant, counted, now, |share| {
            share.next_shard = (shard + 1) % shards;
            if granted == 0 {
                share.full |= 1 << shard;
                // Another shard may have room: the next request asks it.
                let everything = full(shards) == share.full;
                return Err(if everything {
                    used_up(now)
                } else {
                    UsedUp { retry_after: 1 }
                });
            }
            share.left += granted - 1;
            Ok(())
        }))
    }

    fn look(&self, tenant: &TenantId, counted: Counted<'_>, now: Instant) -> Known {
        let (shards, _) = self.shards(counted);
        self.with(tenant, counted, now, |share| {
            if 0 < share.left {
                return Known::Left;
            }
            let mut order = (0..shards).map(|step| (share.next_shard + step) % shards);
            order
                .find(|shard| share.full & (1 << shard) == 0)
                .map_or(Known::UsedUp, Known::Ask)
        })
    }

    fn give_back(&self, tenant: &TenantId, counted: Counted<'_>, now: Instant) {
        self.with(tenant, counted, now, |share| share.left += 1);
    }

    /// How many shards a share has, and how many requests may pass in each.
    fn shards(&self, counted: Counted<'_>) -> (u8, u32) {
        let (share, spread) = match counted {
            Counted::Tenant => (self.rate.per_tenant, SPREAD_FROM <= self.rate.per_tenant),
            Counted::Site(_) => (self.rate.per_site, SPREAD_FROM <= self.rate.per_site),
            // A network's share is small, and the instances that find it used up ask no more.
            Counted::Network(_) => (self.rate.per_network, false),
        };
        let shards = if spread { SHARDS } else { 1 };
        (shards, (share / u32::from(shards)).max(1))
    }

    fn with<T>(
        &self,
        tenant: &TenantId,
        counted: Counted<'_>,
        now: Instant,
        then: impl FnOnce(&mut Share) -> T,
    ) -> T {
        let name = match counted {
            Counted::Tenant => format!("{tenant}#T"),
            Counted::Site(site) => format!("{tenant}#S#{site}"),
            Counted::Network(network) => format!("{tenant}#N#{network}"),
        };
        let mut reserved = self.lock();
        let window = window(now).number;
        if reserved.window != window || MOST_SHARES <= reserved.shares.len() {
            *reserved = Reserved {
                window,
                shares: HashMap::new(),
            };
        }
        let first_shard = self.first_shard % self.shards(counted).0;
        then(reserved.shares.entry(name).or_insert(Share {
            left: 0,
            full: 0,
            next_shard: first_shard,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Reserved> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All shards' bits.
const fn full(shards: u8) -> u8 {
    u8::MAX >> (8 - shards)
}

fn window(now: Instant) -> Window {
    let number = now.millis().div_euclid(WINDOW);
    Window {
        number,
        ends_at: Instant::from_millis((number + 1).saturating_mul(WINDOW)),
    }
}

fn used_up(now: Instant) -> UsedUp {
    let left = window(now).ends_at.since(now);
    UsedUp {
        retry_after: u32::try_from(left.as_millis().div_ceil(1000))
            .unwrap_or(60)
            .max(1),
    }
}
