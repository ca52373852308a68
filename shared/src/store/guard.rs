//! The guard: one item holding all held sessions of a subject, and every write that changes what is held.
//!
//! Each write carries the condition that makes it safe under any race, so nothing is read first to be written later.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::attributes::{
    ABSOLUTE_EXPIRY, CLOSED, COMPUTED_FINGERPRINT, CREATED_AT, DUE_AT, DUE_HASH, ERASED_AT, FINGERPRINT,
    GONE, IDLE, IPV4, IPV6, LAST_ACTIVITY, PACE, REMOVAL_COUNT, REMOVALS, REMOVED_AT, REVOKED_ALL_AT,
    REVOKED_SESSIONS, REVOKER_CLOCK, RISK, SCHEMA, SESSIONS, TRAIL, TTL, USER_AGENT, names,
};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, set, text, time};
use super::keys::{Key, due_hash, due_shard, hour};
use super::{Attempts, Error, Store, Write, trail};
use crate::model::{
    HeldSession, Instant, IssuerClock, Pace, Reason, Sample, SessionId, SubjectKey, TenantId, Trail,
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
    /// When the last removal happened, by the clock of the machine that made it.
    pub removed_at: Option<Instant>,
    /// How many removals there were: what orders writes.
    pub removal_count: u64,
    /// The sessions that left since a create last saw them all, as [`GoneId`]s.
    pub gone: Vec<GoneId>,
    /// Ids drawn up to this instant, by the clocks of those who drew them, are opened only by who has seen the guard.
    pub closed: Option<Instant>,
    /// When all sessions were last ended at once.
    pub revoked_all_at: Option<Instant>,
    /// The sessions that were ended then, until the next session is opened.
    pub revoked_sessions: Vec<(SessionId, HeldSession)>,
    /// What the token that ended them showed of its issuer's clock, until all are ended once more.
    pub revoker_clock: Option<IssuerClock>,
    /// Since when sessions that are opened are counted, and from what.
    pub pace: Option<Pace>,
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

    /// Whether the session's time ran out, where the last removal tells.
    pub fn ran_out(&self, id: SessionId) -> bool {
        matches!(
            self.why_removed(id),
            Some(Reason::IdleTimeout | Reason::AbsoluteTimeout)
        )
    }

    /// Whether the guard names the session among those that left lately. Such an id is never written again.
    pub fn has_held(&self, id: SessionId) -> bool {
        self.gone.contains(&gone_id(id)) || self.revoked_sessions.iter().any(|(revoked, _)| *revoked == id)
    }

    /// Whether the session may have been held and have left: surely where it left lately, and for all that is known
    /// where it was drawn before others that left. Every removal leaves it here, in the same write.
    pub fn may_have_held(&self, id: SessionId) -> bool {
        self.has_held(id)
            || self
                .closed
                .max(self.erased_at)
                .is_some_and(|closed| id.drawn_at() <= closed)
    }

    /// Whether everything of the subject was erased after the session's id was drawn, or in the same millisecond.
    pub fn was_erased_with(&self, id: SessionId) -> bool {
        self.erased_at.is_some_and(|at| id.drawn_at() <= at)
    }

    /// The latest instant at which one that left was drawn, so that closing up to it forgets none of them.
    fn closing(&self) -> Option<Instant> {
        let gone = self.gone.iter().copied().map(drawn_at);
        let ended = self.revoked_sessions.iter().map(|(id, _)| id.drawn_at());
        gone.chain(ended).chain(self.closed).max()
    }

    /// The guard as it was before a write that gave it back; an empty one where there was none.
    fn before(written: UpdateItemOutput) -> Result<Self, Error> {
        // Of an item that was not there some engines show the key.
        let old = written.attributes.filter(|item| item.contains_key(SESSIONS));
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
        if !reader.has(SESSIONS) {
            return Err(reader.corrupt("a guard without sessions"));
        }
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
            gone: reader.set(GONE)?,
            closed: reader.opt_time(CLOSED)?,
            revoked_all_at: reader.opt_time(REVOKED_ALL_AT)?,
            revoked_sessions: sessions(&reader, REVOKED_SESSIONS)?,
            revoker_clock: reader.opt_bytes(REVOKER_CLOCK)?.map(IssuerClock::of_bytes),
            pace: reader.opt_bytes(PACE)?.map(Pace::of_bytes),
            erased_at: reader.opt_time(ERASED_AT)?,
            due,
        })
    }
}

/// The first 8 bytes of a session's id: when it was drawn, and 12 of its random bits. Another session that begins alike
/// is only asked to be opened by who has seen the guard, and under a new id.
pub type GoneId = [u8; 8];

fn gone_id(id: SessionId) -> GoneId {
    let [start @ .., _, _, _, _, _, _, _, _] = *id.as_bytes();
    start
}

fn drawn_at(gone: GoneId) -> Instant {
    let mut millis = [0; 8];
    for (to, from) in millis.iter_mut().skip(2).zip(gone) {
        *to = from;
    }
    Instant::from_millis(i64::from_be_bytes(millis))
}

/// So many may have left before a create that has not seen the guard is refused, so that one that has seen it forgets
/// them. With one more, the largest guard would not be one read unit.
const MOST_GONE: usize = 6;

fn gone(ids: impl Iterator<Item = SessionId>) -> Option<AttributeValue> {
    set(ids.map(gone_id))
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
    let (ipv4, ipv6) = match (earlier, reader.opt_blob(IPV6)?.map(<[u8]>::len)) {
        (Some(_), _) => (
            reader.opt_bytes(IPV4)?,
            reader.opt_bytes::<16>(IPV6)?.map(Ipv6Addr::from),
        ),
        (None, Some(BOTH)) => {
            let [network @ .., a, b, c, d] = reader.bytes::<BOTH>(IPV6)?;
            (Some([a, b, c, d]), Some(of_network(network)))
        }
        (None, _) => (
            reader.opt_bytes(IPV4)?,
            reader.opt_bytes::<8>(IPV6)?.map(of_network),
        ),
    };
    let mut session = HeldSession {
        created_at,
        last_activity_at: reader.time(LAST_ACTIVITY)?,
        idle_timeout: Duration::ZERO,
        absolute_expiry: created_at,
        fingerprint,
        ipv4: ipv4.map(Into::into),
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

/// Bytes of both addresses in one attribute, the IPv6 network first: two less than in two, so that the largest guard has
/// room for what left it.
const BOTH: usize = 8 + 4;

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
    let (ipv4, ipv6) = (session.ipv4.map(|it| it.octets()), session.ipv6.map(network_of));
    if let (Some(ipv4), Some(ipv6)) = (ipv4, ipv6) {
        put(IPV6, Some(bytes(&[ipv6.as_slice(), &ipv4].concat())));
    } else {
        put(IPV4, ipv4.map(|it| bytes(&it)));
        put(IPV6, ipv6.map(|it| bytes(&it)));
    }
    AttributeValue::M(item)
}

fn ttl(now: Instant, kept: Duration) -> AttributeValue {
    number((now + kept).secs())
}

/// A guard of which all sessions were ended at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// When that was, as the guard has it.
    pub at: Instant,
    /// The guard before.
    pub before: Guard,
    count: u64,
}

impl Emptied {
    /// What was ended, and the sessions of which the guard told that they had ended before.
    pub fn known(&self) -> Vec<SessionId> {
        let held = self.before.sessions.iter().chain(&self.before.revoked_sessions);
        let removed = self.before.removals.iter().map(|(id, _)| *id);
        held.map(|(id, _)| *id).chain(removed).collect()
    }

    /// The latest instant at which one of those was drawn.
    fn closing(&self) -> Option<Instant> {
        let ended = self.before.sessions.iter().map(|(id, _)| id.drawn_at());
        ended.chain(self.before.closing()).max()
    }
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
    /// Where the sendings of its writes are counted.
    pub attempts: &'a Attempts,
}

/// What became of a write into the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The session is held: as it was sent, or as an earlier sending stored it.
    Held(Option<Box<HeldSession>>),
    /// The subject has no guard yet.
    NoGuard,
    /// The guard stood against it, as it is now.
    Refused(Box<Guard>),
}

/// What became of taking back a session that nobody was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is not held, and no write of it that is still on its way will be.
    Done,
    /// It is not as it was written any more: somebody else goes on with it, or it has ended since and was perhaps told of.
    Changed,
}

/// A session as it was judged: a proof, and whatever else moves what a session is held by, shows in one of the two. What
/// an earlier version wrote has its trail in another form.
const AS_JUDGED: &str = "#sessions.#id.#last_activity = :seen \
     AND (#sessions.#id.#trail = :trail OR attribute_exists(#sessions.#id.#idle))";
/// How often a writer that lost a race tries again with what it lost against.
const MOST_TRIES: u32 = 8;

const OPEN: &str = "SET #sessions.#id = :session, #ttl = :ttl, #schema = :schema, \
     #due_hash = if_not_exists(#due_hash, :due_hash), #due_at = if_not_exists(#due_at, :due_at)";
const OPEN_IF: &str = "attribute_not_exists(#sessions.#id) AND size(#sessions) < :bound \
     AND (attribute_not_exists(#schema) OR #schema <= :schema)";
/// The first attempt has not seen the guard. Each removal leaves there what it took, so a write that was applied,
/// undone, and is sent or delivered once more finds its own id, or that all were ended.
const OPEN_UNSEEN_IF: &str = "(attribute_not_exists(#revoked_all_at) OR #revoked_all_at < :authorised) \
     AND (attribute_not_exists(#closed) OR #closed < :drawn) \
     AND (attribute_not_exists(#revoked_sessions) OR size(#revoked_sessions) = :none) \
     AND (attribute_not_exists(#gone) OR (size(#gone) < :most_gone AND NOT contains(#gone, :gone_id)))";
/// A later attempt has seen the guard: nothing was removed since, neither this session nor all of them.
const OPEN_SEEN_IF: &str = "(attribute_not_exists(#removal_count) OR #removal_count = :seen_count)";

impl Store {
    /// What the subject holds now. Strongly consistent: one read unit up to the largest guard.
    pub async fn guard(&self, tenant: &TenantId, subject: &SubjectKey) -> Result<Option<Guard>, Error> {
        let item = self.get(&Key::guard(tenant, subject)).await?;
        item.as_ref().map(Guard::read).transpose()
    }

    /// Puts the session into a guard that has room for it, without having seen the guard: one request.
    ///
    /// A revoke-all at or after `authorised_at` refuses it, and so does whatever may be a removal of this very session.
    pub async fn open_with_room(
        &self,
        opening: &Opening<'_>,
        max: usize,
        authorised_at: Instant,
    ) -> Result<Opened, Error> {
        let condition = format!("{OPEN_IF} AND {OPEN_UNSEEN_IF}");
        let update = format!("{OPEN} REMOVE #removals, #revoked_sessions");
        let values = vec![
            (":bound", number(max)),
            (":authorised", time(authorised_at)),
            (":drawn", time(opening.id.drawn_at())),
            (":none", number(0)),
            (":most_gone", number(MOST_GONE)),
            (":gone_id", bytes(&gone_id(opening.id))),
        ];
        self.open(opening, &update, &condition, Leaving::default(), values)
            .await
    }

    /// Puts the session into the guard in place of `victims`, each of them still as `seen` shows it: one request. Nothing
    /// was removed since the guard was seen, so that the caller's judgement of it still holds. `pace` goes along where
    /// the guard needs another.
    pub async fn open_replacing(
        &self,
        opening: &Opening<'_>,
        max: usize,
        victims: &[(SessionId, Reason)],
        (seen, pace): (&Guard, Option<Pace>),
        now: Instant,
    ) -> Result<Opened, Error> {
        let mut values = vec![
            (":bound", number(max + victims.len())),
            (":seen_count", number(seen.removal_count)),
        ];
        let leaving = Leaving::of(victims, seen);
        let (mut update, mut remove, mut add) = (OPEN.to_owned(), leaving.removed.clone(), "");
        if let Some(pace) = pace {
            update.push_str(", #pace = :pace");
            values.push((":pace", bytes(&pace.to_bytes())));
        }
        if let Some(closed) = seen.closing() {
            update.push_str(", #closed = :closed");
            values.push((":closed", time(closed)));
        }
        if let Some(left) = gone(victims.iter().map(|(id, _)| *id)) {
            update.push_str(", #removals = :removals, #removed_at = :now, #gone = :gone");
            add = " ADD #removal_count :one";
            values.extend([
                (":removals", removals(victims)),
                (":now", time(now)),
                (":gone", left),
                (":one", number(1)),
            ]);
        } else {
            remove.push_str(", #removals, #gone");
        }
        update = format!("{update} REMOVE #revoked_sessions{remove}{add}");
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
        values.extend([
            (":session", held_item(opening.session)),
            (":ttl", ttl(opening.session.last_activity_at, self.guard_kept)),
            (":schema", number(SCHEMA_VERSION)),
            (":due_hash", text(due.hash)),
            (":due_at", time(due.at)),
        ]);
        let key = Key::guard(opening.tenant, opening.subject);
        let written = leaving
            .fill(self.update(&key, update, condition, values))
            .expression_attribute_names("#id", opening.id.to_compact())
            .customize()
            .interceptor(opening.attempts.of_one())
            .send()
            .await;
        match Write::of(written)? {
            Write::Done(_) => Ok(Opened::Held(None)),
            Write::Refused(None) => Ok(Opened::NoGuard),
            Write::Refused(Some(item)) => refused(&item, opening.id),
        }
    }

    /// Makes the guard of a subject that has none, holding the session: one request.
    pub async fn open_first(&self, opening: &Opening<'_>) -> Result<Opened, Error> {
        let due = due_of(opening.subject, opening.session.expires_at());
        let sessions = HashMap::from([(opening.id.to_compact(), held_item(opening.session))]);
        let item = HashMap::from([
            (SESSIONS.to_owned(), AttributeValue::M(sessions)),
            (
                TTL.to_owned(),
                ttl(opening.session.last_activity_at, self.guard_kept),
            ),
            (DUE_HASH.to_owned(), text(due.hash)),
            (DUE_AT.to_owned(), time(due.at)),
        ]);
        let (tenant, subject) = (opening.tenant, opening.subject);
        match self.put_first(tenant, subject, item, opening.attempts).await? {
            Write::Done(()) => Ok(Opened::Held(None)),
            Write::Refused(None) => Ok(Opened::NoGuard),
            Write::Refused(Some(item)) => refused(&item, opening.id),
        }
    }

    async fn put_first(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        mut item: Item,
        attempts: &Attempts,
    ) -> Result<Write<()>, Error> {
        item.extend(Key::guard(tenant, subject).attributes());
        item.insert(SCHEMA.to_owned(), number(SCHEMA_VERSION));
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .set_expression_attribute_names(Some(names("#pk")))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .interceptor(attempts.of_one())
            .send()
            .await;
        Ok(match Write::of(written)? {
            Write::Done(_) => Write::Done(()),
            Write::Refused(item) => Write::Refused(item),
        })
    }

    /// Takes back a session of which nobody was told, as it was `written`: one request, a second where the subject has no
    /// guard. It is final: a write of the session that is delivered later finds its id among those that left.
    pub async fn withdraw(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        (id, written): (SessionId, &HeldSession),
        now: Instant,
    ) -> Result<Withdrawn, Error> {
        let update = "SET #removals = :removals, #removed_at = :now \
             REMOVE #sessions.#id ADD #removal_count :one, #gone :gone";
        let condition =
            format!("#schema <= :schema AND (attribute_not_exists(#sessions.#id) OR ({AS_JUDGED}))");
        let left = AttributeValue::Bs(vec![Blob::new(gone_id(id))]);
        let taken = [(id, Reason::Withdrawn)];
        for _ in 0..MOST_TRIES {
            let values = [
                (":removals", removals(&taken)),
                (":now", time(now)),
                (":one", number(1)),
                (":gone", left.clone()),
                (":schema", number(SCHEMA_VERSION)),
                (":seen", time(written.last_activity_at)),
                (":trail", bytes(&trail::pack(written))),
            ];
            let update = self.update(&Key::guard(tenant, subject), update, &condition, values);
            let withdrawn = update
                .expression_attribute_names("#id", id.to_compact())
                .return_values(ReturnValue::AllOld)
                .send()
                .await;
            match Write::of(withdrawn)? {
                Write::Done(output) => {
                    let old = Guard::before(output)?;
                    let ours = old.find(id).is_some() || old.why_removed(id) == Some(Reason::Withdrawn);
                    return Ok(if !ours && old.may_have_held(id) {
                        Withdrawn::Changed
                    } else {
                        Withdrawn::Done
                    });
                }
                Write::Refused(Some(item)) => {
                    // A later version's guard is not to be guessed at.
                    Reader::open(&item)?;
                    return Ok(Withdrawn::Changed);
                }
                Write::Refused(None) => {}
            }
            // The first session of its subject: what is on its way makes a guard only where there is none.
            let item = HashMap::from([
                (SESSIONS.to_owned(), AttributeValue::M(HashMap::new())),
                (REMOVED_AT.to_owned(), time(now)),
                (REMOVAL_COUNT.to_owned(), number(1)),
                (GONE.to_owned(), left.clone()),
                (TTL.to_owned(), ttl(now, self.guard_kept)),
            ]);
            if let Write::Done(()) = self
                .put_first(tenant, subject, item, &Attempts::default())
                .await?
            {
                return Ok(Withdrawn::Done);
            }
        }
        Err(Error::Contended)
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
    /// Where it was `judged`, it leaves only as it was then: a proof that came in between wins.
    pub async fn remove(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        (id, judged): (SessionId, Option<&HeldSession>),
        reason: Reason,
        now: Instant,
    ) -> Result<Removed, Error> {
        let update = "SET #removals = :removals, #removed_at = :now \
             REMOVE #sessions.#id ADD #removal_count :one, #gone :gone";
        let mut condition = "attribute_exists(#sessions.#id) AND #schema <= :schema".to_owned();
        let mut values = vec![
            (":removals", removals(&[(id, reason)])),
            (":now", time(now)),
            (":one", number(1)),
            (":gone", AttributeValue::Bs(vec![Blob::new(gone_id(id))])),
            (":schema", number(SCHEMA_VERSION)),
        ];
        if let Some(judged) = judged {
            condition = format!("{condition} AND {AS_JUDGED}");
            values.push((":seen", time(judged.last_activity_at)));
            values.push((":trail", bytes(&trail::pack(judged))));
        }
        let written = self
            .update(&Key::guard(tenant, subject), update, &condition, values)
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
        if guard.find(id).is_some() {
            return Ok(Removed::Changed(Box::new(guard)));
        }
        if guard.removed_at == Some(now) && guard.why_removed(id) == Some(reason) {
            return Ok(Removed::Before);
        }
        let revoked_all_at = guard.revoked_all_at;
        Ok(Removed::Absent { revoked_all_at })
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
        Ok(self.empty(tenant, subject, now, "", clock).await?.before.sessions)
    }

    /// As [`Store::remove_all`], because everything of the subject is erased: the guard says so, and nobody stamps the
    /// records of these sessions, nor learns from them.
    ///
    /// Answers the instant from which on the subject begins anew, and the guard as it was: its last sessions, and those that
    /// had left it before. The index may not know their records yet.
    pub async fn erase_held(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<Emptied, Error> {
        self.empty(tenant, subject, now, ", #erased_at = :at", None).await
    }

    /// Leaves of a guard that was emptied what keeps that in force: one request. Nothing where a session was opened since,
    /// which has dropped the rest, or where another erasure came later, which will.
    pub async fn forget_held(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        emptied: &Emptied,
    ) -> Result<(), Error> {
        let condition = "#erased_at = :at AND size(#sessions) = :zero AND #removal_count = :count \
             AND #schema <= :schema";
        let key = Key::guard(tenant, subject);
        let (mut closed, mut count) = (emptied.closing(), emptied.count);
        for _ in 0..MOST_TRIES {
            let mut values = vec![
                (":at", time(emptied.at)),
                (":zero", number(0)),
                (":count", number(count)),
                (":schema", number(SCHEMA_VERSION)),
            ];
            let mut update = String::new();
            // What was drawn before it was erased is refused by that.
            if let Some(closed) = closed.filter(|closed| emptied.at < *closed) {
                update.push_str("SET #closed = :closed ");
                values.push((":closed", time(closed)));
            }
            update.push_str("REMOVE #revoked_sessions, #revoker_clock, #removals, #gone, #due_hash, #due_at");
            let written = self.update(&key, &update, condition, values).send().await;
            let Write::Refused(Some(item)) = Write::of(written)? else {
                return Ok(());
            };
            let now = Guard::read(&item)?;
            if now.erased_at != Some(emptied.at) || !now.sessions.is_empty() {
                return Ok(());
            }
            // Something was withdrawn, or all were ended once more.
            (closed, count) = (now.closing(), now.removal_count);
        }
        Err(Error::Contended)
    }

    /// Takes all sessions out of the guard.
    ///
    /// What was ended stays in the guard until a create has seen it, so that none that was sent before brings one of them
    /// back. So where all were ended before and nothing was opened since, it costs one more request.
    async fn empty(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
        also: &str,
        clock: Option<IssuerClock>,
    ) -> Result<Emptied, Error> {
        let (set, remove) = match clock {
            Some(_) => (", #revoker_clock = :clock", ""),
            None => ("", ", #revoker_clock"),
        };
        let marks = format!(
            "#revoked_all_at = :at, #removed_at = :now, #ttl = :ttl, #schema = :schema{also}{set} \
             REMOVE #removals{remove} ADD #removal_count :one"
        );
        let later = "(attribute_not_exists(#revoked_all_at) OR #revoked_all_at < :at) \
             AND (attribute_not_exists(#schema) OR #schema <= :schema)";
        let emptied = (
            format!("SET #revoked_sessions = if_not_exists(#sessions, :none), #sessions = :none, {marks}"),
            format!(
                "{later} AND (size(#sessions) > :zero OR attribute_not_exists(#revoked_sessions) \
                 OR size(#revoked_sessions) = :zero)"
            ),
        );
        let marked = (
            format!("SET {marks}"),
            format!("{later} AND size(#sessions) = :zero"),
        );
        let (mut at, mut again) = (now, false);
        for _ in 0..MOST_TRIES {
            let (update, condition) = if again { &marked } else { &emptied };
            let mut values = vec![
                (":at", time(at)),
                (":now", time(now)),
                (":ttl", ttl(now, self.guard_kept)),
                (":zero", number(0)),
                (":one", number(1)),
                (":schema", number(SCHEMA_VERSION)),
            ];
            if !again {
                values.push((":none", AttributeValue::M(HashMap::new())));
            }
            values.extend(clock.map(|it| (":clock", bytes(&it.to_bytes()))));
            let written = self
                .update(&Key::guard(tenant, subject), update, condition, values)
                .return_values(ReturnValue::AllOld)
                .send()
                .await;
            let guard = match Write::of(written)? {
                Write::Done(output) => {
                    let before = Guard::before(output)?;
                    let count = before.removal_count + 1;
                    return Ok(Emptied { at, before, count });
                }
                Write::Refused(None) => return Err(Error::Contended),
                Write::Refused(Some(item)) => Guard::read(&item)?,
            };
            // Sent twice, or another one in the same millisecond: nothing was opened in between.
            let same = guard.revoked_all_at == Some(at)
                && (also.is_empty() || guard.erased_at == guard.revoked_all_at);
            if same && guard.sessions.is_empty() {
                let (sessions, count) = (guard.revoked_sessions, guard.removal_count);
                let before = Guard {
                    sessions,
                    revoked_sessions: Vec::new(),
                    ..guard
                };
                return Ok(Emptied { at, before, count });
            }
            // Another machine's clock is ahead of this one's: follow it.
            if let Some(later) = guard.revoked_all_at.filter(|later| at <= *later) {
                at = later + Duration::from_millis(1);
            }
            again = guard.sessions.is_empty() && !guard.revoked_sessions.is_empty();
        }
        Err(Error::Contended)
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
            add = " ADD #removal_count :one, #gone :gone";
            values.extend([
                (":removals", removals(expired)),
                (":now", time(now)),
                (":one", number(1)),
            ]);
            values.extend(gone(expired.iter().map(|(id, _)| *id)).map(|it| (":gone", it)));
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

fn refused(item: &Item, id: SessionId) -> Result<Opened, Error> {
    let guard = Guard::read(item)?;
    if let Some(stored) = guard.find(id) {
        return Ok(Opened::Held(Some(Box::new(stored.clone()))));
    }
    Ok(Opened::Refused(Box::new(guard)))
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
                values.push((":trail", bytes(&trail::pack(seen))));
                (whole, format!("{held} AND {AS_JUDGED}"), values)
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
    /// It is held, and not as it was judged any more: the guard as it is now.
    Changed(Box<Guard>),
    /// The session was not held.
    Absent {
        /// When all sessions of the subject were last ended at once.
        revoked_all_at: Option<Instant>,
    },
}

#[cfg(test)]
#[path = "guard_size.rs"]
mod size;
