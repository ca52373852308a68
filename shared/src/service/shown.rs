//! The telemetry that is shown with a session's requests.

use super::Sessions;
use crate::device::Traits;
use crate::model::{Attached, DeviceKey, Instant, SessionId, SessionRecord, SubjectKey, TenantId};
use crate::policy::Tenant;
use crate::risk::Told;
use crate::store::{Error, Visit};

/// What the telemetry token of a request leads to.
#[derive(Debug, Clone)]
pub struct Shown {
    digest: [u8; 32],
    visit: Option<Visit>,
}

impl Shown {
    /// Whether there is telemetry: the token is known, and its time is not over.
    pub const fn is_known(&self) -> bool {
        self.visit.is_some()
    }

    /// What the session is compared by.
    pub(super) fn told(&self) -> Told<'_> {
        self.visit.as_ref().map_or(Told::Nothing, |visit| Told::Visit {
            traits: Traits::from_bytes(&visit.traits),
            user_agent: &visit.user_agent,
            tampered: visit.tampered,
        })
    }

    /// Its device, where one was recognised.
    pub(super) fn device(&self) -> Option<DeviceKey> {
        self.visit.as_ref()?.client.as_ref()?.parse().ok()
    }

    /// What a new session's record says of it.
    pub(super) fn attached(&self) -> Attached {
        self.visit.as_ref().map_or_else(Attached::default, |visit| {
            Attached::one(self.digest, self.device(), Some(visit.traits.clone()))
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
        let visit = Box::pin(self.store.visit_shown(&tenant.id, digest)).await?;
        let lifetime = tenant.policy.telemetry.token_lifetime;
        Ok(Some(Shown {
            digest: *digest,
            visit: visit.filter(|it| now < it.at + lifetime),
        }))
    }

    /// Attaches what was shown to the session's record unless it is, and notes whose session its device was accepted for.
    /// Where it was not `accepted` the session is still compared with what it was.
    pub(super) async fn attach(
        &self,
        (tenant, subject, id): (&TenantId, &SubjectKey, SessionId),
        shown: Option<&Shown>,
        record: Option<&SessionRecord>,
        accepted: bool,
    ) -> Result<(), Error> {
        let Some((shown, visit)) = shown.and_then(|it| Some((it, it.visit.as_ref()?))) else {
            return Ok(());
        };
        let before = record.map(|it| &it.attached);
        let known = |before: &Attached| {
            before.visits.contains(&shown.digest)
                && (!accepted || before.traits.as_deref() == Some(visit.traits.as_slice()))
        };
        let attach = async {
            if before.is_some_and(known) {
                return Ok(());
            }
            let traits = accepted.then_some(visit.traits.as_slice());
            let store = &self.store;
            store
                .attach(tenant, id, &shown.digest, shown.device(), traits)
                .await
        };
        let share = async {
            match shown.device() {
                Some(device) if accepted && !before.is_some_and(|it| it.devices.contains(&device)) => {
                    self.store.share_device(tenant, device, subject).await
                }
                _ => Ok(()),
            }
        };
        let (attached, shared) = Box::pin(async { tokio::join!(attach, share) }).await;
        attached.and(shared)
    }
}
