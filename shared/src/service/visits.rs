//! Visits: what a browser tells, and what its token is exchanged for.

use std::sync::Arc;

use super::admissions::{Admissions, Rate, UsedUp};
use crate::clock::{Entropy, EntropyError};
use crate::model::{Instant, Site};
use crate::policy::Tenant;
use crate::store::{self, Exchange, Store, Visit};

/// Everything that can be done with visits.
pub struct Visits {
    store: Store,
    entropy: Arc<dyn Entropy>,
    admissions: Admissions,
}

/// A visit that is told of.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// Whose site it is.
    pub tenant: &'a Tenant,
    /// The site.
    pub site: &'a Site,
    /// The network the request came from, as text; what has none shares one.
    pub network: &'a str,
    /// What the browser drew for it.
    pub nonce: &'a str,
    /// The digest its token leads to it by.
    pub digest: &'a [u8; 32],
    /// When it is told of.
    pub now: Instant,
}

/// Why a visit is not taken. Nothing of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untaken {
    /// The site or the network has sent enough for now.
    TooMany(UsedUp),
    /// It was told of before.
    Replayed,
}

/// Why a token leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// There is no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The table does not work.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Visits {
    /// The use cases over `store`, taking as much telemetry as `rate` says.
    pub fn new(store: Store, entropy: Arc<dyn Entropy>, rate: Rate) -> Self {
        // Instances that begin at different shards fill them alike. Without randomness all begin at the first.
        let mut first = [0];
        let drawn = entropy.fill(&mut first);
        let [first] = if drawn.is_ok() { first } else { [0] };
        Self {
            admissions: Admissions::new(store.clone(), rate, first),
            store,
            entropy,
        }
    }

    /// Lets a visit in that is neither one too many nor told of before: two round trips, one where the shares of site
    /// and network are known.
    ///
    /// # Errors
    /// When the table does not work.
    pub async fn let_in(&self, telling: &Telling<'_>) -> Result<Result<(), Untaken>, store::Error> {
        let Telling {
            tenant, site, now, ..
        } = *telling;
        let admitted = self
            .admissions
            .admit(&tenant.id, &site.key, telling.network, now)
            .await?;
        if let Err(used_up) = admitted {
            return Ok(Err(Untaken::TooMany(used_up)));
        }
        // After the shares, so that a visit that is sent again for want of them is no copy.
        let new = self
            .store
            .take_nonce(&tenant.id, &site.key, telling.nonce, telling.digest, now)
            .await?;
        Ok(if new { Ok(()) } else { Err(Untaken::Replayed) })
    }

    /// Keeps a visit that was let in, for as long as the tenant keeps what no session took: one request.
    ///
    /// # Errors
    /// When the table does not work.
    pub async fn keep(&self, telling: &Telling<'_>, visit: &Visit) -> Result<(), store::Error> {
        let policy = telling.tenant.policy.telemetry;
        // A token that can be exchanged leads somewhere, however short the tenant keeps the rest.
        let kept = policy.kept.max(policy.token_lifetime);
        self.store
            .put_visit(&telling.tenant.id, telling.digest, visit, telling.now + kept)
            .await
    }

    /// The visit of this digest, if the tenant has it and its token was not used up: one request.
    ///
    /// # Errors
    /// When the table does not work, or there is no randomness for a token that can be used once.
    pub async fn exchange(&self, tenant: &Tenant, digest: &[u8; 32]) -> Result<Option<Visit>, ExchangeError> {
        let exchange = if tenant.policy.telemetry.single_use {
            let mut request = [0; 16];
            self.entropy.fill(&mut request)?;
            Exchange::Once(request)
        } else {
            Exchange::Repeatable
        };
        Ok(self.store.visit(&tenant.id, digest, exchange).await?)
    }
}
