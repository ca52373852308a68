//! Visits: what a browser tells, and what its token is exchanged for.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::admissions::{Admissions, Rate, UsedUp};
use super::recognise;
use crate::clock::{Entropy, EntropyError};
use crate::device::{self, Confidence, Traits};
use crate::model::{DeviceKey, Instant, Site, TenantId};
use crate::policy::Tenant;
use crate::store::{self, Block, Exchange, Store, Visit};

/// How long a visit is kept at most: DynamoDB deletes some days after what an item says, and 30 are promised.
const LONGEST_KEPT: Duration = Duration::from_secs(27 * 24 * 3600);

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

/// A visit that was let in.
#[derive(Debug, Clone)]
pub struct Guest {
    /// Its device; none where there is too little to recognise one by.
    pub device: Option<Recognised>,
    traits: Traits,
    blocks: Vec<Block>,
}

impl Guest {
    /// What its device is compared by.
    pub const fn traits(&self) -> &Traits {
        &self.traits
    }

    /// A digest of all that the device is recognised by, 32 hexadecimal digits: equal where two visits showed the same.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.traits.to_bytes());
        let half = digest.iter().take(16);
        let number = half.fold(0, |number: u128, byte| number << 8 | u128::from(*byte));
        format!("{number:032x}")
    }
}

/// A device that was recognised, or is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// Which.
    pub id: DeviceKey,
    /// How sure that is.
    pub confidence: Confidence,
    /// When it was first seen.
    pub first_at: Instant,
    /// How often it was seen, this visit included.
    pub count: u64,
    /// For how many subjects' sessions it was accepted so far.
    pub subjects: u64,
}

/// What is not the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
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

    /// Lets a visit in that is neither one too many nor told of before, and recognises its device: two round trips, none
    /// where a share is known to be used up.
    ///
    /// # Errors
    /// When the table does not work, or there is no randomness for a new device's id.
    pub async fn let_in(
        &self,
        telling: &Telling<'_>,
        traits: &Traits,
    ) -> Result<Result<Guest, Untaken>, VisitError> {
        let Telling {
            tenant,
            site,
            network,
            now,
            ..
        } = *telling;
        let (tenant, site) = (&tenant.id, &site.key);
        // A flood is refused without a request to the table.
        if let Some(used_up) = self.admissions.used_up(tenant, site, network, now) {
            return Ok(Err(Untaken::TooMany(used_up)));
        }
        let (admitted, blocks) = tokio::join!(
            self.admissions.admit(tenant, site, network, now),
            self.blocks(tenant, traits)
        );
        if let Err(used_up) = admitted? {
            return Ok(Err(Untaken::TooMany(used_up)));
        }
        let blocks = blocks?;
        let mut drawn = [0; 16];
        self.entropy.fill(&mut drawn)?;
        let decided =
            device::is_telling(traits).then(|| recognise::device(traits, &blocks, DeviceKey::new(drawn)));
        let known = decided.and_then(|(id, _, known)| known.then_some(id));
        // The nonce after the shares, so that a visit that is sent again for want of them is no copy.
        let (new, before) = tokio::join!(
            self.store
                .take_nonce(tenant, site, telling.nonce, telling.digest, now),
            async {
                match known {
                    Some(id) => self.store.device(tenant, id).await,
                    None => Ok(None),
                }
            }
        );
        if !new? {
            return Ok(Err(Untaken::Replayed));
        }
        let before = before?;
        Ok(Ok(Guest {
            traits: *traits,
            device: decided.map(|(id, confidence, _)| Recognised {
                id,
                confidence,
                first_at: before.map_or(now, |it| it.first_at),
                count: before.map_or(0, |it| it.count).saturating_add(1),
                subjects: before.map_or(0, |it| it.subjects),
            }),
            blocks,
        }))
    }

    async fn blocks(&self, tenant: &TenantId, traits: &Traits) -> Result<Vec<Block>, store::Error> {
        if device::is_telling(traits) {
            self.store.blocks(tenant, &device::keys(traits)).await
        } else {
            Ok(Vec::new())
        }
    }

    /// Keeps a visit that was let in, for as long as the tenant keeps what no session took, and what it taught of its
    /// device: one round trip.
    ///
    /// # Errors
    /// When the table does not work.
    pub async fn keep(
        &self,
        telling: &Telling<'_>,
        guest: &Guest,
        visit: &Visit,
    ) -> Result<(), store::Error> {
        let policy = telling.tenant.policy.telemetry;
        let (tenant, now) = (&telling.tenant.id, telling.now);
        // A token that can be exchanged leads somewhere, however short the tenant keeps the rest.
        let kept = policy.kept.min(LONGEST_KEPT).max(policy.token_lifetime);
        let lists = guest.device.map_or_else(Vec::new, |device| {
            recognise::after(&guest.blocks, device.id, &guest.traits, now)
        });
        let mut lists = lists.iter();
        // As many as a visit has digests.
        let lists: [Option<&Block>; device::KEYS] = std::array::from_fn(|_| lists.next());
        let list = async |block: Option<&Block>| match block {
            Some(block) => self.store.put_block(tenant, block, now).await,
            None => Ok(()),
        };
        let [one, two, three, four] = lists;
        tokio::try_join!(
            self.store.put_visit(tenant, telling.digest, visit, now + kept),
            async {
                match guest.device {
                    Some(device) => self.store.see_device(tenant, device.id, &guest.traits, now).await,
                    None => Ok(()),
                }
            },
            list(one),
            list(two),
            list(three),
            list(four),
        )
        .map(|_| ())
    }

    /// The visit of this digest, if the tenant has it and its token was not used up: one read, and one write
    /// where a token is used once.
    ///
    /// # Errors
    /// When the table does not work, or there is no randomness for a token that can be used once.
    pub async fn exchange(&self, tenant: &Tenant, digest: &[u8; 32]) -> Result<Option<Visit>, VisitError> {
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
