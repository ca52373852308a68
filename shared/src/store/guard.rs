//! The guard: one item holding all held sessions of a subject, and every write that changes what is held.
//!
//! Each write carries the condition that makes it safe under any race, so nothing is read first to be written later.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::attributes::{
    ABSOLUTE_EXPIRY, COMPUTED_FINGERPRINT, CREATED_AT, DUE_AT, DUE_HASH, ERASED_AT, FINGERPRINT, IDLE, IPV4,
    IPV6, LAST_ACTIVITY, REMOVAL_COUNT, REMOVALS, REMOVED_AT, REVOKED_ALL_AT, REVOKED_SESSIONS,
    REVOKER_CLOCK, RISK, SCHEMA, SESSIONS, TRAIL, TTL, USER_AGENT, names,
};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, text, time};
use super::keys::{Key, due_hash, due_shard, hour};
use super::{Error, Store, Write, attempts::Attempts, trail};
use crate::model::{
    HeldSession, Instant, IssuerClock, Reason, Sample, SessionId, SubjectKey, TenantId, Trail,
};
use crate::policy::AbsoluteTimeout;

/// How long a guard is kept at least after its last write: any session in it has ended by then.
///
/// It is kept as long as records are where that is longer, as what it says of a revoke-all is the end of the observed
/// sessions whose records stood then.
pub(super) const KEPT: Duration = Duration::from_secs(AbsoluteTimeout::LONGEST.as_secs() + 90 * 24 * 3600);

/// What a subject holds, as one strongly consistent read shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guard {
    /// Held sessions, the expired ones that no one has dropped yet among them.
    pub sessions: Vec<(SessionId, HeldSession)>,
    /// Why the sessions of the last removal were taken out.
    pub removals: Vec<(SessionId, Reason)>,
    /// When the last removal happened.
    pub removed_at: Option<Instant>,
    /// How many removals there were.
    pub removal_count: u64,
    /// When all sessions were last ended at once.
    pub revoked_all_at: Option<Instant>,
    /// The sessions that were ended then, until the next session is opened.
    pub revoked_sessions: Vec<(SessionId, HeldSession)>,
    /// What the token that ended them showed of its issuer's clock, until the next session is opened.
    pub revoker_clock: Option<IssuerClock>,
    /// When everything of the subject was last erased.
    pub erased_at: Option<Instant>,
    /// When cleanup will look at this guard.
    pub due: Option<Due>,
}

/// A place in the index of everything that must happen at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub(super) hash: String,
    /// When it must happen.
    pub at: Instant,
}

impl Guard {
    /// The session of this id, if it is held.
    pub fn find(&self, id: SessionId) -> Option<&HeldSession> {
        self.sessions
            .iter()
            .find(|(held, _)| *held == id)
            .map(|(_, session)| session)
    }

    /// Why the session is not held any more, where the last removal tells.
    pub fn why_removed(&self, id: SessionId) -> Option<Reason> {
        self.removals
            .iter()
            .find(|(removed, _)| *removed == id)
            .map(|(_, reason)| *reason)
    }

    /// When a removal at `now` from the guard as it was seen counts as having happened: never before the last one.
    fn removal_at(&self, now: Instant) -> Instant {
        self.removed_at.map_or(now, |last| last.max(now))
    }

    /// The guard as it was before a write that gave it back; an empty one where there was none.
    fn before(written: UpdateItemOutput) -> Result<Self, Error> {
        let old = written.attributes.filter(|item| !item.is_empty());
        Ok(old.as_ref().map(Self::read).transpose()?.unwrap_or_default())
    }

    pub(super) fn read(item: &Item) -> Result<Self, Error> {
        let reader = Reader::open(item)?;
        let due = match (reader.opt_text(DUE_HASH)?, reader.opt_time(DUE_AT)?) {
            (Some(hash), Some(at)) => Some(Due {
                hash: hash.to_owned(),
                at,
            }),
            _ => None,
        };
        let mut removals = Vec::new();
        for (id, value) in reader.opt_map(REMOVALS)?.into_iter().flatten() {
            let code = value
                .as_s()
                .map_err(|_| reader.corrupt("a removal without reason"))?;
            removals.push((compact(&reader, id)?, reason_of(&reader, code)?));
        }
        Ok(Self {
            sessions: sessions(&reader, SESSIONS)?,
            removals,
            removed_at: reader.opt_time(REMOVED_AT)?,
            removal_count: reader.opt_number(REMOVAL_COUNT)?.unwrap_or(0),
            revoked_all_at: reader.opt_time(REVOKED_ALL_AT)?,
            revoked_sessions: sessions(&reader, REVOKED_SESSIONS)?,
            revoker_clock: reader.opt_bytes(REVOKER_CLOCK)?.map(IssuerClock::of_bytes),
            erased_at: reader.opt_time(ERASED_AT)?,
            due,
        })
    }
}

fn compact(reader: &Reader<'_>, id: &str) -> Result<SessionId, Error> {
    SessionId::from_compact(id).map_err(|_| reader.corrupt("not a session id"))
}

fn sessions(reader: &Reader<'_>, name: &str) -> Result<Vec<(SessionId, HeldSession)>, Error> {
    let mut found = Vec::new();
    for (id, value) in reader.opt_map(name)?.into_iter().flatten() {
        found.push((compact(reader, id)?, read_held(&reader.inside(value)?)?));
    }
    found.sort_by_key(|(id, _)| *id);
    Ok(found)
}

/// One-letter codes of the reasons.
const REASONS: [(Reason, &str); 9] = [
    (Reason::LoggedOut, "o"),
    (Reason::LoggedOutEverywhere, "a"),
    (Reason::Revoked, "r"),
    (Reason::Evicted, "e"),
    (Reason::IdleTimeout, "i"),
    (Reason::AbsoluteTimeout, "x"),
    (Reason::SuspectedTheft, "t"),
    (Reason::Withdrawn, "w"),
    (Reason::Pending, "p"),
];

pub(super) fn reason_code(reason: Reason) -> &'static str {
    REASONS
        .iter()
        .find(|(it, _)| *it == reason)
        .map_or("p", |(_, code)| code)
}

pub(super) fn reason_of(reader: &Reader<'_>, code: &str) -> Result<Reason, Error> {
    let found = REASONS.iter().find(|(_, it)| *it == code);
    found
        .map(|(reason, _)| *reason)
        .ok_or_else(|| reader.corrupt("not a reason"))
}

fn read_held(reader: &Reader<'_>) -> Result<HeldSession, Error> {
    let fingerprint = match reader.opt_bytes(FINGERPRINT)? {
        Some(digest) => Sample::Supplied(digest),
        None => Sample::Computed(reader.bytes(COMPUTED_FINGERPRINT)?),
    };
    // Versions up to holdfast-risk-4 had the timeouts in attributes of their own, and whole IPv6 addresses.
    let earlier = reader.opt_number(IDLE)?;
    let created_at = reader.time(CREATED_AT)?;
    let ipv6 = match earlier {
        Some(_) => reader.opt_bytes::<16>(IPV6)?.map(Ipv6Addr::from),
        None => reader.opt_bytes::<8>(IPV6)?.map(of_network),
    };
    let mut session = HeldSession {
        created_at,
        last_activity_at: reader.time(LAST_ACTIVITY)?,
        idle_timeout: Duration::ZERO,
        absolute_expiry: created_at,
        fingerprint,
        ipv4: reader.opt_bytes::<4>(IPV4)?.map(Into::into),
        ipv6,
        user_agent: reader.bytes(USER_AGENT)?,
        risk: 0,
        country: None,
        asn: None,
        geo: None,
        anonymous: false,
        trail: Trail::default(),
    };
    let packed = reader.opt_blob(TRAIL)?.unwrap_or_default();
    let Some(seconds) = earlier else {
        trail::unpack(packed, &mut session);
        return Ok(session);
    };
    session.idle_timeout = Duration::from_secs(seconds);
    session.absolute_expiry = reader.time(ABSOLUTE_EXPIRY)?;
    session.risk = reader.number(RISK)?;
    trail::unpack_earlier(packed, &mut session);
    session.ipv6 = session.ipv6.map(|it| of_network(network_of(it)));
    Ok(session)
}

/// The /64 of an address, as it is stored.
fn network_of(address: Ipv6Addr) -> [u8; 8] {
    let [network @ .., _, _, _, _, _, _, _, _] = address.octets();
    network
}

fn of_network(network: [u8; 8]) -> Ipv6Addr {
    Ipv6Addr::from_bits(u128::from(u64::from_be_bytes(network)) << 64)
}

fn held_item(session: &HeldSession) -> AttributeValue {
    let (origin, digest) = match &session.fingerprint {
        Sample::Supplied(digest) => (FINGERPRINT, digest),
        Sample::Computed(digest) => (COMPUTED_FINGERPRINT, digest),
    };
    let mut item: Item = HashMap::from([
        (CREATED_AT.to_owned(), time(session.created_at)),
        (LAST_ACTIVITY.to_owned(), time(session.last_activity_at)),
        (origin.to_owned(), bytes(digest)),
        (USER_AGENT.to_owned(), bytes(&session.user_agent)),
        (TRAIL.to_owned(), bytes(&trail::pack(session))),
    ]);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    put(IPV4, session.ipv4.map(|it| bytes(&it.octets())));
    put(IPV6, session.ipv6.map(|it| bytes(&network_of(it))));
    AttributeValue::M(item)
}

fn ttl(now: Instant, kept: Duration) -> AttributeValue {
    number((now + kept).secs())
}

/// A session on its way into its subject's guard.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// Whose guard.
    pub tenant: &'a TenantId,
    /// Whose guard.
    pub subject: &'a SubjectKey,
    /// The new session's id.
    pub id: SessionId,
    /// The new session.
    pub session: &'a HeldSession,
    /// A revoke-all at or after this instant refuses the session: the request's start, or the earliest instant at which
    /// the user's token can have been made, or just after the last revoke-all it was found to be newer than.
    pub authorised_at: Instant,
}

/// What became of a write into the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The session is held: as it was sent, or as an earlier sending stored it.
    Held(Option<Box<HeldSession>>),
    /// The subject has no guard yet.
    NoGuard,
    /// The guard stood against it, as it is now.
    Refused {
        /// What stood against it.
        guard: Box<Guard>,
        /// The write was sent once only, so the session surely never was in the guard.
        once: bool,
    },
}

const OPEN: &str = "SET #sessions.#id = :session, #ttl = :ttl, #schema = :schema, \
     #due_hash = if_not_exists(#due_hash, :due_hash), #due_at = if_not_exists(#due_at, :due_at) \
     REMOVE #removals, #revoked_sessions, #revoker_clock";
const OPEN_REPLACING: &str = "SET #sessions.#id = :session, #ttl = :ttl, #schema = :schema, \
     #due_hash = if_not_exists(#due_hash, :due_hash), #due_at = if_not_exists(#due_at, :due_at), \
     #removals = :removals, #removed_at = :now REMOVE #revoked_sessions, #revoker_clock";
const OPEN_IF: &str = "attribute_not_exists(#sessions.#id) \
     AND (attribute_not_exists(#revoked_all_at) OR #revoked_all_at < :authorised) \
     AND (attribute_not_exists(#schema) OR #schema <= :schema)";
/// The first attempt knows nothing of the guard but the time.
const OPEN_ROOM_IF: &str = "size(#sessions) < :bound \
     AND (attribute_not_exists(#removed_at) OR #removed_at < :started)";
/// A later attempt has seen the guard: what it was sent for is still so.
const OPEN_SEEN_IF: &str = "size(#sessions) < :bound \
     AND (attribute_not_exists(#removal_count) OR #removal_count = :seen_count)";

impl Store {
    /// What the subject holds now. Strongly consistent: one read unit up to the largest guard.
    pub async fn guard(&self, tenant: &TenantId, subject: &SubjectKey) -> Result<Option<Guard>, Error> {
        let item = self.get(&Key::guard(tenant, subject)).await?;
        item.as_ref().map(Guard::read).transpose()
    }

    /// Puts the session into a guard that has room for it: one request.
    ///
    /// A removal at or after `started` refuses it: this very write could have been applied, answered into the void,
    /// undone by that removal and be sent again by the SDK.
    pub async fn open_with_room(
        &self,
        opening: &Opening<'_>,
        max: usize,
        started: Instant,
    ) -> Result<Opened, Error> {
        let condition = format!("{OPEN_IF} AND {OPEN_ROOM_IF}");
        let values = vec![(":bound", number(max)), (":started", time(started))];
        self.open(opening, OPEN, &condition, Leaving::default(), values)
            .await
    }

    /// Puts the session into the guard in place of `victims`, each of them still as `seen` shows it: one request.
    pub async fn open_replacing(
        &self,
        opening: &Opening<'_>,
        max: usize,
        victims: &[(SessionId, Reason)],
        seen: &Guard,
        now: Instant,
    ) -> Result<Opened, Error> {
        let mut values = vec![
            (":bound", number(max + victims.len())),
            (":seen_count", number(seen.removal_count)),
        ];
        let mut update = OPEN.to_owned();
        let leaving = Leaving::of(victims, seen);
        if !victims.is_empty() {
            update = format!("{OPEN_REPLACING}{} ADD #removal_count :one", leaving.removed);
            values.extend([
                (":removals", removals(victims)),
                (":now", time(seen.removal_at(now))),
                (":one", number(1)),
            ]);
        }
        let condition = format!("{OPEN_IF} AND {OPEN_SEEN_IF}{}", leaving.as_seen);
        self.open(opening, &update, &condition, leaving, values).await
    }

    async fn open(
        &self,
        opening: &Opening<'_>,
        update: &str,
        condition: &str,
        leaving: Leaving,
        mut values: Vec<(&str, AttributeValue)>,
    ) -> Result<Opened, Error> {
        let due = due_of(opening.subject, opening.session.expires_at());
        let attempts = Attempts::default();
        values.extend([
            (":session", held_item(opening.session)),
            (":ttl", ttl(opening.session.last_activity_at, self.guard_kept)),
            (":schema", number(SCHEMA_VERSION)),
            (":authorised", time(opening.authorised_at)),
            (":due_hash", text(due.hash)),
            (":due_at", time(due.at)),
        ]);
        let key = Key::guard(opening.tenant, opening.subject);
        let written = leaving
            .fill(self.update(&key, update, condition, values))
            .expression_attribute_names("#id", opening.id.to_compact())
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        match Write::of(written)? {
            Write::Done(_) => Ok(Opened::Held(None)),
            Write::Refused(None) => Ok(Opened::NoGuard),
            Write::Refused(Some(item)) => refused(&item, opening.id, &attempts),
        }
    }

    /// Makes the guard of a subject that has none, holding the session: one request.
    pub async fn open_first(&self, opening: &Opening<'_>) -> Result<Opened, Error> {
        let due = due_of(opening.subject, opening.session.expires_at());
        let attempts = Attempts::default();
        let sessions = HashMap::from([(opening.id.to_compact(), held_item(opening.session))]);
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::guard(opening.tenant, opening.subject).attributes()))
            .item(SESSIONS, AttributeValue::M(sessions))
            .item(TTL, ttl(opening.session.last_activity_at, self.guard_kept))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(DUE_HASH, text(due.hash))
            .item(DUE_AT, time(due.at))
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(Some(names("#pk")))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        match Write::of(written)? {
            Write::Done(_) => Ok(Opened::Held(None)),
            Write::Refused(None) => Ok(Opened::NoGuard),
            Write::Refused(Some(item)) => refused(&item, opening.id, &attempts),
        }
    }

    /// Writes what a validate learnt about a held session: one request.
    pub async fn touch(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        touch: &Touch<'_>,
    ) -> Result<Touched, Error> {
        let (update, condition, values) = touch.expressions(self.guard_kept);
        let written = self
            .update(&Key::guard(tenant, subject), update, &condition, values)
            .expression_attribute_names("#id", touch.id.to_compact())
            .send()
            .await;
        match Write::of(written)? {
            Write::Done(_) => Ok(Touched::Written),
            Write::Refused(None) => Ok(Touched::Gone),
            Write::Refused(Some(item)) => {
                let guard = Guard::read(&item)?;
                Ok(match (guard.find(touch.id), touch.learnt) {
                    (None, _) => Touched::Gone,
                    // An earlier sending of this very touch.
                    (Some(stored), Learnt::Judged { next, .. }) if stored == next => Touched::Written,
                    (Some(stored), _) => Touched::Newer(Box::new(stored.clone())),
                })
            }
        }
    }

    /// Takes one session out of the guard: one request. What it was comes back.
    ///
    /// The time of the last removal never goes back, since creates rely on it: where another machine's clock is ahead,
    /// the removal follows that clock, at the price of one more request.
    pub async fn remove(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        reason: Reason,
        now: Instant,
    ) -> Result<Removed, Error> {
        let update = "SET #removals = :removals, #removed_at = :now \
             REMOVE #sessions.#id ADD #removal_count :one";
        let condition = "attribute_exists(#sessions.#id) AND #schema <= :schema \
             AND (attribute_not_exists(#removed_at) OR #removed_at <= :now)";
        let mut at = now;
        loop {
            let values = [
                (":removals", removals(&[(id, reason)])),
                (":now", time(at)),
                (":one", number(1)),
                (":schema", number(SCHEMA_VERSION)),
            ];
            let written = self
                .update(&Key::guard(tenant, subject), update, condition, values)
                .expression_attribute_names("#id", id.to_compact())
                .return_values(ReturnValue::AllOld)
                .send()
                .await;
            let guard = match Write::of(written)? {
                Write::Done(output) => {
                    let old = Guard::before(output)?;
                    let revoked_all_at = old.revoked_all_at;
                    let session = old.find(id).cloned().map(Box::new);
                    return Ok(session.map_or(Removed::Absent { revoked_all_at }, Removed::Session));
                }
                Write::Refused(None) => return Ok(Removed::Absent { revoked_all_at: None }),
                Write::Refused(Some(item)) => Guard::read(&item)?,
            };
            match guard.removed_at {
                Some(later) if at < later && guard.find(id).is_some() => {
                    at = later + Duration::from_millis(1);
                }
                Some(ours) if ours == at && guard.why_removed(id) == Some(reason) => {
                    return Ok(Removed::Before);
                }
                _ => {
                    let revoked_all_at = guard.revoked_all_at;
                    return Ok(Removed::Absent { revoked_all_at });
                }
            }
        }
    }

    /// Takes all sessions out of the guard, and refuses those that older credentials would open: one request.
    ///
    /// Answers the sessions it ended, also when the SDK had to send it twice.
    pub async fn remove_all(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<Vec<(SessionId, HeldSession)>, Error> {
        self.remove_all_by(tenant, subject, None, now).await
    }

    /// The same at the word of a token that shows its issuer's clock.
    pub async fn remove_all_by(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        clock: Option<IssuerClock>,
        now: Instant,
    ) -> Result<Vec<(SessionId, HeldSession)>, Error> {
        Ok(self.empty(tenant, subject, now, "", clock).await?.1.sessions)
    }

    /// As [`Store::remove_all`], because everything of the subject is erased: the guard says so, and nobody stamps the
    /// records of these sessions, nor learns from them.
    ///
    /// Answers the instant from which on the subject begins anew, and the guard's last sessions, those among them that
    /// had left it before: the index may not know their records yet.
    pub async fn erase_held(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<(Instant, Vec<SessionId>), Error> {
        let (at, guard) = self
            .empty(tenant, subject, now, ", #erased_at = :now", None)
            .await?;
        let held = guard.sessions.iter().chain(&guard.revoked_sessions);
        let mut ids: Vec<_> = held.map(|(id, _)| *id).collect();
        ids.extend(guard.removals.iter().map(|(id, _)| *id));
        Ok((at, ids))
    }

    /// Leaves of a guard that was emptied at `at` what keeps that in force: one request. Nothing where a session was opened
    /// since, which has dropped the rest, or where another erasure came later, which will.
    pub async fn forget_held(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        at: Instant,
    ) -> Result<(), Error> {
        let update = "REMOVE #revoked_sessions, #removals, #due_hash, #due_at";
        let condition = "#erased_at = :at AND size(#sessions) = :zero AND #schema <= :schema";
        let values = [
            (":at", time(at)),
            (":zero", number(0)),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let key = Key::guard(tenant, subject);
        let written = self.update(&key, update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }

    /// Takes all sessions out of the guard. When that was, and the guard as it was before.
    async fn empty(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
        also: &str,
        clock: Option<IssuerClock>,
    ) -> Result<(Instant, Guard), Error> {
        let (set, remove) = match clock {
            Some(_) => (", #revoker_clock = :clock", ""),
            None => ("", ", #revoker_clock"),
        };
        let update = format!(
            "SET #revoked_sessions = if_not_exists(#sessions, :none), #sessions = :none, \
             #revoked_all_at = :now, #removed_at = :now, #ttl = :ttl, #schema = :schema{also}{set} \
             REMOVE #removals{remove} ADD #removal_count :one"
        );
        let condition = "(attribute_not_exists(#revoked_all_at) OR #revoked_all_at < :now) \
             AND (attribute_not_exists(#removed_at) OR #removed_at <= :now) \
             AND (attribute_not_exists(#schema) OR #schema <= :schema)";
        let mut at = now;
        loop {
            let mut values = vec![
                (":none", AttributeValue::M(HashMap::new())),
                (":now", time(at)),
                (":ttl", ttl(at, self.guard_kept)),
                (":one", number(1)),
                (":schema", number(SCHEMA_VERSION)),
            ];
            values.extend(clock.map(|it| (":clock", bytes(&it.to_bytes()))));
            let written = self
                .update(&Key::guard(tenant, subject), &update, condition, values)
                .return_values(ReturnValue::AllOld)
                .send()
                .await;
            match Write::of(written)? {
                Write::Done(output) => return Ok((at, Guard::before(output)?)),
                Write::Refused(None) => return Ok((at, Guard::default())),
                Write::Refused(Some(item)) => {
                    let guard = Guard::read(&item)?;
                    // Sent twice, or another one in the same millisecond: nothing was opened in between.
                    let same = guard.revoked_all_at == Some(at)
                        && (also.is_empty() || guard.erased_at == guard.revoked_all_at);
                    if same && guard.sessions.is_empty() {
                        let sessions = guard.revoked_sessions;
                        return Ok((
                            at,
                            Guard {
                                sessions,
                                ..Guard::default()
                            },
                        ));
                    }
                    match guard.revoked_all_at.max(guard.removed_at) {
                        // Another machine's clock is ahead of this one's: follow it.
                        Some(later) => at = later + Duration::from_millis(1),
                        None => return Ok((at, Guard::default())),
                    }
                }
            }
        }
    }

    /// Drops what expired and sets when cleanup looks next: one request. False when the guard has changed since.
    pub async fn expire(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        seen: &Guard,
        expired: &[(SessionId, Reason)],
        next: Option<Instant>,
        now: Instant,
    ) -> Result<bool, Error> {
        let leaving = Leaving::of(expired, seen);
        let mut set = Vec::new();
        let mut remove = leaving.removed.clone();
        let mut values = vec![
            (":seen_size", number(seen.sessions.len())),
            (":seen_count", number(seen.removal_count)),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let mut add = "";
        if !expired.is_empty() {
            set.push("#removals = :removals, #removed_at = :now");
            add = " ADD #removal_count :one";
            values.extend([
                (":removals", removals(expired)),
                (":now", time(seen.removal_at(now))),
                (":one", number(1)),
            ]);
        }
        if let Some(at) = next {
            let due = due_of(subject, at);
            set.push("#due_hash = :due_hash, #due_at = :due_at");
            values.extend([(":due_hash", text(due.hash)), (":due_at", time(due.at))]);
        } else {
            remove.push_str(", #due_hash, #due_at");
        }
        let mut update = String::new();
        if !set.is_empty() {
            update = format!("SET {}", set.join(", "));
        }
        if !remove.is_empty() {
            update = format!("{update} REMOVE {}", remove.trim_start_matches(", "));
        }
        update.push_str(add);
        let mut condition = format!(
            "size(#sessions) = :seen_size AND #schema <= :schema AND \
             (attribute_not_exists(#removal_count) OR #removal_count = :seen_count){}",
            leaving.as_seen
        );
        if let Some(due) = &seen.due {
            condition.push_str(" AND #due_at = :seen_due");
            values.push((":seen_due", time(due.at)));
        }
        let write = self.update(&Key::guard(tenant, subject), &update, &condition, values);
        let written = leaving.fill(write).send().await;
        Ok(matches!(Write::of(written)?, Write::Done(_)))
    }
}

fn refused(item: &Item, id: SessionId, attempts: &Attempts) -> Result<Opened, Error> {
    let guard = Guard::read(item)?;
    if let Some(stored) = guard.find(id) {
        return Ok(Opened::Held(Some(Box::new(stored.clone()))));
    }
    Ok(Opened::Refused {
        guard: Box::new(guard),
        once: attempts.count() <= 1,
    })
}

fn due_of(subject: &SubjectKey, at: Instant) -> Due {
    Due {
        hash: due_hash(hour(at), due_shard(subject)),
        at,
    }
}

fn removals(removed: &[(SessionId, Reason)]) -> AttributeValue {
    AttributeValue::M(
        removed
            .iter()
            .map(|(id, reason)| (id.to_compact(), text(reason_code(*reason))))
            .collect(),
    )
}

/// The parts of an update that take sessions out, each only if it is still as it was seen.
#[derive(Default)]
struct Leaving {
    removed: String,
    as_seen: String,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
}

impl Leaving {
    fn of(ids: &[(SessionId, Reason)], seen: &Guard) -> Self {
        let mut it = Self::default();
        for (at, (id, _)) in ids.iter().enumerate() {
            let Some(session) = seen.find(*id) else { continue };
            it.removed.push_str(&format!(", #sessions.#old{at}"));
            it.as_seen
                .push_str(&format!(" AND #sessions.#old{at}.#last_activity = :seen{at}"));
            it.names.push((format!("#old{at}"), id.to_compact()));
            it.values
                .push((format!(":seen{at}"), time(session.last_activity_at)));
        }
        it
    }

    /// Says in an update which sessions are meant, and how they were seen.
    fn fill(self, mut write: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        for (placeholder, id) in self.names {
            write = write.expression_attribute_names(placeholder, id);
        }
        for (placeholder, seen) in self.values {
            write = write.expression_attribute_values(placeholder, seen);
        }
        write
    }
}

/// A held session was used.
#[derive(Debug, Clone)]
pub struct Touch<'a> {
    /// The session.
    pub id: SessionId,
    /// When it was used.
    pub now: Instant,
    /// What was learnt about it.
    pub learnt: Learnt<'a>,
}

/// What a request showed of a held session.
#[derive(Debug, Clone, Copy)]
pub enum Learnt<'a> {
    /// That it is alive.
    Activity,
    /// What follows from judging it as it was `seen`; it is written only over that.
    Judged {
        /// The session as it was judged.
        seen: &'a HeldSession,
        /// The session as it should be from now on.
        next: &'a HeldSession,
    },
    /// That its subject proved itself, which stands whatever was written since it was read.
    Proven(&'a HeldSession),
}

impl Touch<'_> {
    fn expressions(&self, kept: Duration) -> (&'static str, String, Vec<(&'static str, AttributeValue)>) {
        let held = "attribute_exists(#sessions.#id)";
        let whole = "SET #sessions.#id = :session, #ttl = :ttl";
        let mut values = vec![(":ttl", ttl(self.now, kept))];
        match self.learnt {
            Learnt::Activity => {
                values.push((":now", time(self.now)));
                let condition = format!("{held} AND #sessions.#id.#last_activity < :now");
                (
                    "SET #sessions.#id.#last_activity = :now, #ttl = :ttl",
                    condition,
                    values,
                )
            }
            Learnt::Judged { seen, next } => {
                values.push((":session", held_item(next)));
                values.push((":seen", time(seen.last_activity_at)));
                // A proof, and whatever else moves what a session is held by, shows in one of the two. What an earlier
                // version wrote has its trail in another form.
                values.push((":trail", bytes(&trail::pack(seen))));
                let trail = "(#sessions.#id.#trail = :trail OR attribute_exists(#sessions.#id.#idle))";
                let condition = format!("{held} AND #sessions.#id.#last_activity = :seen AND {trail}");
                (whole, condition, values)
            }
            Learnt::Proven(session) => {
                values.push((":session", held_item(session)));
                (whole, held.to_owned(), values)
            }
        }
    }
}

/// What became of a touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// It is written.
    Written,
    /// Another one was written before it; the session as that left it.
    Newer(Box<HeldSession>),
    /// The session is not held any more.
    Gone,
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// The session, as it was when it was taken out.
    Session(Box<HeldSession>),
    /// An earlier sending of the same removal took it out.
    Before,
    /// The session was not held.
    Absent {
        /// When all sessions of the subject were last ended at once.
        revoked_all_at: Option<Instant>,
    },
}

#[cfg(test)]
#[path = "guard_size.rs"]
mod size;
