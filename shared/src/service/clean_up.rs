//! Dropping sessions whose time ran out. They are refused from that moment on; this tidies up after them.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::task::JoinSet;

use super::Sessions;
use crate::model::{Instant, SubjectKey, TenantId};
use crate::store::{Error, Store};

/// How far back the first cleanup of a table looks, in hours: longer than any session lives.
const FIRST_LOOK_BACK: i64 = 31 * 24;
/// The same for a tenant's own call, which must be answered soon: the longest idle timeout and an hour.
const FIRST_LOOK_BACK_OF_CALL: i64 = 25;
/// An hour is drained for good when it ended this many hours ago: guards written late in it are in the index by then.
const SETTLING_HOURS: i64 = 1;
/// How often a guard that changes under our hands is looked at again.
const MOST_TRIES: u32 = 3;

/// What a cleanup did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// Sessions that were found expired and dropped.
    pub expired: u64,
    /// Guards that were looked at and can be read.
    pub guards: u64,
    /// Guards that were passed over, since this version cannot read them: a later one wrote them, or they are damaged.
    pub unreadable: u64,
    /// Whether everything due was worked off.
    pub complete: bool,
    /// How long ago the oldest hour began that is not drained for good, of a run over all tenants.
    pub behind: Duration,
}

impl Cleaned {
    fn add(&mut self, other: Self) {
        self.expired += other.expired;
        self.guards += other.guards;
        self.unreadable += other.unreadable;
        self.complete &= other.complete;
    }
}

impl Sessions {
    /// Writes a mark that whoever reads the table's stream sees.
    pub async fn probe_stream(&self, now: Instant) -> Result<(), Error> {
        self.store.probe_stream(now).await
    }

    /// Drops the expired sessions of one subject.
    pub async fn clean_subject(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<Cleaned, Error> {
        for _ in 0..MOST_TRIES {
            let Some(guard) = self.store.guard(tenant, subject).await? else {
                break;
            };
            let expired: Vec<_> = guard
                .sessions
                .iter()
                .filter_map(|(id, session)| Some((*id, session.expired(now)?.reason)))
                .collect();
            let due = guard.due.as_ref().is_some_and(|due| due.at <= now);
            if expired.is_empty() && !due {
                break;
            }
            let live = guard.sessions.iter().filter(|(_, session)| session.is_live(now));
            let next = live.map(|(_, session)| session.expires_at()).min();
            if self
                .store
                .expire(tenant, subject, &guard, &expired, next, now)
                .await?
            {
                let expired = u64::try_from(expired.len()).unwrap_or(u64::MAX);
                return Ok(Cleaned {
                    expired,
                    guards: 1,
                    complete: true,
                    ..Cleaned::default()
                });
            }
        }
        Ok(Cleaned {
            guards: 1,
            complete: true,
            ..Cleaned::default()
        })
    }

    /// Drops what is due at `now`: of `tenant`, at most `most` guards; or of all tenants, moving the watermark.
    ///
    /// Works hour by hour from the watermark on and stops early when `may_go_on` says so; the next call goes on there. A guard
    /// that cannot be read is counted and holds up nothing, not even the watermark.
    pub async fn clean_due(
        &self,
        tenant: Option<&TenantId>,
        most: u64,
        now: Instant,
        may_go_on: impl Fn() -> bool,
    ) -> Result<Cleaned, Error> {
        let current = Store::hour_of(now);
        let mark = self.store.watermark().await?;
        let mut cleaned = Cleaned {
            complete: true,
            ..Cleaned::default()
        };
        let look_back = if tenant.is_some() {
            FIRST_LOOK_BACK_OF_CALL
        } else {
            FIRST_LOOK_BACK
        };
        let first = mark.unwrap_or(current - look_back);
        let (mut undrained, mut looked) = (first, false);
        for hour in first..=current {
            if !may_go_on() || most <= cleaned.guards {
                cleaned.complete = false;
                break;
            }
            looked = true;
            let in_hour = self.clean_hour(tenant, hour, most - cleaned.guards, now).await?;
            if undrained == hour && in_hour.guards == 0 && hour + SETTLING_HOURS < current {
                undrained = hour + 1;
            }
            cleaned.add(in_hour);
        }
        if tenant.is_none() && looked && mark.is_none_or(|mark| mark < undrained) {
            self.store.advance_watermark(undrained).await?;
        }
        cleaned.behind = now.since(Store::start_of(undrained));
        Ok(cleaned)
    }

    async fn clean_hour(
        &self,
        tenant: Option<&TenantId>,
        hour: i64,
        most: u64,
        now: Instant,
    ) -> Result<Cleaned, Error> {
        let mut shards = JoinSet::new();
        for shard in 0..Store::DUE_SHARDS {
            let (sessions, tenant) = (self.clone(), tenant.cloned());
            let most = most / u64::from(Store::DUE_SHARDS);
            shards.spawn(async move {
                sessions
                    .clean_shard(tenant.as_ref(), (hour, shard), most, now)
                    .await
            });
        }
        let mut cleaned = Cleaned {
            complete: true,
            ..Cleaned::default()
        };
        while let Some(shard) = shards.join_next().await {
            cleaned.add(shard.map_err(|error| Error::Unavailable(Box::new(error)))??);
        }
        Ok(cleaned)
    }

    async fn clean_shard(
        &self,
        tenant: Option<&TenantId>,
        (hour, shard): (i64, u8),
        most: u64,
        now: Instant,
    ) -> Result<Cleaned, Error> {
        let mut cleaned = Cleaned {
            complete: true,
            ..Cleaned::default()
        };
        let mut from: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let page = self.store.due(hour, shard, now, from.take()).await?;
            if tenant.is_none() && 0 < page.others {
                tracing::error!(
                    items = page.others,
                    hour,
                    shard,
                    "items in the index of due guards that are no guards"
                );
                cleaned.unreadable += page.others;
            }
            for due in page
                .guards
                .iter()
                .filter(|due| tenant.is_none_or(|only| *only == due.tenant))
            {
                if most <= cleaned.guards {
                    cleaned.complete = false;
                    return Ok(cleaned);
                }
                match self.clean_subject(&due.tenant, &due.subject, now).await {
                    Ok(one) => cleaned.add(one),
                    Err(error) if error.is_unreadable() => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "guard passed over by cleanup"
                        );
                        cleaned.unreadable += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(cleaned),
            }
        }
    }
}
