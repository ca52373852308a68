//! The subject proved itself once more: the session is held by the present context from now on.

use super::{Sessions, Shown};
use crate::model::{Context, HeldSession, Instant, SessionId, SubjectKey};
use crate::policy::Tenant;
use crate::risk::{self, Evidence, Score};
use crate::store::{Error, Learnt, Touch, Touched};

/// How often a session that changed while it was looked at is looked at again.
const MOST_TRIES: u32 = 8;

/// A session whose subject proved itself.
#[derive(Debug, Clone)]
pub struct Proof<'a> {
    /// Whose session.
    pub tenant: &'a Tenant,
    /// Whose session.
    pub subject: &'a SubjectKey,
    /// The session.
    pub id: SessionId,
    /// Where the subject proved itself.
    pub context: &'a Context,
    /// The digest of the telemetry token it shows, if it shows one.
    pub telemetry: Option<&'a [u8; 32]>,
    /// The request's time.
    pub now: Instant,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SteppedUp {
    /// The session is held by the present context.
    Held {
        /// What a request from there scores now.
        score: Score,
    },
    /// The session is not held: unknown, another subject's, ended, or run out.
    NotHeld {
        /// Whether its time ran out, as far as the guard still tells.
        expired: bool,
    },
}

impl Sessions {
    /// Moves the session to the context its subject proved itself in, and lets its profile learn that: one read and one
    /// write, and one more beside it for a new user agent. Telemetry costs one read
    /// beside the first and up to two writes after the last.
    pub async fn step_up(&self, proof: &Proof<'_>) -> Result<SteppedUp, Error> {
        let (tenant, subject) = (&proof.tenant.id, proof.subject);
        let (guard, shown) = tokio::join!(
            self.store.guard(tenant, subject),
            self.shown(proof.tenant, proof.telemetry, proof.now)
        );
        let (mut guard, shown) = (guard?, shown?);
        for _ in 0..MOST_TRIES {
            let Some(held) = guard.as_ref().and_then(|guard| guard.find(proof.id)) else {
                let expired = guard.is_some_and(|it| it.ran_out(proof.id));
                return Ok(SteppedUp::NotHeld { expired });
            };
            let Some(ending) = held.expired(proof.now) else {
                return self.move_to(proof, held, shown.as_ref()).await;
            };
            let session = (tenant, subject, proof.id);
            match self.drop_expired(session, held, ending.reason, proof.now).await? {
                None => return Ok(SteppedUp::NotHeld { expired: true }),
                Some(now) => guard = Some(*now),
            }
        }
        Err(Error::Contended)
    }

    async fn move_to(
        &self,
        proof: &Proof<'_>,
        held: &HeldSession,
        shown: Option<&Shown>,
    ) -> Result<SteppedUp, Error> {
        let (tenant, subject) = (&proof.tenant.id, proof.subject);
        let (next, score) = moved(held, shown, proof);
        let touch = Touch {
            id: proof.id,
            now: proof.now,
            learnt: Learnt::Proven(&next),
        };
        let attach = self.attach((tenant, subject, proof.id), shown, None, (true, true));
        let touched = self.store.touch(tenant, subject, &touch);
        let touched = if next.user_agent == held.user_agent {
            touched.await?
        } else {
            let text = self
                .store
                .record_user_agent(tenant, proof.id, &proof.context.user_agent);
            let (touched, recorded) = tokio::join!(touched, text);
            recorded?;
            touched?
        };
        if !matches!(touched, Touched::Gone) {
            attach.await?;
        }
        Ok(match touched {
            Touched::Gone => SteppedUp::NotHeld { expired: false },
            Touched::Written | Touched::Newer(_) => SteppedUp::Held { score },
        })
    }
}

/// The session held by the present context, with nothing of what led there, and what that scores: what is grave about
/// the address itself stays grave.
fn moved(held: &HeldSession, shown: Option<&Shown>, proof: &Proof<'_>) -> (HeldSession, Score) {
    let policy = &proof.tenant.policy;
    let told = shown.is_some_and(Shown::is_known);
    let mut next = risk::proven(held, proof.context, told, proof.now);
    let score = risk::assess(&Evidence {
        held: &next,
        record: None,
        profile: None,
        context: proof.context,
        told: None,
        lists: &policy.lists,
        promises: policy.evidence,
        now: proof.now,
    })
    .score();
    next.risk = score.get();
    (next, score)
}
