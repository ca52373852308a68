//! Opening a session, with an exact limit under any race.

use std::time::Duration;

use super::{Sessions, Shown, UsedUp};
use crate::clock::EntropyError;
use crate::model::{
    Attached, Context, DeviceKey, HeldSession, Instant, Issued, IssuerClock, Pace, Reason, SessionId,
    SessionRecord, Subject,
};
use crate::policy::{Admission, AtLimit, Tenant, admit};
use crate::risk;
use crate::store::{Attempts, Error, Guard, Learnt, Opened, Opening, Touch, Touched, Withdrawn};

/// How often a writer that lost a race tries again with what it lost against.
const MOST_TRIES: u32 = 16;
/// What a loser waits at most, from its second race on and in the end.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(800);
/// A resumed request is refused also by a revoke-all that seems to have come this long before its first sending: which
/// of the two came first only two clocks tell, and each of them may be off by half of it.
const IN_DOUBT: Duration = Duration::from_mins(10);

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct Open<'a> {
    /// Whose session.
    pub tenant: &'a Tenant,
    /// Whose session.
    pub subject: &'a Subject,
    /// The id drawn for it.
    pub id: SessionId,
    /// Where it is opened from.
    pub context: &'a Context,
    /// The telemetry it shows, if it shows any.
    pub telemetry: Option<&'a Shown>,
    /// The fingerprint's text.
    pub fingerprint: &'a str,
    /// The user agent as it was sent, also one that stands for nothing.
    pub user_agent: &'a str,
    /// Country named by the caller.
    pub geo_country: Option<&'a str>,
    /// City named by the caller.
    pub geo_city: Option<&'a str>,
    /// The address the gateway saw.
    pub observed_ip: Option<&'a str>,
    /// How long it lives without activity.
    pub idle_timeout: Duration,
    /// When the user's token was made; nothing with an API key, whose request's start counts.
    pub issued: Option<Issued>,
    /// The request's start.
    pub now: Instant,
    /// When the first sending began, of a request that was sent before and may have opened this very id then.
    pub resumed: Option<Instant>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The session is open.
    Opened {
        /// Its id; another than the drawn one when that may have been used up by a lost answer.
        id: SessionId,
        /// When it ends unless it is used.
        expires_at: Instant,
    },
    /// The subject holds as many sessions as it may.
    LimitReached,
    /// All sessions of the subject were ended after the credential was issued or the request began.
    Overruled,
    /// The subject opened as many sessions in this minute as it may.
    TooMany(UsedUp),
}

/// Why a session could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] Error),
    /// No id could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Sessions {
    /// Opens a session: two requests side by side when there is room, three in two steps when another must go. One that
    /// is refused after its record was written costs one more, which takes the record out of the history, and one that
    /// failed up to two, which take out what of it was written.
    pub async fn open(&self, request: &Open<'_>) -> Result<Outcome, OpenError> {
        let mut attempt = Attempt::of(self, request);
        // Before the record that leads to it, and out again where there is none, so that whoever erases the subject finds it.
        let shared = attempt.share_device().await?;
        let outcome = attempt.run().await;
        if !matches!(outcome, Ok(Outcome::Opened { .. })) && shared {
            attempt.unshare_device().await;
        }
        match outcome {
            Ok(Outcome::Opened { .. }) => {}
            // A sending of which nothing is known may come in when there is room again; and the first sending of a resumed
            // request may still run, whose record this would be.
            Ok(Outcome::LimitReached | Outcome::Overruled | Outcome::TooMany(_))
                if attempt.attempts.were_repeated() || request.resumed.is_some() =>
            {
                attempt.recorded &= attempt.withdraw().await;
                attempt.withdraw_record().await;
            }
            Ok(Outcome::LimitReached | Outcome::Overruled | Outcome::TooMany(_)) => {
                attempt.withdraw_record().await;
            }
            Err(_) => {
                // The record may have been written though its answer was lost. One whose session may still be held stays.
                attempt.recorded = attempt.withdraw().await;
                attempt.withdraw_record().await;
            }
        }
        outcome
    }
}

/// One session on its way in: the id may change, and its record is written once per id.
struct Attempt<'a> {
    sessions: &'a Sessions,
    request: &'a Open<'a>,
    subject: crate::model::SubjectKey,
    held: HeldSession,
    id: SessionId,
    recorded: bool,
    attempts: Attempts,
    /// Whether a write of this id was sent that had not seen the guard: a copy of it may still come in.
    sent_unseen: bool,
    /// When it began, by no clock that anyone sets.
    began: tokio::time::Instant,
    /// The last revoke-all that was found not to overrule it, so that nobody asks twice.
    outlived: Option<Instant>,
    /// What is known of the clock of the token's issuer.
    clock: Option<IssuerClock>,
}

impl<'a> Attempt<'a> {
    fn of(sessions: &'a Sessions, request: &'a Open<'a>) -> Self {
        let policy = &request.tenant.policy;
        let held = risk::opened(
            request.context,
            request
                .telemetry
                .is_some_and(|it| request.context.trusted && it.is_known()),
            &policy.lists,
            request.idle_timeout,
            policy.absolute_timeout.duration(),
            request.now,
        );
        Self {
            sessions,
            request,
            subject: request.subject.key(&request.tenant.id),
            held,
            id: request.id,
            recorded: false,
            attempts: Attempts::default(),
            sent_unseen: false,
            began: tokio::time::Instant::now(),
            outlived: None,
            clock: request.issued.and_then(|it| it.clock(request.now)),
        }
    }

    async fn run(&mut self) -> Result<Outcome, OpenError> {
        let policy = &self.request.tenant.policy;
        let rejects = policy.at_limit == AtLimit::Reject;
        let mut opened = self.with_room(!rejects).await?;
        for attempt in 0..MOST_TRIES {
            opened = match opened {
                Opened::Held(stored) => {
                    if let Some(held) = self.take_up(stored).await? {
                        return self.finish(&held).await;
                    }
                    self.renew_id(None)?;
                    self.with_room(!rejects).await?
                }
                Opened::NoGuard => self.first().await?,
                Opened::Refused(guard) => {
                    let used = self.is_used(&guard);
                    if self.is_overruled(&guard).await? {
                        // The record of one that was held tells how it ended, unless its client was erased.
                        self.recorded &= !used || guard.was_erased_with(self.id);
                        return Ok(Outcome::Overruled);
                    }
                    if used {
                        self.renew_id(guard.closed)?;
                    }
                    self.give_way(attempt).await?;
                    match admit(&guard.sessions, policy, self.request.now) {
                        Admission::Refused => return Ok(Outcome::LimitReached),
                        Admission::Replacing(victims) => {
                            let pace = match self.sessions.paces.judge(&guard, self.request.now) {
                                Ok(pace) => pace,
                                Err(used_up) => return Ok(self.too_many(used_up)),
                            };
                            self.replacing(&victims, (&guard, pace), !rejects).await?
                        }
                    }
                }
            };
        }
        match opened {
            Opened::Held(stored) => match self.take_up(stored).await? {
                Some(held) => self.finish(&held).await,
                None => Err(Error::Contended.into()),
            },
            _ => Err(Error::Contended.into()),
        }
    }

    /// Waits a random time, longer with each race lost, so that those who race for one guard get in one by one.
    async fn give_way(&self, attempt: u32) -> Result<(), EntropyError> {
        if 0 < attempt {
            let mut random = [0];
            self.sessions.entropy.fill(&mut random)?;
            let most = LONGEST_WAIT.min(SHORTEST_WAIT * 4_u32.saturating_pow(attempt));
            tokio::time::sleep(most * u32::from(random[0]) / 256).await;
        }
        Ok(())
    }

    /// A revoke-all at or after this instant refuses a create that has not seen the guard, whatever the issuer's clock.
    fn authorised_at(&self) -> Instant {
        let made = self.request.issued.map(Issued::earliest);
        let doubt = self.request.resumed.map(|since| since - IN_DOUBT);
        made.into_iter().chain(doubt).fold(self.request.now, Instant::min)
    }

    /// Whether all sessions were ended after this one was authorised.
    ///
    /// Times of two machines are compared for a user's token, which says no more than when it was made, and for a resumed
    /// request, where what is in doubt is refused. An API key's request is refused while it runs: one that finds a later
    /// mark began after the revoke-all, or was made by a machine whose clock is ahead, which must lock nobody out.
    async fn is_overruled(&mut self, guard: &Guard) -> Result<bool, Error> {
        let Some(at) = guard.revoked_all_at else {
            return Ok(false);
        };
        if guard.revoked_sessions.iter().any(|(id, _)| *id == self.id) {
            return Ok(true);
        }
        if at < self.authorised_at() || self.outlived == Some(at) {
            return Ok(false);
        }
        let (request, now) = (self.request, self.request.now + self.began.elapsed());
        let in_doubt = request.resumed.is_some_and(|since| since - IN_DOUBT <= at);
        let overruled = in_doubt
            || match request.issued {
                Some(issued) => !self.is_newer(issued, at, guard).await?,
                None => (request.now..=now).contains(&at),
            };
        if !overruled {
            self.outlived = Some(at);
        }
        Ok(overruled)
    }

    /// Whether the request began and its token was made after all sessions were ended, which takes two requests side by
    /// side where only the issuer's clock tells.
    async fn is_newer(&mut self, issued: Issued, ended_at: Instant, guard: &Guard) -> Result<bool, Error> {
        if self.request.now <= ended_at || issued.latest() <= ended_at {
            return Ok(false);
        }
        let ended: Vec<_> = guard.revoked_sessions.iter().map(|(id, _)| *id).collect();
        let store = &self.sessions.store;
        let mut clocks = store
            .issuer_clocks(&self.request.tenant.id, &self.subject, &ended, self.id)
            .await?;
        clocks.extend(guard.revoker_clock);
        // What was known then goes on with the session, whose guard forgets which were ended.
        let own = clocks.iter().filter(|it| it.issuer == issued.issuer).copied();
        self.clock = own.chain(self.clock).max_by_key(|it| it.ahead);
        Ok(issued.is_after(ended_at, &clocks))
    }

    /// The session as it is held; none when it left again. One that an earlier sending of a resumed request stored is made
    /// this sending's own, so that the earlier one, if it still runs and fails, does not take it back.
    async fn take_up(&mut self, stored: Option<Box<HeldSession>>) -> Result<Option<HeldSession>, Error> {
        let Some(mut held) = stored else {
            return Ok(Some(self.held.clone()));
        };
        if self.request.resumed.is_none() {
            return Ok(Some(*held));
        }
        let next = held.last_activity_at + Duration::from_millis(1);
        let touch = Touch {
            id: self.id,
            now: self.request.now.max(next),
            learnt: Learnt::Activity,
        };
        let (store, tenant) = (&self.sessions.store, &self.request.tenant.id);
        Ok(match store.touch(tenant, &self.subject, &touch).await? {
            Touched::Written => {
                held.last_activity_at = touch.now;
                // What is taken back, if it has to be, is what is stored now.
                self.held = (*held).clone();
                Some(*held)
            }
            Touched::Newer(other) => Some(*other),
            Touched::Gone => None,
        })
    }

    /// Whether the session may have been held and have left, as far as this guard tells.
    ///
    /// A write that has seen the guard and was refused is refused for good, since what it was sent for never comes again. So
    /// an id that was sent in no other way, and once, was held only where the guard names it. The id of a resumed request
    /// was sent unseen before.
    fn is_used(&self, guard: &Guard) -> bool {
        let in_doubt = self.sent_unseen || self.attempts.were_repeated();
        guard.has_held(self.id) || (in_doubt && guard.may_have_held(self.id))
    }

    /// An id that may have been held and removed again is never written a second time. Its record stays: who saw the session
    /// meanwhile, or was told of it by another sending, finds how it ended. Of one that never was the history says nothing.
    ///
    /// The new one is drawn after what is `closed`.
    fn renew_id(&mut self, closed: Option<Instant>) -> Result<(), EntropyError> {
        let now = self.request.now + self.began.elapsed();
        let at = closed.map_or(now, |it| now.max(it + Duration::from_millis(1)));
        self.id = SessionId::draw(at, self.sessions.entropy.as_ref())?;
        self.sent_unseen = false;
        self.recorded = false;
        Ok(())
    }

    fn opening(&self) -> Opening<'_> {
        Opening {
            tenant: &self.request.tenant.id,
            subject: &self.subject,
            id: self.id,
            session: &self.held,
            attempts: &self.attempts,
        }
    }

    async fn with_room(&mut self, record: bool) -> Result<Opened, Error> {
        self.sent_unseen = true;
        let (opening, store) = (self.opening(), &self.sessions.store);
        let write = store.open_with_room(
            &opening,
            self.request.tenant.policy.max_concurrent,
            self.authorised_at(),
        );
        self.beside(write, record)
            .await
            .map(|(opened, recorded)| self.noted(opened, recorded))
    }

    /// A subject without guard has room, so the record goes along whatever the policy.
    async fn first(&mut self) -> Result<Opened, Error> {
        let opening = self.opening();
        let write = self.sessions.store.open_first(&opening);
        self.beside(write, true)
            .await
            .map(|(opened, recorded)| self.noted(opened, recorded))
    }

    fn too_many(&self, used_up: UsedUp) -> Outcome {
        let (request, paces) = (self.request, &self.sessions.paces);
        paces.remember(&request.tenant.id, &self.subject, request.now);
        Outcome::TooMany(used_up)
    }

    async fn replacing(
        &mut self,
        victims: &[SessionId],
        (seen, pace): (&Guard, Option<Pace>),
        record: bool,
    ) -> Result<Opened, Error> {
        let now = self.request.now;
        let reason = |id| {
            seen.find(id)
                .and_then(|it| it.expired(now))
                .map_or(Reason::Evicted, |it| it.reason)
        };
        let victims: Vec<_> = victims.iter().map(|id| (*id, reason(*id))).collect();
        let (opening, max) = (self.opening(), self.request.tenant.policy.max_concurrent);
        let write = self
            .sessions
            .store
            .open_replacing(&opening, max, &victims, (seen, pace), now);
        self.beside(write, record)
            .await
            .map(|(opened, recorded)| self.noted(opened, recorded))
    }

    fn noted(&mut self, opened: Opened, recorded: bool) -> Opened {
        self.recorded |= recorded;
        opened
    }

    /// The write into the guard, and beside it the record if it is wanted and not there yet.
    async fn beside(
        &self,
        write: impl Future<Output = Result<Opened, Error>>,
        record: bool,
    ) -> Result<(Opened, bool), Error> {
        if !record || self.recorded {
            return Ok((write.await?, false));
        }
        let (opened, recorded) = tokio::join!(write, self.put_record());
        recorded?;
        Ok((opened?, true))
    }

    async fn finish(&mut self, held: &HeldSession) -> Result<Outcome, OpenError> {
        if !self.recorded {
            self.put_record().await?;
        }
        Ok(Outcome::Opened {
            id: self.id,
            expires_at: held.expires_at(),
        })
    }

    async fn put_record(&self) -> Result<(), Error> {
        let request = self.request;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let record = SessionRecord {
            ip: request.context.ip.clone(),
            facts: request.context.facts.clone(),
            user_agent: request.user_agent.to_owned(),
            fingerprint: request.fingerprint.to_owned(),
            attached: request
                .telemetry
                .map_or_else(Attached::default, |it| it.attached(request.context.trusted)),
            geo_country: owned(request.geo_country),
            geo_city: owned(request.geo_city),
            observed_ip: owned(request.observed_ip),
            ..SessionRecord::new(self.id, request.subject, self.held.tenure(), request.now)
        };
        self.sessions
            .store
            .put_record_by(
                &request.tenant.id,
                &self.subject,
                &record,
                self.sessions.retention,
                self.clock,
            )
            .await
    }

    /// The device that was shown, where the request is trusted.
    fn device(&self) -> Option<DeviceKey> {
        let shown = self.request.telemetry.filter(|_| self.request.context.trusted);
        shown.and_then(Shown::device)
    }

    /// Notes that the device that was shown is the subject's. Whether it was not before.
    async fn share_device(&self) -> Result<bool, Error> {
        match self.device() {
            Some(device) => {
                let (store, tenant) = (&self.sessions.store, &self.request.tenant.id);
                store.share_device(tenant, device, &self.subject).await
            }
            None => Ok(false),
        }
    }

    /// Takes that back. If this fails it ends with the device.
    async fn unshare_device(&self) {
        let Some(device) = self.device() else { return };
        let (store, tenant) = (&self.sessions.store, &self.request.tenant.id);
        if let Err(error) = store.unshare_device(tenant, device, &self.subject).await {
            tracing::warn!(error = &error as &dyn std::error::Error, session.id = %self.id, "link of a device left");
        }
    }

    /// Takes back the record of an id that is not held, if there is one. If this fails it stays, and every reader sees
    /// from the guard that there is no such session.
    async fn withdraw_record(&self) {
        if !self.recorded {
            return;
        }
        let (store, tenant) = (&self.sessions.store, &self.request.tenant.id);
        let withdrawn = store.withdraw_record(tenant, &self.subject, self.id, self.request.now);
        if let Err(error) = withdrawn.await {
            tracing::warn!(error = &error as &dyn std::error::Error, session.id = %self.id, "record without session left");
        }
    }

    /// Takes back a session that nobody will be told of; whether it is surely out. If this fails too, it ends by its idle
    /// timeout; where a later sending of the request goes on with it, that one has the last word.
    async fn withdraw(&self) -> bool {
        let (store, tenant) = (&self.sessions.store, &self.request.tenant.id);
        let ours = (self.id, &self.held);
        match store
            .withdraw(tenant, &self.subject, ours, self.request.now)
            .await
        {
            Ok(withdrawn) => withdrawn == Withdrawn::Done,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, session.id = %self.id, "half-opened session left");
                false
            }
        }
    }
}
