//! The service's use cases over sessions in memory: the same pure functions, in the same order, without a table.

use std::net::IpAddr;
use std::time::Duration;

use shared::device::Traits;
use shared::model::{
    Attached, Context, Device, Facts, HeldSession, Instant, Profile, SessionId, SessionRecord, Subject,
    Tenure, Trail,
};
use shared::policy::{AbsoluteTimeout, Policy, Tenant};
use shared::risk::{self, Action, Evidence, Score, Told};
use shared::service;

/// What a request shows, as the use cases get it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Address, user agent, fingerprint.
    pub context: Context,
    /// The fingerprint's text.
    pub fingerprint: String,
    /// What its telemetry token leads to.
    pub telemetry: Option<Visit>,
}

/// What a browser told.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What the device is compared by.
    pub traits: Traits,
    /// The user agent it was sent with.
    pub user_agent: String,
    /// The address it was sent from.
    pub address: IpAddr,
}

impl Request {
    /// A request of a trusted backend.
    pub fn new(
        address: &str,
        user_agent: &str,
        fingerprint: Option<&str>,
        facts: Facts,
        telemetry: Option<Visit>,
    ) -> Self {
        let (context, fingerprint) = service::context(address, user_agent, fingerprint, true, facts);
        Self {
            context,
            fingerprint,
            telemetry,
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        self.telemetry.as_ref().map(|visit| Told::Visit {
            traits: Some(visit.traits),
            user_agent: &visit.user_agent,
            tampered: false,
        })
    }
}

/// The answer to a validate.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The score.
    pub score: u8,
    /// What follows from it.
    pub action: Action,
    /// Names of the factors with their points, in the order of groups.
    pub factors: Vec<(&'static str, i32)>,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its holder logged out.
    LoggedOut,
    /// A request looked stolen.
    Stolen,
}

/// One subject's sessions, and what is known of it.
#[derive(Debug, Clone)]
pub struct Driver {
    tenant: Tenant,
    idle: Duration,
    subject: Subject,
    id: SessionId,
    profile: Profile,
    sessions: Vec<(u64, HeldSession, SessionRecord)>,
    opened: u64,
}

impl Driver {
    /// A subject without sessions; records bear this `id`, which nothing looks at.
    pub fn new(tenant: Tenant, idle: Duration, subject: Subject, id: SessionId) -> Self {
        let profile = Profile::empty(&tenant.id, &subject.key(&tenant.id));
        Self {
            tenant,
            idle,
            subject,
            id,
            profile,
            sessions: Vec::new(),
            opened: 0,
        }
    }

    /// The default policy with this absolute timeout.
    pub fn policy(absolute_timeout: AbsoluteTimeout) -> Policy {
        Policy {
            absolute_timeout,
            ..Policy::default()
        }
    }

    /// Opens a session; its number.
    pub fn open(&mut self, request: &Request, now: Instant) -> u64 {
        self.sessions.retain(|(_, held, _)| held.is_live(now));
        let context = &request.context;
        let policy = &self.tenant.policy;
        let mut held = HeldSession {
            created_at: now,
            last_activity_at: now,
            idle_timeout: self.idle,
            absolute_expiry: now + policy.absolute_timeout.duration(),
            fingerprint: context.fingerprint,
            ipv4: None,
            ipv6: None,
            user_agent: context.user_agent_digest(),
            risk: 0,
            country: None,
            asn: None,
            geo: None,
            anonymous: false,
            trail: Trail {
                learnt_on: risk::opening_teaches(context, &policy.lists).then(|| Profile::day(now)),
                ..Trail::default()
            },
        };
        held.accept(context, now);
        let record = self.record(request, &held, now);
        self.teach(None, &held, now);
        self.opened += 1;
        self.sessions.push((self.opened, held, record));
        self.opened
    }

    /// Whether the session is alive.
    pub fn is_live(&self, session: u64, now: Instant) -> bool {
        self.find(session).is_some_and(|(held, _)| held.is_live(now))
    }

    /// Judges a session; none where it is not held.
    pub fn validate(&mut self, session: u64, request: &Request, now: Instant) -> Option<Verdict> {
        let (held, record) = self.find(session).filter(|(held, _)| held.is_live(now))?;
        let profile = self.profile.clone().at(now);
        let mut evidence = Evidence {
            held,
            record: None,
            profile: None,
            context: &request.context,
            told: request.told(),
            lists: &self.tenant.policy.lists,
            now,
        };
        if risk::needs_history(&evidence) {
            evidence.record = Some(record);
            evidence.profile = Some(&profile);
        }
        let assessment = risk::assess(&evidence);
        let policy = &self.tenant.policy.risk;
        let action = risk::decide(assessment.score(), policy);
        let factors = assessment.factors().iter().map(|it| (it.name, it.points));
        let verdict = Verdict {
            score: assessment.score().get(),
            action,
            factors: factors.collect(),
        };
        if action == Action::Refuse {
            self.end(session, End::Stolen);
            return Some(verdict);
        }
        let accepted = request.context.trusted && risk::is_accepted(assessment.score(), policy);
        let next = risk::seen(held, &request.context, assessment.score(), policy, now);
        let written = risk::is_news(held, &next) || held.touch_is_due(now);
        let moves = (written && next.user_agent != held.user_agent).then(|| cut(&request.context.user_agent));
        if written {
            let before = held.clone();
            self.teach(Some(&before), &next, now);
        }
        let stored = self.sessions.iter_mut().find(|it| it.0 == session);
        if let Some((_, held, record)) = stored {
            if accepted {
                attach(record, request);
            }
            if let Some(text) = moves {
                record.latest_user_agent = Some(text);
            }
            if written {
                *held = next;
            }
        }
        Some(verdict)
    }

    /// The subject proves itself; the score from then on, none where the session is not held.
    pub fn step_up(&mut self, session: u64, request: &Request, now: Instant) -> Option<u8> {
        let (held, _) = self.find(session).filter(|(held, _)| held.is_live(now))?;
        let context = &request.context;
        let mut next = HeldSession {
            last_activity_at: now.max(held.last_activity_at),
            fingerprint: context.fingerprint,
            ..held.clone()
        };
        if held.trail.learnt_on.is_none() {
            (next.asn, next.country, next.geo, next.anonymous) = (None, None, None, false);
            next.trail.relay = false;
        }
        next.accept(context, now);
        next.trail = Trail {
            ipv6: next.trail.ipv6,
            relay: next.trail.relay,
            proven: true,
            learnt_on: Some(Profile::day(now)),
            ..Trail::default()
        };
        let score: Score = risk::assess(&Evidence {
            held: &next,
            record: None,
            profile: None,
            context,
            told: None,
            lists: &self.tenant.policy.lists,
            now,
        })
        .score();
        next.risk = score.get();
        let before = held.clone();
        self.teach(Some(&before), &next, now);
        let stored = self.sessions.iter_mut().find(|it| it.0 == session);
        if let Some((_, held, record)) = stored {
            attach(record, request);
            if next.user_agent != held.user_agent {
                record.latest_user_agent = Some(cut(&context.user_agent));
            }
            *held = next;
        }
        Some(score.get())
    }

    /// Ends a session.
    pub fn end(&mut self, session: u64, _why: End) {
        self.sessions.retain(|it| it.0 != session);
    }

    fn find(&self, session: u64) -> Option<(&HeldSession, &SessionRecord)> {
        let (_, held, record) = self.sessions.iter().find(|it| it.0 == session)?;
        Some((held, record))
    }

    /// What one write to a session teaches.
    fn teach(&mut self, before: Option<&HeldSession>, after: &HeldSession, now: Instant) {
        if let Some(lesson) = risk::lesson(before, after) {
            let profile = self.profile.clone().at(now);
            self.profile = risk::learn(&profile, &lesson).unwrap_or(profile);
        }
    }

    fn record(&self, request: &Request, held: &HeldSession, now: Instant) -> SessionRecord {
        let context = &request.context;
        let mut record = SessionRecord {
            id: self.id,
            subject: self.subject.name().to_owned(),
            issuer: None,
            tenure: Tenure::Held {
                idle_timeout: held.idle_timeout,
                absolute_expiry: held.absolute_expiry,
            },
            created_at: now,
            started_at: now,
            updated_at: None,
            reference_id: None,
            ip: context.ip.clone(),
            facts: context.facts.clone(),
            user_agent: cut(&context.user_agent),
            latest_user_agent: None,
            fingerprint: request.fingerprint.clone(),
            device: Device::default(),
            attached: Attached::default(),
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            ended: None,
            last_activity_at: None,
            last_ip: None,
        };
        attach(&mut record, request);
        record
    }
}

/// The session is compared with what was shown from now on.
fn attach(record: &mut SessionRecord, request: &Request) {
    if let Some(visit) = &request.telemetry {
        record.attached.traits = Some(visit.traits.to_bytes());
    }
}

/// What a record keeps of a user agent.
fn cut(user_agent: &str) -> String {
    user_agent.chars().take(SessionRecord::MAX_USER_AGENT).collect()
}
