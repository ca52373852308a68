//! The evaluation measures by sessions in memory. They go the very way of those in the table.

mod shows;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use evaluation::sessions::drive::{self, Driver, End, Request, Telemetry};
use fastrand::Rng;
use serde_json::json;
use shared::clock::Fixed;
use shared::model::{Attached, DeviceKey, Facts, Instant, Reason, SessionId, Subject, SubjectKey};
use shared::policy::{AbsoluteTimeout, AtLimit, EvidencePolicy, Lists, Mode, Piece, Policy};
use shared::risk::Action;
use shared::service::{self, Open, Outcome, Proof, SteppedUp, Validation, Verdict};
use shared::store;

use self::shows::{AGENTS, SPOTS, agent, firefox, traits};
use crate::world::World;

/// What a person usually shows.
#[derive(Clone, Copy)]
struct Habit {
    spot: usize,
    agent: usize,
    device: u8,
}

struct Person {
    name: &'static str,
    driver: Driver,
    habit: Habit,
    opened: Vec<SessionId>,
    visits: Vec<([u8; 32], drive::Visit, Instant)>,
}

/// What the telemetry of a request is.
#[derive(Clone, Copy, PartialEq)]
enum Tells {
    Nothing,
    /// A token that was never given out.
    Invented,
    /// A token that was shown before, perhaps too long ago.
    Again,
    /// A visit just now.
    Afresh,
    /// A visit just now, in any network.
    Elsewhere,
    /// A visit just now, perhaps of another browser.
    OtherBrowser,
}

/// A request as both get it.
struct Shown {
    request: Request,
    token: Option<[u8; 32]>,
}

/// A run of events, one after the other, in both.
struct History {
    world: World,
    idle: Duration,
    random: Rng,
    /// Ids from a seed: sessions of the same millisecond stand in their order.
    ids: Arc<Fixed>,
    people: Vec<Person>,
    what: String,
    seen: BTreeSet<String>,
    /// How many requests were judged.
    judged: usize,
}

impl History {
    async fn new(policy: Policy, idle: Duration, seed: u64) -> Self {
        let world = World::direct(policy).await;
        let ids = Arc::new(Fixed::at(world.now()));
        let people = ["alice", "bob", "carol"].into_iter().enumerate();
        let people = people.map(|(at, name)| Person {
            name,
            driver: Driver::new(world.tenant.clone(), idle, Subject::new(name).unwrap()),
            habit: Habit {
                spot: at,
                agent: at,
                device: u8::try_from(at).unwrap(),
            },
            opened: Vec::new(),
            visits: Vec::new(),
        });
        Self {
            people: people.collect(),
            world,
            idle,
            random: Rng::with_seed(seed),
            ids,
            what: String::new(),
            seen: BTreeSet::new(),
            judged: 0,
        }
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.random.u32(..many) == 0
    }

    fn key(&self, who: usize) -> SubjectKey {
        let subject = Subject::new(self.people[who].name).unwrap();
        subject.key(&self.world.tenant.id)
    }

    fn saw(&mut self, what: impl std::fmt::Display) {
        self.seen.insert(what.to_string());
    }

    /// What a request shows: what its sender usually does, or something else, which some stay with.
    async fn shown(&mut self, who: usize) -> Shown {
        let usual = self.people[who].habit;
        let mut now = usual;
        if self.one_in(5) {
            now.spot = self.random.usize(..SPOTS.len());
        }
        if self.one_in(8) {
            now.agent = self.random.usize(..AGENTS);
        }
        if self.one_in(8) {
            now.device = self.random.u8(..4);
        }
        if self.one_in(6) {
            self.people[who].habit = now;
        }
        let agent = agent(now.agent);
        let print = match self.random.u8(..16) {
            0 => None,
            1 => Some("null".to_owned()),
            2 => Some(format!("drawn-{}", self.random.u16(..))),
            // What was computed for a session that was opened without.
            3 => Some(service::context("", &agent, None, true, Facts::default()).1),
            _ => Some(format!("device-{}", now.device)),
        };
        let tells = match self.random.u8(..12) {
            0..=3 => Tells::Nothing,
            4 => Tells::Invented,
            5 | 6 => Tells::Again,
            7 => Tells::Elsewhere,
            8 => Tells::OtherBrowser,
            _ => Tells::Afresh,
        };
        self.shows(who, now, (&agent, print.as_deref()), tells).await
    }

    async fn shows(
        &mut self,
        who: usize,
        at: Habit,
        (agent, print): (&str, Option<&str>),
        tells: Tells,
    ) -> Shown {
        let spot = &SPOTS[at.spot];
        let address = spot.addresses[self.random.usize(..spot.addresses.len())];
        let mut request = Request::new(address, agent, print, spot.facts(), Telemetry::None);
        let mut token = None;
        match tells {
            Tells::Nothing => {}
            Tells::Invented => {
                token = Some(std::array::from_fn(|_| self.random.u8(..)));
                request.telemetry = Telemetry::Unknown;
            }
            Tells::Again => {
                if let Some((digest, visit, told_at)) = self.earlier(who) {
                    token = Some(digest);
                    let lifetime = self.world.tenant.policy.telemetry.token_lifetime;
                    let is_over = told_at + lifetime <= self.world.now();
                    request.telemetry = if is_over {
                        Telemetry::Expired
                    } else {
                        Telemetry::Visit(visit)
                    };
                }
            }
            Tells::Afresh | Tells::Elsewhere | Tells::OtherBrowser => {
                let user_agent = match tells {
                    Tells::OtherBrowser => firefox("X11; Linux x86_64", 127),
                    _ => agent.to_owned(),
                };
                let (anew, cores) = match self.random.u8(..8) {
                    0 => (1 + self.random.u8(..9), 8),
                    1 => (0, 4),
                    _ => (0, 8),
                };
                let elsewhere = &SPOTS[self.random.usize(..SPOTS.len() - 1)];
                let there = (elsewhere.addresses[0].parse().unwrap(), elsewhere.system);
                let here = request.context.address.filter(|_| tells != Tells::Elsewhere);
                let (address, asn) = here.map_or(there, |it| (it, spot.system));
                let visit = drive::Visit {
                    traits: traits(at.device, anew, cores, &user_agent),
                    user_agent,
                    address,
                    asn,
                };
                token = Some(self.tell(who, &visit, at.device).await);
                request.telemetry = Telemetry::Visit(visit);
            }
        }
        Shown { request, token }
    }

    /// One of the latest visits that the person told of.
    fn earlier(&mut self, who: usize) -> Option<([u8; 32], drive::Visit, Instant)> {
        let lately = self.people[who].visits.iter().rev().take(4);
        self.random.choice(lately.collect::<Vec<_>>()).cloned()
    }

    /// Keeps a visit as collect-telemetry does.
    async fn tell(&mut self, who: usize, visit: &drive::Visit, device: u8) -> [u8; 32] {
        let (digest, now) = (std::array::from_fn(|_| self.random.u8(..)), self.world.now());
        let told = store::Visit {
            at: now,
            ip: visit.address.to_string(),
            user_agent: visit.user_agent.clone(),
            client: (device != 0).then(|| DeviceKey::new([device; 16]).to_string()),
            traits: visit.traits.to_bytes(),
            tampered: false,
            bundle: json!({"ip": {"asn": visit.asn}}).to_string(),
        };
        let tenant = &self.world.tenant;
        let until = now + tenant.policy.telemetry.kept;
        let store = self.world.sessions.store();
        store.put_visit(&tenant.id, &digest, &told, until).await.unwrap();
        self.people[who].visits.push((digest, visit.clone(), now));
        digest
    }

    async fn open(&mut self, who: usize, shown: &Shown) {
        // Whether what ran out leaves at an opening depends on whether the service had to look at the guard.
        self.settle(who).await;
        self.clean_up(who).await;
        self.settle(who).await;
        let now = self.world.now();
        self.ids.set(now);
        let id = SessionId::draw(now, self.ids.as_ref()).unwrap();
        let tenant = &self.world.tenant;
        let telemetry = self.world.sessions.shown(tenant, shown.token.as_ref(), now);
        let telemetry = telemetry.await.unwrap();
        let subject = Subject::new(self.people[who].name).unwrap();
        let open = Open {
            tenant,
            subject: &subject,
            id,
            context: &shown.request.context,
            telemetry: telemetry.as_ref(),
            fingerprint: &shown.request.fingerprint,
            user_agent: &shown.request.user_agent,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout: self.idle,
            issued: None,
            now,
            resumed: None,
        };
        let outcome = self.world.sessions.open(&open).await.unwrap();
        let opened = self.people[who].driver.open(id, &shown.request, now);
        match outcome {
            Outcome::Opened { id: held, .. } => assert!(opened && held == id, "{}", self.what),
            Outcome::LimitReached => {
                assert!(!opened, "{}", self.what);
                self.saw("limit reached");
            }
            Outcome::Overruled | Outcome::TooMany(_) => panic!("{}", self.what),
        }
        if opened {
            self.people[who].opened.push(id);
        }
    }

    /// What is done about the request; none where the session is not held.
    async fn validate(&mut self, who: usize, id: SessionId, shown: &Shown) -> Option<Action> {
        let now = self.world.now();
        let request = Validation {
            tenant: &self.world.tenant,
            subject: &self.key(who),
            id,
            context: &shown.request.context,
            telemetry: shown.token.as_ref(),
            record: None,
            may_revoke: true,
            now,
        };
        let verdict = self.world.sessions.validate(&request).await.unwrap();
        let played = self.people[who].driver.validate(id, &shown.request, now);
        let Verdict::Held {
            assessment, action, ..
        } = verdict
        else {
            assert!(played.is_none(), "{}: {played:?}", self.what);
            return None;
        };
        let factors = assessment.factors().iter().map(|it| (it.name, it.points));
        let factors: Vec<_> = factors.collect();
        let played = played.unwrap_or_else(|| panic!("{}: not held", self.what));
        assert_eq!(
            (played.score, played.action, &played.factors),
            (assessment.score().get(), action, &factors),
            "{}",
            self.what
        );
        for (name, _) in factors {
            self.saw(name);
        }
        self.saw(action.as_str());
        self.judged += 1;
        Some(action)
    }

    async fn step_up(&mut self, who: usize, id: SessionId, shown: &Shown) {
        let now = self.world.now();
        let proof = Proof {
            tenant: &self.world.tenant,
            subject: &self.key(who),
            id,
            context: &shown.request.context,
            telemetry: shown.token.as_ref(),
            now,
        };
        let stepped = match self.world.sessions.step_up(&proof).await.unwrap() {
            SteppedUp::Held { score } => Some(score.get()),
            SteppedUp::NotHeld { .. } => None,
        };
        let played = self.people[who].driver.step_up(id, &shown.request, now);
        assert_eq!(played, stepped, "{}", self.what);
    }

    async fn end(&mut self, who: usize, id: SessionId, (reason, why): (Reason, End)) {
        let now = self.world.now();
        let (tenant, key) = (&self.world.tenant.id, self.key(who));
        let ended = self.world.sessions.end(tenant, &key, id, reason, None, now);
        let ended = ended.await.unwrap();
        assert_eq!(self.people[who].driver.is_live(id, now), ended, "{}", self.what);
        self.people[who].driver.end(id, why, now);
    }

    async fn end_all(&mut self, who: usize) {
        let now = self.world.now();
        let (tenant, key) = (&self.world.tenant.id, self.key(who));
        self.world.sessions.end_all(tenant, &key, now).await.unwrap();
        let person = &mut self.people[who];
        for id in &person.opened {
            person.driver.end(*id, End::Revoked, now);
        }
        // Nobody opens one in this very millisecond.
        self.world.wait(Duration::from_millis(1));
    }

    async fn clean_up(&mut self, who: usize) {
        let now = self.world.now();
        let (tenant, key) = (&self.world.tenant.id, self.key(who));
        self.world
            .sessions
            .clean_subject(tenant, &key, now)
            .await
            .unwrap();
        self.people[who].driver.clean_up(now);
    }

    /// One of the person's live sessions, where there is one; seldom any that was opened lately.
    fn any_session(&mut self, who: usize) -> Option<SessionId> {
        let (any, now) = (self.one_in(16), self.world.now());
        let person = &self.people[who];
        let lately = person.opened.iter().rev().take(5);
        let found: Vec<_> = lately
            .filter(|id| any || person.driver.is_live(**id, now))
            .collect();
        self.random.choice(found).copied()
    }

    /// What a client does: it asks, proves itself where it must, and logs in anew where it is refused.
    async fn ask(&mut self, who: usize, id: SessionId, shown: &Shown) {
        match self.validate(who, id, shown).await {
            Some(Action::StepUp) if !self.one_in(3) => {
                self.settle(who).await;
                self.step_up(who, id, shown).await;
            }
            Some(Action::Refuse) => {
                self.settle(who).await;
                self.open(who, shown).await;
            }
            _ => {}
        }
    }

    /// Fingerprints that somebody tries, from the session's own network.
    async fn guess(&mut self, who: usize, id: SessionId) {
        let habit = self.people[who].habit;
        for guess in 0..5 {
            let print = format!("guess-{guess}");
            let shown = (agent(habit.agent), Some(print.as_str()));
            let shown = self.shows(who, habit, (&shown.0, shown.1), Tells::Nothing).await;
            self.validate(who, id, &shown).await;
            self.settle(who).await;
            self.world.wait(Duration::from_secs(1));
        }
    }

    /// More visits than a record leads to.
    async fn tell_often(&mut self, who: usize, id: SessionId) {
        let habit = self.people[who].habit;
        let (agent, print) = (agent(habit.agent), format!("device-{}", habit.device));
        for _ in 0..Attached::MOST + 4 {
            let shown = (agent.as_str(), Some(print.as_str()));
            let shown = self.shows(who, habit, shown, Tells::Afresh).await;
            self.validate(who, id, &shown).await;
            self.world.settle().await;
            self.world.wait(Duration::from_secs(1));
        }
    }

    async fn play(&mut self, name: &str, events: usize) {
        let mut who = 0;
        for number in 0..events {
            self.pass_time();
            if self.one_in(6) {
                who = self.random.usize(..self.people.len());
            }
            let session = self.any_session(who);
            let kind = self.random.u8(..60);
            self.what = format!("{name}, event {number} of {}, kind {kind}", self.people[who].name);
            let shown = self.shown(who).await;
            match (session, kind) {
                (None, _) | (_, 0 | 1) => self.open(who, &shown).await,
                (Some(id), 4) => self.step_up(who, id, &shown).await,
                (Some(id), 5 | 6) => self.end(who, id, (Reason::LoggedOut, End::LoggedOut)).await,
                (Some(id), 7) => self.end(who, id, (Reason::Revoked, End::Revoked)).await,
                (_, 8) if self.one_in(3) => self.end_all(who).await,
                (_, 9 | 10) => self.clean_up(who).await,
                (Some(id), 11) => {
                    // Another one's session is not theirs, nor has anything happened to it.
                    let other = (who + 1) % self.people.len();
                    self.validate(other, id, &shown).await;
                    self.compare(other).await;
                }
                (Some(id), 12) => self.guess(who, id).await,
                (Some(id), 13) if self.one_in(4) => self.tell_often(who, id).await,
                (Some(id), _) => self.ask(who, id, &shown).await,
            }
            self.settle(who).await;
        }
        for who in 0..self.people.len() {
            self.compare(who).await;
            self.endings(who).await;
        }
    }

    fn pass_time(&mut self) {
        let seconds = match self.random.u8(..40) {
            0..=3 => 0,
            4..=26 => self.random.u64(1..300),
            27..=36 => self.random.u64(300..3600),
            37 | 38 => self.random.u64(3600..100_000),
            _ => self.random.u64(100_000..60 * 86_400),
        };
        let millis = self.random.u64(..1000) * u64::from(seconds != 0);
        self.world.wait(Duration::from_millis(1000 * seconds + millis));
    }

    /// Brings what the table's stream tells into the profiles, and compares what is remembered of the person.
    async fn settle(&mut self, who: usize) {
        self.world.settle().await;
        self.compare(who).await;
    }

    async fn compare(&mut self, who: usize) {
        let (world, person, now) = (&self.world, &self.people[who], self.world.now());
        let store = world.sessions.store();
        let guard = store.guard(&world.tenant.id, &self.key(who)).await.unwrap();
        let guard = guard.unwrap_or_default();
        let mut recorded = Vec::new();
        for id in &person.opened {
            let held = guard.find(*id);
            assert_eq!(person.driver.held(*id), held, "{}: {id}", self.what);
            let live = held.is_some_and(|it| it.is_live(now));
            assert_eq!(person.driver.is_live(*id, now), live, "{}: {id}", self.what);
            recorded.extend(person.driver.record(*id).cloned());
        }
        let ids: Vec<_> = recorded.iter().map(|it| it.id).collect();
        let mut records = store.records(&world.tenant.id, &ids).await.unwrap();
        records.sort_by_key(|it| ids.iter().position(|id| *id == it.id));
        let mut is_full = false;
        for record in &mut records {
            is_full |= record.attached.visits.len() == Attached::MOST;
            record.attached = Attached {
                traits: record.attached.traits.take(),
                ..Attached::default()
            };
        }
        assert_eq!(recorded, records, "{}", self.what);
        let profile = world.profile(person.name).await;
        assert_eq!(person.driver.profile().clone().at(now), profile, "{}", self.what);
        if is_full {
            self.saw("full of visits");
        }
    }

    async fn endings(&mut self, who: usize) {
        for id in self.people[who].opened.clone() {
            let ended = self.world.ending(id).await;
            let held = self.people[who].driver.held(id).is_some();
            assert_eq!(ended.is_none(), held, "{}: {id}", self.what);
            if let Some(ending) = ended {
                self.saw(format!("{:?}", ending.reason));
            }
        }
    }
}

fn policies() -> Vec<(&'static str, Duration, Policy)> {
    let hour = Duration::from_hours(1);
    let base = World::limited(3, AtLimit::EvictLeastRecentlyActive);
    let long = Policy {
        absolute_timeout: AbsoluteTimeout::Aal1,
        ..World::limited(2, AtLimit::EvictOldest)
    };
    let mut monitor = Policy {
        absolute_timeout: AbsoluteTimeout::Aal1,
        ..World::limited(2, AtLimit::EvictRiskiest)
    };
    monitor.risk.mode = Mode::Monitor;
    let lists = Policy {
        lists: Lists {
            deny: vec!["JP".parse().unwrap()],
            allow: vec!["AS64500".parse().unwrap(), "203.0.113.60".parse().unwrap()],
        },
        absolute_timeout: AbsoluteTimeout::Aal3,
        evidence: EvidencePolicy::of(&[Piece::Telemetry]),
        ..World::limited(2, AtLimit::Reject)
    };
    let all = [
        Piece::Address,
        Piece::UserAgent,
        Piece::Fingerprint,
        Piece::Telemetry,
    ];
    let always = Policy {
        absolute_timeout: AbsoluteTimeout::Aal1,
        evidence: EvidencePolicy::of(&all),
        ..Policy::default()
    };
    vec![
        ("as it is", hour, base),
        ("long", 24 * hour, long),
        ("monitor", 6 * hour, monitor),
        ("lists", 24 * hour, lists),
        ("always", 24 * hour, always),
    ]
}

/// 2,000 events, 1,600 of them judged, in 25 s on an idle machine.
#[tokio::test]
async fn sessions_in_memory_go_the_way_of_those_in_the_table() {
    let (mut seen, mut judged) = (BTreeSet::new(), 0);
    for (seed, (name, idle, policy)) in (1..).zip(policies()) {
        let mut history = History::new(policy, idle, seed).await;
        history.play(name, 400).await;
        judged += history.judged;
        seen.extend(history.seen);
    }
    // Else the histories have become dull.
    for wanted in [
        Action::Allow.as_str(),
        Action::StepUp.as_str(),
        Action::Refuse.as_str(),
        "full of visits",
        "limit reached",
        "LoggedOut",
        "LoggedOutEverywhere",
        "Revoked",
        "Evicted",
        "IdleTimeout",
        "AbsoluteTimeout",
        "SuspectedTheft",
    ] {
        assert!(seen.remove(wanted), "no {wanted}");
    }
    println!("{judged} judged by {} factors", seen.len());
    assert!(1000 < judged && 50 < seen.len(), "{judged} by {seen:?}");
}
