//! The service's use cases over sessions in memory: the same pure functions, in the same order, without a table.
//! `tests/suites/driver.rs` plays the same histories through both.

use std::net::IpAddr;
use std::time::Duration;

use shared::device::Traits;
use shared::model::{Context, Facts, HeldSession, Instant, Profile, SessionId, SessionRecord, Subject};
use shared::policy::{Admission, Tenant, admit};
use shared::risk::{self, Action, Evidence, Lesson, Told};
use shared::service;

/// What a request shows, as the use cases get it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Address, user agent, fingerprint.
    pub context: Context,
    /// The user agent as it was sent, also one that stands for nothing.
    pub user_agent: String,
    /// The fingerprint's text.
    pub fingerprint: String,
    /// What its telemetry token leads to.
    pub telemetry: Telemetry,
}

/// What a request's telemetry token leads to.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one of them lives as long as a request")]
pub enum Telemetry {
    /// It has none.
    None,
    /// To nothing: it was invented.
    Unknown,
    /// To what a browser told too long ago.
    Expired,
    /// To what a browser told.
    Visit(Visit),
}

impl Telemetry {
    const fn visit(&self) -> Option<&Visit> {
        match self {
            Self::Visit(visit) => Some(visit),
            Self::None | Self::Unknown | Self::Expired => None,
        }
    }
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
    /// The autonomous system of that address.
    pub asn: Option<u32>,
}

impl Request {
    /// A request of a trusted backend.
    pub fn new(
        address: &str,
        user_agent: &str,
        fingerprint: Option<&str>,
        facts: Facts,
        telemetry: Telemetry,
    ) -> Self {
        let (context, fingerprint) = service::context(address, user_agent, fingerprint, true, facts);
        Self {
            context,
            user_agent: user_agent.to_owned(),
            fingerprint,
            telemetry,
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        match &self.telemetry {
            Telemetry::None => None,
            Telemetry::Unknown => Some(Told::Nothing),
            Telemetry::Expired => Some(Told::Expired),
            Telemetry::Visit(visit) => Some(Told::Visit {
                traits: Some(visit.traits),
                user_agent: &visit.user_agent,
                tampered: false,
                address: Some(visit.address),
                asn: visit.asn,
            }),
        }
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
    /// It ran out.
    Expired,
    /// Its owner took it away.
    Revoked,
    /// A request looked stolen.
    Stolen,
}

/// One subject's sessions, and what is known of it.
#[derive(Debug, Clone)]
pub struct Driver {
    tenant: Tenant,
    idle: Duration,
    subject: Subject,
    profile: Profile,
    sessions: Vec<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    id: SessionId,
    held: HeldSession,
    record: SessionRecord,
}

impl Driver {
    /// A subject without sessions, which live for `idle` without activity.
    pub fn new(tenant: Tenant, idle: Duration, subject: Subject) -> Self {
        let profile = Profile::empty(&tenant.id, &subject.key(&tenant.id));
        Self {
            tenant,
            idle,
            subject,
            profile,
            sessions: Vec::new(),
        }
    }

    /// Opens a session, for which others may have to go. False when the subject holds as many as they may.
    pub fn open(&mut self, id: SessionId, request: &Request, now: Instant) -> bool {
        let Some(leaving) = self.make_room(now) else {
            return false;
        };
        let policy = &self.tenant.policy;
        let held = risk::opened(
            &request.context,
            request.telemetry.visit().is_some(),
            &policy.lists,
            self.idle,
            policy.absolute_timeout.duration(),
            now,
        );
        let record = self.record_of(id, request, &held, now);
        let mut taught = risk::lessons(id.tag(), None, &held);
        taught.extend(leaving.iter().map(|it| Lesson::Ended {
            session: it.tag(),
            well: true,
        }));
        self.teach(&taught, now);
        self.sessions.retain(|it| !leaving.contains(&it.id));
        self.sessions.push(Session { id, held, record });
        true
    }

    /// Whether the session is alive.
    pub fn is_live(&self, session: SessionId, now: Instant) -> bool {
        self.find(session).is_some_and(|it| it.held.is_live(now))
    }

    /// Judges a session; none where it is not held.
    pub fn validate(&mut self, session: SessionId, request: &Request, now: Instant) -> Option<Verdict> {
        self.drop_expired(session, now);
        let found = self.find(session)?;
        let profile = self.profile.clone().at(now);
        let policy = &self.tenant.policy;
        let mut evidence = Evidence {
            held: &found.held,
            record: None,
            profile: None,
            context: &request.context,
            told: request.told(),
            lists: &policy.lists,
            promises: policy.evidence,
            now,
        };
        if risk::needs_history(&evidence) {
            evidence.record = Some(&found.record);
            evidence.profile = Some(&profile);
        }
        let judgement = risk::judge(&evidence, &policy.risk);
        let factors = judgement
            .assessment
            .factors()
            .iter()
            .map(|it| (it.name, it.points));
        let verdict = Verdict {
            score: judgement.assessment.score().get(),
            action: judgement.action,
            factors: factors.collect(),
        };
        if judgement.action == Action::Refuse {
            self.end(session, End::Stolen, now);
            return Some(verdict);
        }
        let written = risk::is_news(&found.held, &judgement.next) || found.held.touch_is_due(now);
        if written {
            let taught = risk::lessons(session.tag(), Some(&found.held), &judgement.next);
            self.teach(&taught, now);
        }
        if let Some(stored) = self.sessions.iter_mut().find(|it| it.id == session) {
            if judgement.telemetry_moved {
                attach(&mut stored.record, request);
            }
            if written && judgement.user_agent_moved {
                stored.record.latest_user_agent = Some(cut(&request.context.user_agent));
            }
            if written {
                stored.held = judgement.next;
            }
        }
        Some(verdict)
    }

    /// The subject proves itself; the score from then on, none where the session is not held.
    pub fn step_up(&mut self, session: SessionId, request: &Request, now: Instant) -> Option<u8> {
        self.drop_expired(session, now);
        let found = self.find(session)?;
        let policy = &self.tenant.policy;
        let mut next = risk::proven(
            &found.held,
            &request.context,
            request.telemetry.visit().is_some(),
            now,
        );
        let score = risk::assess(&Evidence {
            held: &next,
            record: None,
            profile: None,
            context: &request.context,
            told: None,
            lists: &policy.lists,
            promises: policy.evidence,
            now,
        })
        .score();
        next.risk = score.get();
        let taught = risk::lessons(session.tag(), Some(&found.held), &next);
        self.teach(&taught, now);
        if let Some(stored) = self.sessions.iter_mut().find(|it| it.id == session) {
            attach(&mut stored.record, request);
            if next.user_agent != stored.held.user_agent {
                stored.record.latest_user_agent = Some(cut(&request.context.user_agent));
            }
            stored.held = next;
        }
        Some(score.get())
    }

    /// Ends a session. One that had run out by then has expired, whatever is asked for.
    pub fn end(&mut self, session: SessionId, why: End, now: Instant) {
        let Some(found) = self.find(session) else { return };
        let well = !found.held.is_live(now) || matches!(why, End::LoggedOut | End::Expired);
        self.sessions.retain(|it| it.id != session);
        let session = session.tag();
        self.teach(&[Lesson::Ended { session, well }], now);
    }

    /// Who asks for a session that ran out ends it.
    fn drop_expired(&mut self, session: SessionId, now: Instant) {
        if self.find(session).is_some_and(|it| !it.held.is_live(now)) {
            self.end(session, End::Expired, now);
        }
    }

    /// Ends the sessions that ran out, as the service's cleanup does.
    pub fn clean_up(&mut self, now: Instant) {
        let out = self.sessions.iter().filter(|it| !it.held.is_live(now));
        let out: Vec<SessionId> = out.map(|it| it.id).collect();
        for session in out {
            self.end(session, End::Expired, now);
        }
    }

    /// What judges a session, until it ends.
    pub fn held(&self, session: SessionId) -> Option<&HeldSession> {
        self.find(session).map(|it| &it.held)
    }

    /// The record of a session, until it ends, without the visits and devices that it leads to.
    pub fn record(&self, session: SessionId) -> Option<&SessionRecord> {
        self.find(session).map(|it| &it.record)
    }

    /// What is known of the subject.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// All that a session remembers but for times, as text.
    pub fn remembered(&self, session: SessionId) -> String {
        let Some(found) = self.find(session) else {
            return String::new();
        };
        let mut held = found.held.clone();
        (held.last_activity_at, held.risk) = (held.created_at, 0);
        (held.trail.home_at, held.trail.learnt_on, held.trail.latest) = (None, None, None);
        held.trail.suspicion = held.trail.suspicion.map(|_| held.created_at);
        format!(
            "{held:?} {:?} {:?}",
            found.record.latest_user_agent, found.record.attached.traits
        )
    }

    /// The sessions that must go for one more: none while there is room, whether or not some have run out.
    fn make_room(&self, now: Instant) -> Option<Vec<SessionId>> {
        let policy = &self.tenant.policy;
        if self.sessions.len() < policy.max_concurrent {
            return Some(Vec::new());
        }
        let held: Vec<_> = self.sessions.iter().map(|it| (it.id, it.held.clone())).collect();
        match admit(&held, policy, now) {
            Admission::Replacing(leaving) => Some(leaving),
            Admission::Refused => None,
        }
    }

    fn find(&self, session: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|it| it.id == session)
    }

    fn teach(&mut self, lessons: &[Lesson], now: Instant) {
        if lessons.is_empty() {
            return;
        }
        let mut profile = self.profile.clone().at(now);
        for lesson in lessons {
            profile = risk::learn(&profile, lesson).unwrap_or(profile);
        }
        self.profile = profile;
    }

    fn record_of(&self, id: SessionId, request: &Request, held: &HeldSession, now: Instant) -> SessionRecord {
        let context = &request.context;
        let mut record = SessionRecord {
            ip: context.ip.clone(),
            facts: context.facts.clone(),
            user_agent: cut(&request.user_agent),
            fingerprint: request.fingerprint.clone(),
            ..SessionRecord::new(id, &self.subject, held.tenure(), now)
        };
        attach(&mut record, request);
        record
    }
}

/// The session is compared with what was shown from now on.
fn attach(record: &mut SessionRecord, request: &Request) {
    if let Some(visit) = request.telemetry.visit() {
        record.attached.traits = Some(visit.traits.to_bytes());
    }
}

/// What a record keeps of a user agent.
fn cut(user_agent: &str) -> String {
    user_agent.chars().take(SessionRecord::MAX_USER_AGENT).collect()
}
