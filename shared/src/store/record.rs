//! The record of one session: everything about it, kept after its end.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::attributes::{
    ABSOLUTE_EXPIRY, BROWSER, BROWSER_VERSION, CITY, COUNTRY, CREATED_AT, DEVICE, DEVICE_TYPE, END_REASON,
    ENDED_AT, FACTS, FINGERPRINT, HISTORY_HASH, HISTORY_RANGE, IDLE, IPV4, ISSUER_CLOCK, KIND, LANGUAGE,
    LAST_ACTIVITY, LAST_IP, LATEST_USER_AGENT, OBSERVED_IP, OS, OS_VERSION, REFERENCE_ID, SCHEMA, SCREEN,
    STARTED_AT, SUBJECT, SUBJECT_ISSUER, TIME_ZONE, TRAITS, TTL, UPDATED_AT, USER_AGENT, VISITORS, VISITS,
    names,
};
use super::facts;
use super::guard::{reason_code, reason_of};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, readable, set, text, time};
use super::keys::{Key, history_hash, history_range};
use super::{Error, Store, Write};
use crate::model::{
    Attached, Device, DeviceKey, DeviceType, Ending, Facts, Instant, IssuerClock, Reason, SessionId,
    SessionRecord, SubjectKey, TenantId, Tenure,
};

/// How a session ended, on its way into its record.
#[derive(Debug, Clone)]
pub struct Stamp<'a> {
    /// When and why.
    pub ending: Ending,
    /// The reason a caller gave, in the caller's words.
    pub note: Option<&'a str>,
}

impl SessionRecord {
    pub(super) fn read(item: &Item) -> Result<Self, Error> {
        let reader = Reader::open(item)?;
        let id = item
            .get(super::attributes::PARTITION_KEY)
            .and_then(|it| it.as_s().ok())
            .and_then(|pk| pk.split_once("#S#"))
            .and_then(|(_, id)| id.parse().ok())
            .ok_or_else(|| reader.corrupt("not a session's key"))?;
        let ended = match (reader.opt_time(ENDED_AT)?, reader.opt_text(END_REASON)?) {
            (Some(at), Some(code)) => Some(Ending {
                at,
                reason: reason_of(&reader, code)?,
            }),
            _ => None,
        };
        let owned = |value: Option<&str>| value.map(str::to_owned);
        let created_at = reader.time(CREATED_AT)?;
        let inside = |name| reader.map(name);
        Ok(Self {
            id,
            subject: reader.text(SUBJECT)?.to_owned(),
            issuer: owned(reader.opt_text(SUBJECT_ISSUER)?),
            tenure: match reader.text(KIND)? {
                OBSERVED => Tenure::Observed,
                _ => Tenure::Held {
                    idle_timeout: Duration::from_secs(reader.number(IDLE)?),
                    absolute_expiry: reader.time(ABSOLUTE_EXPIRY)?,
                },
            },
            created_at,
            started_at: reader.opt_time(STARTED_AT)?.unwrap_or(created_at),
            updated_at: reader.opt_time(UPDATED_AT)?,
            reference_id: owned(reader.opt_text(REFERENCE_ID)?),
            ip: reader.text(IPV4)?.to_owned(),
            facts: inside(FACTS)?
                .map(|it| facts::read(&it))
                .transpose()?
                .unwrap_or_default(),
            user_agent: reader.text(USER_AGENT)?.to_owned(),
            latest_user_agent: owned(reader.opt_text(LATEST_USER_AGENT)?),
            fingerprint: reader.text(FINGERPRINT)?.to_owned(),
            device: inside(DEVICE)?
                .map(|it| read_device(&it))
                .transpose()?
                .unwrap_or_default(),
            attached: Attached {
                visits: reader.set(VISITS)?,
                devices: reader.set(VISITORS)?.into_iter().map(DeviceKey::new).collect(),
                traits: reader.opt_blob(TRAITS)?.map(<[u8]>::to_vec),
            },
            geo_country: owned(reader.opt_text(COUNTRY)?),
            geo_city: owned(reader.opt_text(CITY)?),
            observed_ip: owned(reader.opt_text(OBSERVED_IP)?),
            ended,
            last_activity_at: reader.opt_time(LAST_ACTIVITY)?,
            last_ip: owned(reader.opt_text(LAST_IP)?),
        })
    }
}

/// How many of a subject's latest sessions tell of their issuers' clocks.
const CLOCKS: usize = 10;

/// Kinds of record.
const HELD: &str = "h";
const OBSERVED: &str = "o";

fn read_device(reader: &Reader<'_>) -> Result<Device, Error> {
    let owned = |name| reader.opt_text(name).map(|it| it.map(str::to_owned));
    let kind = reader.opt_text(DEVICE_TYPE)?;
    Ok(Device {
        browser: owned(BROWSER)?,
        browser_version: owned(BROWSER_VERSION)?,
        os: owned(OS)?,
        os_version: owned(OS_VERSION)?,
        device_type: DeviceType::ALL.into_iter().find(|it| Some(it.as_str()) == kind),
        screen_resolution: owned(SCREEN)?,
        language: owned(LANGUAGE)?,
        timezone: owned(TIME_ZONE)?,
    })
}

fn device_item(device: &Device) -> Item {
    let texts = [
        (BROWSER, device.browser.as_deref()),
        (BROWSER_VERSION, device.browser_version.as_deref()),
        (OS, device.os.as_deref()),
        (OS_VERSION, device.os_version.as_deref()),
        (DEVICE_TYPE, device.device_type.map(DeviceType::as_str)),
        (SCREEN, device.screen_resolution.as_deref()),
        (LANGUAGE, device.language.as_deref()),
        (TIME_ZONE, device.timezone.as_deref()),
    ];
    let kept = |(name, value): (&str, Option<&str>)| {
        value.map(|value| (name.to_owned(), text(clipped(value, SessionRecord::MAX_TEXT))))
    };
    texts.into_iter().filter_map(kept).collect()
}

fn clipped(value: &str, chars: usize) -> String {
    value.chars().take(chars).collect()
}

fn new_item(tenant: &TenantId, subject: &SubjectKey, record: &SessionRecord, retention: Duration) -> Item {
    let short = |value: &str| text(clipped(value, SessionRecord::MAX_TEXT));
    let agent = |value: &str| text(clipped(value, SessionRecord::MAX_USER_AGENT));
    let mut item = Key::session(tenant, record.id).attributes();
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    put(SCHEMA, number(SCHEMA_VERSION));
    put(TTL, number((record.created_at + retention).secs()));
    put(HISTORY_HASH, text(history_hash(tenant, subject)));
    put(HISTORY_RANGE, text(history_range(record.started_at, record.id)));
    put(SUBJECT, text(&record.subject));
    put(CREATED_AT, time(record.created_at));
    put(IPV4, short(&record.ip));
    put(USER_AGENT, agent(&record.user_agent));
    put(FINGERPRINT, short(&record.fingerprint));
    match record.tenure {
        Tenure::Held {
            idle_timeout,
            absolute_expiry,
        } => {
            put(KIND, text(HELD));
            put(IDLE, number(idle_timeout.as_secs()));
            put(ABSOLUTE_EXPIRY, time(absolute_expiry));
        }
        Tenure::Observed => {
            put(KIND, text(OBSERVED));
        }
    }
    let device = device_item(&record.device);
    let attached = &record.attached;
    let visitors = attached.devices.iter().map(|it| it.bits());
    let optional = [
        (
            FACTS,
            (record.facts != Facts::default()).then(|| facts::item(&record.facts)),
        ),
        (DEVICE, (!device.is_empty()).then_some(AttributeValue::M(device))),
        (
            STARTED_AT,
            (record.started_at != record.created_at).then(|| time(record.started_at)),
        ),
        (VISITS, set(attached.visits.iter().copied())),
        (VISITORS, set(visitors)),
        (TRAITS, attached.traits.as_deref().map(bytes)),
        (UPDATED_AT, record.updated_at.map(time)),
        (REFERENCE_ID, record.reference_id.as_ref().map(text)),
        (LATEST_USER_AGENT, record.latest_user_agent.as_deref().map(agent)),
        (SUBJECT_ISSUER, record.issuer.as_ref().map(text)),
        (COUNTRY, record.geo_country.as_deref().map(short)),
        (CITY, record.geo_city.as_deref().map(short)),
        (OBSERVED_IP, record.observed_ip.as_deref().map(short)),
        (ENDED_AT, record.ended.map(|it| time(it.at))),
        (END_REASON, record.ended.map(|it| text(reason_code(it.reason)))),
    ];
    item.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    item
}

impl Store {
    /// Writes the record of a new session, kept for `retention` after its creation. A record that is there stays, unless
    /// its session was withdrawn and is opened after all.
    pub async fn put_record(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        record: &SessionRecord,
        retention: Duration,
    ) -> Result<(), Error> {
        self.put_record_by(tenant, subject, record, retention, None).await
    }

    /// The same at the word of a token, with what it showed of its issuer's clock.
    pub async fn put_record_by(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        record: &SessionRecord,
        retention: Duration,
        clock: Option<IssuerClock>,
    ) -> Result<(), Error> {
        let mut item = new_item(tenant, subject, record, retention);
        item.extend(clock.map(|it| (ISSUER_CLOCK.to_owned(), bytes(&it.to_bytes()))));
        let condition = "attribute_not_exists(#pk) OR #end_reason = :withdrawn";
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":withdrawn", text(reason_code(Reason::Withdrawn)))
            .send()
            .await;
        // Refused: the SDK sent it twice.
        Write::of(written).map(|_| ())
    }

    /// The record of a session, whoever owns it.
    pub async fn record(&self, tenant: &TenantId, id: SessionId) -> Result<Option<SessionRecord>, Error> {
        self.get(&Key::session(tenant, id))
            .await?
            .as_ref()
            .map(SessionRecord::read)
            .transpose()
    }

    /// What the tokens that opened a subject's latest sessions showed of their issuers' clocks: of these sessions, as a
    /// strongly consistent read shows them, and beside that of the newest in the history but for `opening`, which is judged
    /// by them. Two requests side by side.
    pub async fn issuer_clocks(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        ids: &[SessionId],
        opening: SessionId,
    ) -> Result<Vec<IssuerClock>, Error> {
        let newest = ids.iter().rev().take(CLOCKS);
        let keys = newest.map(|id| Key::session(tenant, *id).attributes());
        let condition = "#history_hash = :owner";
        let history = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("history")
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":owner", text(history_hash(tenant, subject)))
            .scan_index_forward(false)
            .limit(i32::try_from(CLOCKS + 1).unwrap_or(1))
            .send();
        let (named, history) = tokio::join!(self.batch(keys.collect()), history);
        let history = history.map_err(Error::unavailable)?.items.unwrap_or_default();
        let opening = Key::session(tenant, opening).pk;
        let mut clocks = Vec::new();
        for item in named?.iter().chain(&history) {
            let reader = Reader::open(item)?;
            if reader.text(super::attributes::PARTITION_KEY)? != opening {
                clocks.extend(reader.opt_bytes(ISSUER_CLOCK)?.map(IssuerClock::of_bytes));
            }
        }
        Ok(clocks)
    }

    /// The records of these sessions, those that exist and can be read. One request, and one more for what the table left undone.
    pub async fn records(&self, tenant: &TenantId, ids: &[SessionId]) -> Result<Vec<SessionRecord>, Error> {
        let keys = ids.iter().map(|id| Key::session(tenant, *id).attributes());
        let items = self.batch(keys.collect()).await?;
        Ok(readable(&items, SessionRecord::read))
    }

    /// Writes the latest user agent into a record, after the session was accepted with a new one.
    pub async fn record_user_agent(
        &self,
        tenant: &TenantId,
        id: SessionId,
        user_agent: &str,
    ) -> Result<(), Error> {
        let text = text(clipped(user_agent, SessionRecord::MAX_USER_AGENT));
        let (update, condition) = ("SET #latest_user_agent = :it", "attribute_exists(#pk)");
        let key = Key::session(tenant, id);
        let written = self.update(&key, update, condition, [(":it", text)]).send().await;
        Write::of(written).map(|_| ())
    }

    /// Attaches a visit to a record, and its device where there is one; `traits`, where there are any, take the place of
    /// earlier ones. To a record that leads to [`Attached::MOST`] visits the rest is attached without the visit. False when
    /// there is no such record, or when it leads to as many devices.
    pub async fn attach(
        &self,
        tenant: &TenantId,
        id: SessionId,
        visit: &[u8; 32],
        device: Option<DeviceKey>,
        traits: Option<&[u8]>,
    ) -> Result<bool, Error> {
        let (key, visits) = (Key::session(tenant, id), set([*visit].into_iter()));
        let devices = set(device.iter().map(|it| it.bits()));
        let attach = async |visits: Option<AttributeValue>| {
            let mut condition = "attribute_exists(#pk)".to_owned();
            let (mut added, mut values) = (Vec::new(), Vec::new());
            for (name, value, placeholder) in [
                ("#visits", visits, ":visits"),
                ("#visitors", devices.clone(), ":visitors"),
            ] {
                let Some(value) = value else { continue };
                added.push(format!("{name} {placeholder}"));
                condition.push_str(&format!(
                    " AND (attribute_not_exists({name}) OR size({name}) < :most)"
                ));
                values.push((placeholder, value));
            }
            let mut update = String::new();
            if !added.is_empty() {
                values.push((":most", number(Attached::MOST)));
                update = format!("ADD {}", added.join(", "));
            }
            if let Some(traits) = traits {
                update.push_str(" SET #traits = :traits");
                values.push((":traits", bytes(traits)));
            }
            if update.is_empty() {
                return Ok(false);
            }
            let written = self.update(&key, &update, &condition, values).send().await;
            Ok(matches!(Write::of(written)?, Write::Done(_)))
        };
        Ok(attach(visits).await? || attach(None).await?)
    }

    /// Takes back the latest user agent `ours`, if it is still there, in favour of the `earlier` one.
    pub async fn restore_user_agent(
        &self,
        tenant: &TenantId,
        id: SessionId,
        ours: &str,
        earlier: &str,
    ) -> Result<(), Error> {
        let stored = |it| text(clipped(it, SessionRecord::MAX_USER_AGENT));
        let (update, condition) = ("SET #latest_user_agent = :earlier", "#latest_user_agent = :ours");
        let values = [(":earlier", stored(earlier)), (":ours", stored(ours))];
        let key = Key::session(tenant, id);
        let written = self.update(&key, update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }

    /// Writes down how a session of `subject` ended, unless that is written already. The record comes back as it was before
    /// that; nothing where it was not written.
    ///
    /// For held sessions this is the handler's word, given beside the removal it asked for; [`Store::settle`] has the
    /// last one. For observed ones it is the end itself.
    pub async fn stamp(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        stamp: &Stamp<'_>,
    ) -> Result<Option<SessionRecord>, Error> {
        let condition = "#history_hash = :owner AND (attribute_not_exists(#ended_at) \
             OR (#kind = :observed AND #ended_at > :at))";
        let mut update = "SET #ended_at = :at, #end_reason = :reason".to_owned();
        if stamp.note.is_some() {
            update.push_str(", #end_note = :note");
        }
        let mut values = vec![
            (":owner", text(history_hash(tenant, subject))),
            (":observed", text(OBSERVED)),
            (":at", time(stamp.ending.at)),
            (":reason", text(reason_code(stamp.ending.reason))),
        ];
        values.extend(stamp.note.map(|note| (":note", text(note))));
        let written = self
            .update(&Key::session(tenant, id), &update, condition, values)
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let Write::Done(output) = Write::of(written)? else {
            return Ok(None);
        };
        let old = output.attributes.filter(|item| !item.is_empty());
        old.as_ref().map(SessionRecord::read).transpose()
    }

    /// Takes back a stamp on the record of a session that had ended otherwise, unless that is written over it already.
    pub async fn unstamp(&self, tenant: &TenantId, id: SessionId, stamp: &Stamp<'_>) -> Result<(), Error> {
        let condition = "#ended_at = :at AND #end_reason = :reason AND attribute_not_exists(#settled)";
        let update = "REMOVE #ended_at, #end_reason, #end_note";
        let values = [
            (":at", time(stamp.ending.at)),
            (":reason", text(reason_code(stamp.ending.reason))),
        ];
        let key = Key::session(tenant, id);
        let written = self.update(&key, update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }

    /// Takes the record of a session that never came to be, or that nobody was told of, out of its subject's history,
    /// unless it is written already how the session ended. As nobody finds it by its subject any more, nothing in it is of
    /// a person from then on.
    pub async fn withdraw_record(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        now: Instant,
    ) -> Result<(), Error> {
        let condition = "#history_hash = :owner AND attribute_not_exists(#ended_at)";
        let update = "SET #ended_at = :at, #end_reason = :reason, #subject = :none, #ipv4 = :none, \
             #user_agent = :none, #fingerprint = :none \
             REMOVE #history_hash, #history_range, #subject_issuer, #reference_id, #facts, #device, \
             #latest_user_agent, #country, #city, #observed_ip, #visits, #visitors, #traits, #issuer_clock";
        let values = [
            (":owner", text(history_hash(tenant, subject))),
            (":none", text("")),
            (":at", time(now)),
            (":reason", text(reason_code(Reason::Withdrawn))),
        ];
        let key = Key::session(tenant, id);
        let written = self.update(&key, update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }

    /// Sets when an observed session ends, in the past or the future; a revoked one stays as it is.
    /// Answers the record as it is now, or nothing when there is no such record.
    pub async fn set_end(
        &self,
        tenant: &TenantId,
        id: SessionId,
        ended_at: Option<Instant>,
        now: Instant,
    ) -> Result<Option<SessionRecord>, Error> {
        let condition = "#kind = :observed AND (attribute_not_exists(#end_reason) OR #end_reason = :ended)";
        let mut condition = condition.to_owned();
        let mut update = "SET #updated_at = :now".to_owned();
        if let Some(at) = ended_at {
            update.push_str(", #ended_at = :at, #end_reason = :ended");
            if now < at {
                // What has ended does not live again.
                condition.push_str(" AND (attribute_not_exists(#ended_at) OR #ended_at > :now)");
            }
        }
        let mut values = vec![
            (":observed", text(OBSERVED)),
            (":ended", text(reason_code(Reason::LoggedOut))),
            (":now", time(now)),
        ];
        values.extend(ended_at.map(|at| (":at", time(at))));
        let written = self
            .update(&Key::session(tenant, id), &update, &condition, values)
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let item = match Write::of(written)? {
            Write::Done(output) => output.attributes,
            Write::Refused(item) => item,
        };
        item.as_ref().map(SessionRecord::read).transpose()
    }

    /// Writes down for good how a session ended, as its guard's history tells. False when there is no record.
    pub async fn settle(
        &self,
        tenant: &TenantId,
        id: SessionId,
        ending: Ending,
        last_activity: Instant,
        last_address: Option<std::net::IpAddr>,
    ) -> Result<bool, Error> {
        let condition = "attribute_exists(#pk) AND attribute_not_exists(#settled)";
        let mut update =
            "SET #ended_at = :at, #end_reason = :reason, #last_activity = :last, #settled = :one".to_owned();
        if last_address.is_some() {
            update.push_str(", #last_ip = :address");
        }
        let mut values = vec![
            (":at", time(ending.at)),
            (":reason", text(reason_code(ending.reason))),
            (":last", time(last_activity)),
            (":one", number(1)),
        ];
        values.extend(last_address.map(|address| (":address", text(address.to_string()))));
        let key = Key::session(tenant, id);
        let written = self.update(&key, &update, condition, values).send().await;
        Ok(!matches!(Write::of(written)?, Write::Refused(None)))
    }
}
