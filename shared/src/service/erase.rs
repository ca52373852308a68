//! Erasing everything that is kept of a subject.
//!
//! First its sessions end, so that nothing is added any more. Then goes what cannot be found without something else, and
//! after it that something: a session's visits, links and names before its record, the records before the client. So a
//! call that was cut short anywhere is made again, and reaches what the first one left.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time;

use super::Sessions;
use crate::model::{ClientId, Instant, SessionId, SubjectKey, TenantId};
use crate::policy::Tenant;
use crate::store::{Deleted, Emptied, Erasable, Error, Store};

/// Whose data go, and how long that may take.
#[derive(Debug, Clone)]
pub struct Erase<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The client: its id is its subject's key.
    pub client: ClientId,
    /// When it was asked for.
    pub now: Instant,
    /// Nothing is begun after this. What is under way then ends within what the table is given for one request.
    pub until: time::Instant,
}

/// What an erasure took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// From when on the subject begins anew: what is told of it later stays.
    pub at: Instant,
    /// Whether nothing is left that it can find.
    pub complete: bool,
    /// How much was deleted, each thing counted by the request that deleted it.
    pub counts: Counts,
    /// What nobody can find by the subject, or has to stay, and how long at most until it ends by itself.
    pub remaining: Vec<(Remaining, Duration)>,
}

/// What an erasure does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// Visits that no session of the subject took.
    UnattachedTelemetry,
    /// That the subject shares a device, where the record that led to it has ended its time: a digest, in the device.
    DeviceLinks,
    /// Answers that are kept for requests that are sent again.
    IdempotentAnswers,
    /// Names of sessions that could not be written down when they were told of.
    SessionNames,
    /// That and when the sessions of the subject ended and its profile was erased: nothing of the person but its key.
    RevocationMark,
    /// Writes of the table that others are told of.
    ChangeStream,
    /// Copies of the table.
    Backups,
}

/// How much was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records of sessions, live and ended.
    pub sessions: u64,
    /// Names that led to them.
    pub references: u64,
    /// Visits their requests had shown.
    pub telemetry: u64,
    /// Devices that do not count the subject among theirs any more.
    pub device_links: u64,
    /// What the subject was known by: none or one.
    pub profiles: u64,
    /// What was kept of the client: none or one.
    pub clients: u64,
}

/// How long the table's stream and its point-in-time recovery keep what was deleted.
const STREAM_KEPT: Duration = Duration::from_secs(24 * 3600);
const BACKUPS_KEPT: Duration = Duration::from_secs(35 * 24 * 3600);
/// How long visits are kept at most, whatever the tenant says now.
const TELEMETRY_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many records are erased at once.
const AT_ONCE: usize = 16;
/// How often a record that comes to lead to more, while that is erased, is looked at again.
const ROUNDS: usize = 8;

impl Sessions {
    /// Erases what is kept of a subject. What was not there is counted as nothing, so it may be repeated, and has to be
    /// where it was not complete.
    ///
    /// # Errors
    /// Those of the store, as long as nothing was deleted; later ones make it incomplete and are logged.
    pub async fn erase(&self, erase: &Erase<'_>) -> Result<Erased, Error> {
        let subject = erase.client.key();
        let emptied = self
            .store
            .erase_held(&erase.tenant.id, &subject, erase.now)
            .await?;
        let at = emptied.at;
        let mut work = Work {
            sessions: self,
            erase,
            subject: &subject,
            at,
            seen: HashSet::new(),
            counts: Counts::default(),
            failed: None,
        };
        let done = work.run(&emptied).await;
        let complete = match done.and_then(|complete| work.failed.take().map_or(Ok(complete), Err)) {
            Ok(complete) => complete,
            Err(error) if work.counts == Counts::default() => return Err(error),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an erasure was cut short"
                );
                false
            }
        };
        Ok(Erased {
            at,
            complete,
            counts: work.counts,
            remaining: vec![
                (Remaining::UnattachedTelemetry, TELEMETRY_KEPT),
                (Remaining::DeviceLinks, Store::DEVICE_KEPT),
                (Remaining::IdempotentAnswers, Store::ANSWERS_KEPT),
                (Remaining::SessionNames, self.retention),
                (Remaining::RevocationMark, self.store.guard_kept()),
                (Remaining::ChangeStream, STREAM_KEPT),
                (Remaining::Backups, BACKUPS_KEPT),
            ],
        })
    }

    /// Erases what a record leads to, and then the record. What was deleted is counted also where it fails.
    async fn erase_record(
        &self,
        (tenant, subject): (&TenantId, &SubjectKey),
        mut record: Erasable,
        until: time::Instant,
    ) -> (Counts, Result<bool, Error>) {
        let mut counts = Counts::default();
        for _ in 0..ROUNDS {
            let emptied = self.erase_links((tenant, subject), &record, until, &mut counts);
            match emptied.await {
                Ok(true) => {}
                other => return (counts, other),
            }
            match self.store.delete_record(tenant, subject, &record).await {
                Ok(Deleted::Done) => {
                    counts.sessions += 1;
                    return (counts, Ok(true));
                }
                Ok(Deleted::Absent) => return (counts, Ok(true)),
                Ok(Deleted::LeadsTo(other)) => record = other,
                Err(error) => return (counts, Err(error)),
            }
        }
        (counts, Err(Error::Contended))
    }

    /// False when time ran out.
    async fn erase_links(
        &self,
        (tenant, subject): (&TenantId, &SubjectKey),
        record: &Erasable,
        until: time::Instant,
        counts: &mut Counts,
    ) -> Result<bool, Error> {
        let store = &self.store;
        let in_time = || time::Instant::now() < until;
        for digest in &record.visits {
            if !in_time() {
                return Ok(false);
            }
            counts.telemetry += u64::from(store.delete_visit(tenant, digest).await?);
        }
        for device in &record.devices {
            if !in_time() {
                return Ok(false);
            }
            counts.device_links += u64::from(store.unshare_device(tenant, *device, subject).await?);
        }
        if let Some(reference) = record.reference_id.as_deref().filter(|_| in_time()) {
            counts.references += u64::from(store.delete_reference(tenant, reference, record.id).await?);
        }
        Ok(in_time())
    }
}

/// An erasure on its way.
struct Work<'a> {
    sessions: &'a Sessions,
    erase: &'a Erase<'a>,
    subject: &'a SubjectKey,
    /// From when on the subject begins anew: records made later stay.
    at: Instant,
    /// The records that were erased: the index may show them a little longer.
    seen: HashSet<SessionId>,
    counts: Counts,
    failed: Option<Error>,
}

impl Work<'_> {
    /// Whether everything that can be found is gone.
    async fn run(&mut self, emptied: &Emptied) -> Result<bool, Error> {
        let at = self.at;
        let (store, tenant) = (&self.sessions.store, &self.erase.tenant.id);
        let known = store.erase_profile(tenant, self.subject, at).await?;
        self.counts.profiles = u64::from(known);
        let last = store.erasable_of(tenant, self.subject, &emptied.known()).await?;
        if !self.erase_all(last).await || !self.erase_history().await? {
            return Ok(false);
        }
        if !self.in_time() {
            return Ok(false);
        }
        let told = store.delete_client(tenant, self.erase.client).await?;
        self.counts.clients = u64::from(told);
        if !self.in_time() {
            return Ok(false);
        }
        store.forget_held(tenant, self.subject, emptied).await?;
        Ok(true)
    }

    /// The whole history, again and again until there is nothing new in it.
    async fn erase_history(&mut self) -> Result<bool, Error> {
        let (store, tenant) = (&self.sessions.store, &self.erase.tenant.id);
        loop {
            let (mut new, mut after) = (false, None);
            loop {
                if !self.in_time() {
                    return Ok(false);
                }
                let page = store.erasable(tenant, self.subject, after).await?;
                let records = page.records.into_iter();
                let to_erase = |it: &Erasable| it.created_at <= self.at && !self.seen.contains(&it.id);
                let records: Vec<_> = records.filter(to_erase).collect();
                new |= !records.is_empty();
                if !self.erase_all(records).await {
                    return Ok(false);
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            if !new {
                return Ok(true);
            }
        }
    }

    /// Some records, a few at once. False when time ran out, or something failed.
    async fn erase_all(&mut self, records: Vec<Erasable>) -> bool {
        let mut tasks = JoinSet::new();
        let mut complete = true;
        for record in records {
            if AT_ONCE <= tasks.len()
                && let Some(task) = tasks.join_next().await
            {
                complete &= self.take(task);
            }
            if !complete || !self.in_time() {
                complete = false;
                break;
            }
            let (sessions, until) = (self.sessions.clone(), self.erase.until);
            let (tenant, subject) = (self.erase.tenant.id.clone(), self.subject.clone());
            tasks.spawn(async move {
                let id = record.id;
                let (counts, done) = sessions.erase_record((&tenant, &subject), record, until).await;
                (id, counts, done)
            });
        }
        while let Some(task) = tasks.join_next().await {
            complete &= self.take(task);
        }
        complete
    }

    fn take(
        &mut self,
        task: Result<(SessionId, Counts, Result<bool, Error>), tokio::task::JoinError>,
    ) -> bool {
        let done = match task {
            Ok((id, counts, done)) => {
                self.counts.add(counts);
                if matches!(done, Ok(true)) {
                    self.seen.insert(id);
                }
                done
            }
            Err(error) => Err(Error::Unavailable(Box::new(error))),
        };
        match done {
            Ok(done) => done,
            Err(error) => {
                self.failed.get_or_insert(error);
                false
            }
        }
    }

    fn in_time(&self) -> bool {
        time::Instant::now() < self.erase.until
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.references += other.references;
        self.telemetry += other.telemetry;
        self.device_links += other.device_links;
        self.profiles += other.profiles;
        self.clients += other.clients;
    }
}
