//! Is this session still held by the one who opened it?

use super::Sessions;
use crate::model::{
    Context, Ending, HeldSession, Instant, Reason, Sample, SessionId, SessionRecord, SubjectKey,
};
use crate::policy::Tenant;
use crate::risk::{self, Action, Assessment};
use crate::store::{Error, Stamp, Touch, Touched};

/// A session to be validated.
#[derive(Debug, Clone)]
pub struct Validation<'a> {
    /// Whose session.
    pub tenant: &'a Tenant,
    /// Whose session.
    pub subject: &'a SubjectKey,
    /// The session.
    pub id: SessionId,
    /// What the request shows.
    pub context: &'a Context,
    /// The session's record, where it was read already.
    pub record: Option<&'a SessionRecord>,
    /// Whether the caller's word may revoke a stolen session.
    pub may_revoke: bool,
    /// The request's time.
    pub now: Instant,
}

/// The answer.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The session is not held: unknown, another subject's, ended, or run out.
    NotHeld {
        /// Whether it ran out just now and nobody dropped it yet.
        expired: bool,
    },
    /// The session is held.
    Held {
        /// The session as it is stored now.
        session: Box<HeldSession>,
        /// What it looks like.
        assessment: Assessment,
        /// What follows from it: a refused session is not valid.
        action: Action,
    },
}

impl Sessions {
    /// Judges a session: one request when nothing changed and no touch is due, at most four.
    pub async fn validate(&self, request: &Validation<'_>) -> Result<Verdict, Error> {
        let tenant = &request.tenant.id;
        let guard = self.store.guard(tenant, request.subject).await?;
        let Some(held) = guard.as_ref().and_then(|guard| guard.find(request.id)) else {
            return Ok(Verdict::NotHeld { expired: false });
        };
        if !held.is_live(request.now) {
            return Ok(Verdict::NotHeld { expired: true });
        }

        let read = match request.record {
            None if risk::needs_record(held, request.context) => {
                self.store.record(tenant, request.id).await?
            }
            _ => None,
        };
        let record = request.record.or(read.as_ref());
        let assessment = risk::assess(held, record, request.context, request.now);
        let policy = &request.tenant.policy.risk;
        let action = risk::decide(assessment.score(), policy);

        if action == Action::Refuse {
            if request.may_revoke {
                self.revoke_stolen(request).await?;
            }
            return Ok(Verdict::Held {
                session: Box::new(held.clone()),
                assessment,
                action,
            });
        }
        let learns = request.context.trusted && assessment.score().get() < policy.suspicious;
        let next = after(held, request, assessment.score().get(), learns);
        let changed = HeldSession {
            last_activity_at: held.last_activity_at,
            ..next.clone()
        } != *held;
        if !changed && !held.touch_is_due(request.now) {
            return Ok(Verdict::Held {
                session: Box::new(held.clone()),
                assessment,
                action,
            });
        }

        let touch = Touch {
            id: request.id,
            now: request.now,
            changed: changed.then_some(&next),
        };
        let touched = self.store.touch(tenant, request.subject, &touch);
        let touched = if next.user_agent == held.user_agent {
            touched.await?
        } else {
            let text = self
                .store
                .record_user_agent(tenant, request.id, &request.context.user_agent);
            let (touched, recorded) = tokio::join!(touched, text);
            recorded?;
            touched?
        };
        Ok(match touched {
            Touched::Gone => Verdict::NotHeld { expired: false },
            Touched::Written => Verdict::Held {
                session: Box::new(next),
                assessment,
                action,
            },
            Touched::Newer => Verdict::Held {
                session: Box::new(held.clone()),
                assessment,
                action,
            },
        })
    }

    async fn revoke_stolen(&self, request: &Validation<'_>) -> Result<(), Error> {
        let (tenant, reason) = (&request.tenant.id, Reason::SuspectedTheft);
        let stamp = Stamp {
            ending: Ending {
                at: request.now,
                reason,
            },
            note: None,
        };
        let (removed, stamped) = tokio::join!(
            self.store
                .remove(tenant, request.subject, request.id, reason, request.now),
            self.store.stamp(tenant, request.subject, request.id, &stamp),
        );
        removed?;
        super::end::later_settled(stamped.map(|_| ()));
        Ok(())
    }
}

/// The session after it was accepted from this context.
fn after(held: &HeldSession, request: &Validation<'_>, score: u8, learns: bool) -> HeldSession {
    let mut next = HeldSession {
        last_activity_at: request.now,
        risk: score,
        ..held.clone()
    };
    if learns {
        let context = request.context;
        if let Some(address) = context.address {
            next.remember(address);
        }
        next.user_agent = context.user_agent_digest();
        // A fingerprint that was sent is not forgotten because one request came without it.
        if !matches!(
            (held.fingerprint, context.fingerprint),
            (Sample::Supplied(_), Sample::Computed(_))
        ) {
            next.fingerprint = context.fingerprint;
        }
    }
    next
}
