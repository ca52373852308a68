//! Is this session still held by the one who opened it?

use super::{Sessions, Shown};
use crate::model::{
    Context, Ending, HeldSession, Instant, Reason, SessionId, SessionRecord, SubjectKey, TenantId,
};
use crate::policy::Tenant;
use crate::risk::{self, Action, Assessment, Evidence, Judgement};
use crate::store::{Error, Guard, Known, Learnt, Removed, Stamp, Touch, Touched};

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
    /// The digest of the telemetry token it shows, if it shows one.
    pub telemetry: Option<&'a [u8; 32]>,
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
        /// Whether its time ran out, as far as the guard still tells.
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

/// How often a session that changed while it was judged is judged again.
const MOST_TRIES: u32 = 8;

/// A judgement that holds, or the guard that has changed meanwhile.
enum Judged {
    Holds(Verdict),
    Changed(Box<Guard>),
}

impl Sessions {
    /// Judges a session: one request when nothing changed and no touch is due, at most four. Telemetry
    /// costs one more beside the first, and what it shows for the first time up to two more beside the last.
    ///
    /// A session whose time ran out, and one that is refused, is taken out of its guard as it was judged, one request: what
    /// was told of it stays so, whatever another machine's clock says. Where it has changed meanwhile it is judged again.
    pub async fn validate(&self, request: &Validation<'_>) -> Result<Verdict, Error> {
        let tenant = &request.tenant.id;
        let (guard, shown) = tokio::join!(
            self.store.guard(tenant, request.subject),
            self.shown(request.tenant, request.telemetry, request.now)
        );
        let (mut guard, shown) = (guard?, shown?);
        for _ in 0..MOST_TRIES {
            match self.judge(request, guard.as_ref(), shown.as_ref()).await? {
                Judged::Holds(verdict) => return Ok(verdict),
                Judged::Changed(now) => guard = Some(*now),
            }
        }
        Err(Error::Contended)
    }

    async fn judge(
        &self,
        request: &Validation<'_>,
        guard: Option<&Guard>,
        shown: Option<&Shown>,
    ) -> Result<Judged, Error> {
        let tenant = &request.tenant.id;
        let Some(held) = guard.and_then(|guard| guard.find(request.id)) else {
            let expired = guard.is_some_and(|it| it.ran_out(request.id));
            return Ok(Judged::Holds(Verdict::NotHeld { expired }));
        };
        if let Some(ending) = held.expired(request.now) {
            let session = (tenant, request.subject, request.id);
            return Ok(
                match self
                    .drop_expired(session, held, ending.reason, request.now)
                    .await?
                {
                    None => Judged::Holds(Verdict::NotHeld { expired: true }),
                    Some(now) => Judged::Changed(now),
                },
            );
        }

        let mut evidence = Evidence {
            held,
            record: request.record,
            profile: None,
            context: request.context,
            told: shown.map(Shown::told),
            lists: &request.tenant.policy.lists,
            promises: request.tenant.policy.evidence,
            now: request.now,
        };
        let known;
        if risk::needs_history(&evidence) {
            known = self.known(request).await?;
            evidence.record = request.record.or(known.record.as_ref());
            evidence.profile = Some(&known.profile);
        }
        let judgement = risk::judge(&evidence, &request.tenant.policy.risk);
        let (score, action) = (judgement.assessment.score(), judgement.action);
        let verdict = |session: HeldSession| {
            Judged::Holds(Verdict::Held {
                session: Box::new(session),
                assessment: judgement.assessment.clone(),
                action,
            })
        };

        if action == Action::Refuse {
            if request.may_revoke {
                return Ok(match Box::pin(self.revoke_stolen(request, held)).await? {
                    None => verdict(held.clone()),
                    Some(now) => Judged::Changed(now),
                });
            }
            // Else whoever may not revoke would let a thief wait until the same request scores lower.
            let touch = Touch {
                id: request.id,
                now: request.now,
                learnt: Learnt::Judged {
                    seen: held,
                    next: &judgement.next,
                },
            };
            if judgement.next != *held {
                self.store.touch(tenant, request.subject, &touch).await?;
            }
            return Ok(verdict(judgement.next.clone()));
        }
        let session = (tenant, request.subject, request.id);
        let accepted = request.context.trusted && risk::is_accepted(score, &request.tenant.policy.risk);
        let counts = (accepted, judgement.telemetry_moved);
        let attach = self.attach(session, shown, evidence.record, counts);
        let news = risk::is_news(held, &judgement.next);
        if !news && !held.touch_is_due(request.now) {
            attach.await?;
            return Ok(verdict(held.clone()));
        }

        // Boxed, as most requests write nothing and their futures need no room for it.
        let remember = Box::pin(self.remember(request, held, &judgement, evidence.record));
        let (touched, told) = tokio::join!(remember, attach);
        told?;
        Ok(match touched? {
            Touched::Gone => Judged::Holds(Verdict::NotHeld { expired: false }),
            Touched::Written => verdict(judgement.next.clone()),
            // Someone was faster: the verdict stands for the session as it was read, and moves nothing.
            Touched::Newer(stored) => verdict(*stored),
        })
    }

    /// Takes out a session whose time ran out, as it was seen: one request. The guard, where somebody used it meanwhile.
    pub(super) async fn drop_expired(
        &self,
        (tenant, subject, id): (&TenantId, &SubjectKey, SessionId),
        held: &HeldSession,
        reason: Reason,
        now: Instant,
    ) -> Result<Option<Box<Guard>>, Error> {
        let removed = self.store.remove(tenant, subject, (id, Some(held)), reason, now);
        Ok(match removed.await? {
            Removed::Changed(guard) => Some(guard),
            Removed::Session(_) | Removed::Before | Removed::Absent { .. } => None,
        })
    }

    /// Writes the session as it should be from now on over the one that was judged, and beside it a new user agent into
    /// its record, which is read as `record`.
    async fn remember(
        &self,
        request: &Validation<'_>,
        held: &HeldSession,
        judgement: &Judgement,
        record: Option<&SessionRecord>,
    ) -> Result<Touched, Error> {
        let (tenant, id, next) = (&request.tenant.id, request.id, &judgement.next);
        let as_before = HeldSession {
            last_activity_at: held.last_activity_at,
            ..next.clone()
        };
        let touch = Touch {
            id,
            now: request.now,
            learnt: if as_before == *held {
                Learnt::Activity
            } else {
                Learnt::Judged { seen: held, next }
            },
        };
        let touched = self.store.touch(tenant, request.subject, &touch);
        if !judgement.user_agent_moved {
            return touched.await;
        }
        let ours = &request.context.user_agent;
        let text = self.store.record_user_agent(tenant, id, ours);
        let (touched, recorded) = tokio::join!(touched, text);
        recorded?;
        let touched = touched?;
        if let (Touched::Newer(_), Some(record)) = (&touched, record) {
            // Else the next request of that browser would be compared with itself.
            let earlier = record.current_user_agent();
            self.store.restore_user_agent(tenant, id, ours, earlier).await?;
        }
        Ok(touched)
    }

    /// Record and profile, as far as they are not at hand: one request.
    async fn known(&self, request: &Validation<'_>) -> Result<Known, Error> {
        let (tenant, subject, now) = (&request.tenant.id, request.subject, request.now);
        if request.record.is_none() {
            return self
                .store
                .record_and_profile(tenant, subject, request.id, now)
                .await;
        }
        Ok(Known {
            record: None,
            profile: self.store.profile(tenant, subject, now).await?.profile,
        })
    }

    /// Takes out a session that is refused, as it was judged. The guard, where that changed meanwhile: its subject may have
    /// proved itself.
    async fn revoke_stolen(
        &self,
        request: &Validation<'_>,
        held: &HeldSession,
    ) -> Result<Option<Box<Guard>>, Error> {
        let (tenant, reason) = (&request.tenant.id, Reason::SuspectedTheft);
        let judged = (request.id, Some(held));
        let removed = self
            .store
            .remove(tenant, request.subject, judged, reason, request.now);
        if let Removed::Changed(guard) = removed.await? {
            return Ok(Some(guard));
        }
        let stamp = Stamp {
            ending: Ending {
                at: request.now,
                reason,
            },
            note: None,
        };
        let stamped = self.store.stamp(tenant, request.subject, request.id, &stamp);
        super::end::later_settled(stamped.await.map(|_| ()));
        Ok(None)
    }
}
