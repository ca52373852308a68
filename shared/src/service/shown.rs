//! The telemetry that is shown with a session's requests.

use serde::Deserialize;

use super::Sessions;
use crate::device::Traits;
use crate::model::{Attached, DeviceKey, Instant, SessionId, SessionRecord, SubjectKey, TenantId};
use crate::network;
use crate::policy::Tenant;
use crate::risk::Told;
use crate::store::{Error, Exchange, Visit};

/// What the telemetry token of a request leads to.
#[derive(Debug, Clone)]
pub struct Shown {
    digest: [u8; 32],
    visit: Option<Visit>,
    expired: bool,
}

/// What of a visit's datapoints says where it came from.
#[derive(Debug, Default, Deserialize)]
struct Datapoints {
    #[serde(default)]
    ip: Origin,
}

#[derive(Debug, Default, Deserialize)]
struct Origin {
    asn: Option<u32>,
}

impl Shown {
    /// Whether there is telemetry: the token is known, and its time is not over.
    pub const fn is_known(&self) -> bool {
        self.visit.is_some()
    }

    /// What the session is compared by.
    pub(super) fn told(&self) -> Told<'_> {
        let Some(visit) = &self.visit else {
            return if self.expired {
                Told::Expired
            } else {
                Told::Nothing
            };
        };
        let datapoints: Datapoints = serde_json::from_str(&visit.bundle).unwrap_or_default();
        Told::Visit {
            traits: Traits::from_bytes(&visit.traits),
            user_agent: &visit.user_agent,
            tampered: visit.tampered,
            address: network::parse(&visit.ip),
            asn: datapoints.ip.asn,
        }
    }

    /// Its device, where one was recognised.
    pub(super) fn device(&self) -> Option<DeviceKey> {
        self.visit.as_ref()?.client.as_ref()?.parse().ok()
    }

    /// What a new session's record says of it: its device only where the request is `trusted`.
    pub(super) fn attached(&self, trusted: bool) -> Attached {
        self.visit.as_ref().map_or_else(Attached::default, |visit| {
            let device = self.device().filter(|_| trusted);
            Attached::one(self.digest, device, Some(visit.traits.clone()))
        })
    }
}

impl Sessions {
    /// What a telemetry token of the tenant leads to, as long as it can be exchanged: one request where there is a token.
    /// Showing it with a session exchanges nothing, so one that can be exchanged once still can.
    ///
    /// # Errors
    /// When the table does not work.
    pub async fn shown(
        &self,
        tenant: &Tenant,
        digest: Option<&[u8; 32]>,
        now: Instant,
    ) -> Result<Option<Shown>, Error> {
        let Some(digest) = digest else { return Ok(None) };
        // Boxed, as most requests show none and their futures need no room for it.
        let visit = Box::pin(self.store.visit(&tenant.id, digest, Exchange::Repeatable)).await?;
        let lifetime = tenant.policy.telemetry.token_lifetime;
        let expired = visit.as_ref().is_some_and(|it| it.at + lifetime <= now);
        Ok(Some(Shown {
            digest: *digest,
            visit: visit.filter(|_| !expired),
            expired,
        }))
    }

    /// Attaches what was shown to the session's record unless it is, and notes whose session its device was accepted for.
    /// Where it was not `accepted` the device is nobody's; unless it `moves` what the session is compared with, that
    /// stays what it was.
    pub(super) async fn attach(
        &self,
        (tenant, subject, id): (&TenantId, &SubjectKey, SessionId),
        shown: Option<&Shown>,
        record: Option<&SessionRecord>,
        (accepted, moves): (bool, bool),
    ) -> Result<(), Error> {
        let Some((shown, visit)) = shown.and_then(|it| Some((it, it.visit.as_ref()?))) else {
            return Ok(());
        };
        let device = shown.device().filter(|_| accepted);
        let traits = moves.then_some(visit.traits.as_slice());
        if record.is_some_and(|it| leads_to(&it.attached, &shown.digest, device, traits)) {
            return Ok(());
        }
        // Boxed, as most requests show nothing new and their futures need no room for it. The link before what leads to
        // it, and out again where nothing does, so that whoever erases the subject finds it.
        let is_new = |device: &DeviceKey| record.is_none_or(|it| !it.attached.devices.contains(device));
        Box::pin(async {
            let new = match device.filter(is_new) {
                Some(device) => self.store.share_device(tenant, device, subject).await?,
                None => false,
            };
            let attached = self
                .store
                .attach(tenant, id, &shown.digest, device, traits)
                .await?;
            match device {
                Some(device) if new && !attached => self
                    .store
                    .unshare_device(tenant, device, subject)
                    .await
                    .map(|_| ()),
                _ => Ok(()),
            }
        })
        .await
    }
}

/// Whether a record says all of it already, or has no room for the visit and says the rest.
fn leads_to(attached: &Attached, visit: &[u8; 32], device: Option<DeviceKey>, traits: Option<&[u8]>) -> bool {
    let visited = attached.visits.contains(visit) || Attached::MOST <= attached.visits.len();
    let seen = device.is_none_or(|it| attached.devices.contains(&it));
    visited && seen && traits.is_none_or(|it| attached.traits.as_deref() == Some(it))
}
