//! Sessions that were opened elsewhere and are told of here.

use super::{Fetched, Sessions, State};
use crate::model::{
    Client, ClientId, Device, Facts, Instant, Reason, SessionId, SessionRecord, Subject, SubjectKey,
    TenantId, Tenure,
};
use crate::policy::Tenant;
use crate::store::Error;

/// A session to be told of.
#[derive(Debug, Clone)]
pub struct Ingest<'a> {
    /// Whose session it is: a subject's name, or its client id.
    pub client: &'a Subject,
    /// The id it gets here.
    pub id: SessionId,
    /// The caller's own id of it.
    pub reference_id: Option<&'a str>,
    /// Its address.
    pub ip: &'a str,
    /// What is known of the address.
    pub facts: Facts,
    /// Its user agent; empty when it was not told.
    pub user_agent: &'a str,
    /// Its fingerprint.
    pub fingerprint: &'a str,
    /// What else was told of its device.
    pub device: &'a Device,
    /// The address the gateway saw.
    pub observed_ip: Option<&'a str>,
    /// When it was opened.
    pub started_at: Instant,
    /// When it was told of first; a request that is sent again says the same.
    pub now: Instant,
}

impl Sessions {
    /// Writes down a session that was opened elsewhere: up to three requests side by side, one more before them where
    /// the tenant wants its clients told of first. Nothing when such a client is not known.
    ///
    /// They may be applied in any order, or some of them alone: a name without its record leads to the session of that
    /// name before, and a record without its name is found by its id and in the history.
    pub async fn ingest(&self, tenant: &Tenant, told: &Ingest<'_>) -> Result<Option<Fetched>, Error> {
        let (id, known_only) = (&tenant.id, tenant.policy.known_clients_only);
        let client = told.client.client_id(id);
        if known_only && self.store.client(id, client).await?.is_none() {
            return Ok(None);
        }
        let record = told.record();
        let kept_until = record.created_at + self.retention;
        // Boxed, so that three clients' worth of state is not one future's.
        let (written, named, registered) = tokio::join!(
            Box::pin(self.observe(id, told.client, &record)),
            Box::pin(async {
                match told.reference_id {
                    Some(reference) => {
                        let owner = told.client.key(id);
                        let named = self
                            .store
                            .put_reference(id, reference, told.id, &owner, kept_until);
                        named.await
                    }
                    None => Ok(()),
                }
            }),
            Box::pin(async {
                if known_only {
                    return Ok(());
                }
                let seen = seen(told.client, client, told.now);
                let written = self.store.put_client(id, &seen, None, Some(kept_until));
                written.await.map(|_| ())
            }),
        );
        written.and(named).and(registered)?;
        Ok(Some(Fetched {
            record,
            held: None,
            state: State::Active,
        }))
    }

    /// Sets when a session ends, as it was just fetched. An observed one ends when it is said to, also ahead of time;
    /// a held one ends now, since what is held has no end ahead of it but its timeouts.
    pub async fn set_end(
        &self,
        tenant: &TenantId,
        fetched: Fetched,
        ended_at: Option<Instant>,
        now: Instant,
    ) -> Result<Option<Fetched>, Error> {
        let Some(ended_at) = ended_at else {
            return Ok(Some(fetched));
        };
        let id = fetched.record.id;
        if fetched.record.tenure == Tenure::Observed {
            let Some(record) = self.store.set_end(tenant, id, Some(ended_at), now).await? else {
                return Ok(None);
            };
            let everywhere = match fetched.state {
                State::Ended(ending) if ending.reason == Reason::LoggedOutEverywhere => Some(ending),
                State::Ended(_) | State::Active => None,
            };
            let own = record.ended.filter(|ending| ending.at <= now);
            let first = everywhere.into_iter().chain(own).min_by_key(|ending| ending.at);
            return Ok(Some(Fetched {
                record,
                held: None,
                state: first.map_or(State::Active, State::Ended),
            }));
        }
        let owner = fetched.record.owner();
        if let (State::Active, Some(owner)) = (fetched.state, owner) {
            let key = owner.key(tenant);
            self.end(tenant, &key, id, Reason::LoggedOut, None, now).await?;
            return self.fetch(tenant, id, now).await;
        }
        Ok(Some(fetched))
    }

    /// The session of this id in either spelling, else the newest the caller called so: up to four requests, one after
    /// the other, and one more for each newer session of that name whose record could not be written.
    ///
    /// For a caller that may know of the sessions of `only` alone another's is not there, and costs as much.
    pub async fn named(
        &self,
        tenant: &Tenant,
        only: Option<&SubjectKey>,
        text: &str,
        now: Instant,
    ) -> Result<Option<Fetched>, Error> {
        let fetch = async |id| match only {
            Some(subject) => self.fetch_of(&tenant.id, subject, id, now).await,
            None => self.fetch(&tenant.id, id, now).await,
        };
        if let Ok(id) = SessionId::parse(text, tenant.partition)
            && let Some(fetched) = fetch(id).await?
        {
            return Ok(Some(fetched));
        }
        for named in self.store.referenced(&tenant.id, text).await? {
            // Whose it is stands beside the name, so that another's costs no more than none.
            if only.is_none_or(|subject| *subject == named.owner)
                && let Some(fetched) = fetch(named.id).await?
            {
                return Ok(Some(fetched));
            }
        }
        Ok(None)
    }
}

impl Ingest<'_> {
    /// The record, with texts cut to what is kept, so that the answer is what a later reader gets.
    fn record(&self) -> SessionRecord {
        let cut = |text: &str, chars: usize| text.chars().take(chars).collect::<String>();
        let short = |text: &Option<String>| text.as_deref().map(|text| cut(text, SessionRecord::MAX_TEXT));
        SessionRecord {
            started_at: self.started_at,
            reference_id: self.reference_id.map(str::to_owned),
            ip: self.ip.to_owned(),
            facts: self.facts.clone(),
            user_agent: cut(self.user_agent, SessionRecord::MAX_USER_AGENT),
            fingerprint: cut(self.fingerprint, SessionRecord::MAX_TEXT),
            device: Device {
                browser: short(&self.device.browser),
                browser_version: short(&self.device.browser_version),
                os: short(&self.device.os),
                os_version: short(&self.device.os_version),
                device_type: self.device.device_type,
                screen_resolution: short(&self.device.screen_resolution),
                language: short(&self.device.language),
                timezone: short(&self.device.timezone),
            },
            observed_ip: self.observed_ip.map(str::to_owned),
            ..SessionRecord::new(self.id, self.client, Tenure::Observed, self.now)
        }
    }
}

/// A client that is known from a session alone.
fn seen(subject: &Subject, id: ClientId, now: Instant) -> Client {
    Client {
        id,
        kind: None,
        // A client that was named by its id has no other name yet.
        reference_id: (subject.name() != id.to_string()).then(|| subject.name().to_owned()),
        alias: None,
        activity: crate::model::ActivityStatus::default(),
        account: crate::model::AccountStatus::default(),
        tags: Vec::new(),
        controls: Vec::new(),
        created_at: now,
        updated_at: now,
    }
}
