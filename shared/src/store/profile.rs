//! The profile: what a subject is known by over all of its sessions, written by settle-sessions alone.

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;

use super::attributes::{
    COUNTRIES, DAYS, DEVICES, EARLIER_COUNTRIES, EARLIER_DEVICES, EARLIER_NETWORKS, ERASED_AT, LATEST,
    NETWORKS, POSITION, REVISION, SINCE, SORT_KEY,
};
use super::item::{Bytes, Item, Reader, SCHEMA_VERSION, bytes, number, text, time};
use super::keys::Key;
use super::{Error, Position, Store, Write};
use crate::model::{Acquaintance, Instant, Pending, Profile, SessionId, SessionRecord, SubjectKey, TenantId};

/// How long a profile is kept after it last learnt something.
const KEPT: Duration = Duration::from_secs(Profile::KEPT_DAYS as u64 * 24 * 3600);
/// How long it is remembered that a profile was erased: longer than the table's stream, or a dead letter, can bring what
/// was before.
const ERASURE_KEPT: Duration = Duration::from_secs(15 * 24 * 3600);
/// Bytes of one thing: digest, first day, last day, days; flags, the session that brought it lately, its days.
const PACKED: usize = 20;
/// Without what stands behind the semicolon, as versions up to holdfast-risk-4 wrote it.
const EARLIER: usize = 14;

const PROVEN: u8 = 1;
const PENDING: u8 = 1 << 1;
const PENDING_PROVEN: u8 = 1 << 2;

/// A profile as it was read, and how often it had been written by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The profile; empty where there was none.
    pub profile: Profile,
    /// When it was last erased: what was before is not learnt any more.
    pub erased_at: Option<Instant>,
    written: u64,
    position: Option<Position>,
}

impl Revision {
    /// Whether the profile has learnt already from what stands at `position`, or from something after it.
    pub fn is_past(&self, position: &Position) -> bool {
        self.position
            .as_ref()
            .is_some_and(|it| it == position || position.is_before(it))
    }
}

/// What is known of a session and its subject beyond the guard.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The session's record, where there is one.
    pub record: Option<SessionRecord>,
    /// Its subject's profile; empty where there is none.
    pub profile: Profile,
}

impl Store {
    /// What the subject is known by at `now`, strongly consistent.
    pub async fn profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<Revision, Error> {
        let item = self.get(&Key::profile(tenant, subject)).await?;
        read(item.as_ref(), Profile::empty(tenant, subject), now)
    }

    /// Record and profile together, strongly consistent. One request, and one more for what the table left undone.
    pub async fn record_and_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        now: Instant,
    ) -> Result<Known, Error> {
        let keys = vec![
            Key::session(tenant, id).attributes(),
            Key::profile(tenant, subject).attributes(),
        ];
        let items = self.batch(keys).await?;
        let is_profile = |item: &&Item| {
            item.get(SORT_KEY)
                .and_then(|it| it.as_s().ok())
                .map(String::as_str)
                == Some("profile")
        };
        let record = items.iter().find(|item| !is_profile(item));
        Ok(Known {
            record: record.map(SessionRecord::read).transpose()?,
            profile: read(
                items.iter().find(is_profile),
                Profile::empty(tenant, subject),
                now,
            )?
            .profile,
        })
    }

    /// Writes `next`, learnt from what stands at `position` of the stream, in place of what `seen` was: one request.
    /// False when another one was faster.
    pub async fn put_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        seen: &Revision,
        next: &Profile,
        position: Option<&Position>,
        now: Instant,
    ) -> Result<bool, Error> {
        let mut update =
            "SET #networks = :networks, #countries = :countries, #devices = :devices, #since = :since, \
             #latest = :latest, #days = :days, #revision = :next, #ttl = :ttl, #schema = :schema"
                .to_owned();
        let condition = "(attribute_not_exists(#revision) OR #revision = :seen) \
             AND (attribute_not_exists(#schema) OR #schema <= :schema)";
        let mut values = vec![
            (":networks", bytes(&pack(&next.networks))),
            (":countries", bytes(&pack(&next.countries))),
            (":devices", bytes(&pack(&next.devices))),
            (":since", number(next.since)),
            (":latest", number(next.latest)),
            (":days", number(next.days)),
            (":next", number(seen.written + 1)),
            (":seen", number(seen.written)),
            (":ttl", number((now + KEPT).secs())),
            (":schema", number(SCHEMA_VERSION)),
        ];
        if let Some(position) = position {
            update.push_str(", #position = :position");
            values.push((":position", text(position.to_text())));
        }
        update.push_str(" REMOVE #earlier_networks, #earlier_countries, #earlier_devices");
        let key = Key::profile(tenant, subject);
        let written = self.update(&key, &update, condition, values).send().await;
        Ok(matches!(Write::of(written)?, Write::Done(_)))
    }

    /// Erases what the subject is known by, and leaves for some days that it happened `at` then, so that no late lesson
    /// brings it back: one request. Whether there was something.
    pub async fn erase_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        at: Instant,
    ) -> Result<bool, Error> {
        // One more revision: who has read the profile before does not write over this.
        let update = "SET #erased_at = :at, #revision = if_not_exists(#revision, :zero) + :one, #ttl = :ttl, \
             #schema = :schema REMOVE #networks, #countries, #devices, #earlier_networks, #earlier_countries, \
             #earlier_devices, #since, #latest, #days, #position";
        let condition = "(attribute_not_exists(#erased_at) OR #erased_at <= :at) \
             AND (attribute_not_exists(#schema) OR #schema <= :schema)";
        let values = [
            (":at", time(at)),
            (":zero", number(0)),
            (":one", number(1)),
            (":ttl", number((at + ERASURE_KEPT).secs())),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let written = self
            .update(&Key::profile(tenant, subject), update, condition, values)
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let old = match Write::of(written)? {
            Write::Done(output) => output.attributes,
            // A later erasure has been here, or a later version.
            Write::Refused(Some(item)) => return Reader::open(&item).map(|_| false),
            Write::Refused(None) => None,
        };
        Ok(old.is_some_and(|item| item.contains_key(DAYS)))
    }
}

fn read(item: Option<&Item>, empty: Profile, now: Instant) -> Result<Revision, Error> {
    let Some(item) = item else {
        return Ok(Revision {
            profile: empty,
            erased_at: None,
            written: 0,
            position: None,
        });
    };
    let reader = Reader::open(item)?;
    let (erased_at, written) = (reader.opt_time(ERASED_AT)?, reader.number(REVISION)?);
    if erased_at.is_some() && !item.contains_key(DAYS) {
        return Ok(Revision {
            profile: empty,
            erased_at,
            written,
            position: None,
        });
    }
    let list = |name, earlier| {
        if item.contains_key(name) {
            unpack::<PACKED>(&reader, name)
        } else {
            unpack::<EARLIER>(&reader, earlier)
        }
    };
    let mut profile = empty;
    profile.networks = list(NETWORKS, EARLIER_NETWORKS)?;
    profile.countries = list(COUNTRIES, EARLIER_COUNTRIES)?;
    profile.devices = list(DEVICES, EARLIER_DEVICES)?;
    profile.since = reader.number(SINCE)?;
    profile.latest = reader.number(LATEST)?;
    profile.days = reader.number(DAYS)?;
    Ok(Revision {
        profile: profile.at(now),
        erased_at,
        written,
        position: reader.opt_text(POSITION)?.and_then(Position::from_text),
    })
}

fn pack(list: &[Acquaintance]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(PACKED * list.len());
    for it in list {
        packed.extend(it.digest);
        for number in [it.first_on, it.last_on, it.days] {
            packed.extend(number.to_be_bytes());
        }
        let flags = [
            (PROVEN, it.proven),
            (PENDING, it.pending.is_some()),
            (PENDING_PROVEN, it.pending.is_some_and(|it| it.proven)),
        ];
        let set = flags.into_iter().filter(|(_, set)| *set);
        packed.push(set.fold(0, |flags, (bit, _)| flags | bit));
        packed.extend(it.pending.map_or([0; 4], |it| it.session));
        packed.push(it.pending.map_or(0, |it| it.days));
    }
    packed
}

/// Things of `N` bytes; what the shorter ones lack is zero.
fn unpack<const N: usize>(reader: &Reader<'_>, name: &str) -> Result<Vec<Acquaintance>, Error> {
    let (things, rest) = reader.opt_blob(name)?.unwrap_or_default().as_chunks::<N>();
    if !rest.is_empty() {
        return Err(reader.corrupt("not whole entries"));
    }
    let thing = |packed: &[u8; N]| {
        let mut rest = Bytes::of(packed);
        let (digest, first_on, last_on, days) = (
            rest.next(),
            u16::from_be_bytes(rest.next()),
            u16::from_be_bytes(rest.next()),
            u16::from_be_bytes(rest.next()),
        );
        let ([flags], session, [in_session]) = (rest.next(), rest.next(), rest.next());
        Acquaintance {
            digest,
            first_on,
            last_on,
            days,
            proven: flags & PROVEN != 0,
            pending: (flags & PENDING != 0).then_some(Pending {
                session,
                days: in_session,
                proven: flags & PENDING_PROVEN != 0,
            }),
        }
    };
    Ok(things.iter().map(thing).collect())
}
