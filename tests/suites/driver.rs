//! The evaluation measures by sessions in memory. They go the very way of those in the table.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use evaluation::sessions::drive::{self, Driver, End, Request, Telemetry};
use fastrand::Rng;
use serde_json::json;
use shared::clock::Fixed;
use shared::device::Traits;
use shared::model::{
    Anonymity, Attached, AutonomousSystem, DeviceKey, Facts, Instant, Located, Place, Point, Reason, SessionId,
    Subject, SubjectKey,
};
use shared::policy::{AbsoluteTimeout, AtLimit, EvidencePolicy, Lists, Mode, Piece, Policy};
use shared::risk::Action;
use shared::service::{Open, Outcome, Proof, SteppedUp, Validation, Verdict};
use shared::store;
use shared::telemetry::Components;

use crate::world::World;

/// Networks, with texts that a request from there can show for its address.
struct Spot {
    addresses: &'static [&'static str],
    system: Option<u32>,
    at: Option<(&'static str, (f64, f64))>,
    behind: Behind,
}

#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Nothing,
    Hosting,
    Vpn,
    Relay,
    Tor,
}

const PARIS: Option<(&str, (f64, f64))> = Some(("FR", (48.86, 2.35)));
const LYON: Option<(&str, (f64, f64))> = Some(("FR", (45.76, 4.84)));
const NEW_YORK: Option<(&str, (f64, f64))> = Some(("US", (40.71, -74.01)));
const TOKYO: Option<(&str, (f64, f64))> = Some(("JP", (35.68, 139.69)));

const fn spot(
    system: u32,
    at: Option<(&'static str, (f64, f64))>,
    behind: Behind,
    addresses: &'static [&'static str],
) -> Spot {
    Spot {
        addresses,
        system: if system == 0 { None } else { Some(system) },
        at,
        behind,
    }
}

/// The first four are homes.
const SPOTS: [Spot; 15] = [
    spot(
        64_496,
        PARIS,
        Behind::Nothing,
        &[
            "198.51.100.7",
            "198.51.100.7",
            "198.51.100.99",
            "2001:db8:1:1::5",
            "2001:db8:1:1::77",
            "2001:db8:1:2::5",
            "::ffff:198.51.100.7",
            "198.51.100.7:4711",
        ],
    ),
    spot(
        64_497,
        LYON,
        Behind::Nothing,
        &["192.0.2.10", "192.0.2.10", "192.0.2.11", "2001:db8:2:1::5"],
    ),
    spot(64_498, PARIS, Behind::Relay, &["203.0.113.30", "203.0.113.31"]),
    spot(0, None, Behind::Nothing, &["192.0.2.200", "192.0.2.201", "203.0.113.200"]),
    spot(64_496, LYON, Behind::Nothing, &["203.0.113.10", "203.0.113.11"]),
    spot(64_499, PARIS, Behind::Nothing, &["203.0.113.20", "2001:db8:3:1::5"]),
    spot(64_500, LYON, Behind::Nothing, &["203.0.113.40"]),
    spot(64_501, PARIS, Behind::Hosting, &["203.0.113.50"]),
    spot(64_502, NEW_YORK, Behind::Vpn, &["203.0.113.60", "203.0.113.61"]),
    spot(64_503, PARIS, Behind::Vpn, &["203.0.113.70"]),
    spot(64_504, TOKYO, Behind::Tor, &["203.0.113.80"]),
    spot(64_505, NEW_YORK, Behind::Nothing, &["192.0.2.50", "2001:db8:9::50"]),
    spot(64_506, TOKYO, Behind::Nothing, &["192.0.2.60"]),
    spot(64_507, None, Behind::Nothing, &["192.0.2.70"]),
    spot(
        0,
        None,
        Behind::Nothing,
        &[
            "",
            "unknown",
            "198.51.100.7, 192.0.2.50",
            "10.0.0.1",
            "127.0.0.1",
            "100.64.0.1",
            "fe80::1%eth0",
        ],
    ),
];

impl Spot {
    fn facts(&self) -> Facts {
        let is = |what| (self.behind == what).then_some(true);
        Facts {
            place: self.at.map_or_else(
                || Facts::default().place,
                |(country, (latitude, longitude))| {
                    Located::At(Box::new(Place {
                        country_code: Some(country.to_owned()),
                        point: Some(Point {
                            latitude,
                            longitude,
                            radius_km: 50,
                        }),
                        ..Place::default()
                    }))
                },
            ),
            system: self.system.map(|number| AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting: is(Behind::Hosting),
                vpn: is(Behind::Vpn),
                proxy: None,
                tor: is(Behind::Tor),
                relay: is(Behind::Relay),
            },
        }
    }
}

const WINDOWS: &str = "Windows NT 10.0; Win64; x64";

fn chrome(system: &str, version: &str) -> String {
    format!(
        "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
    )
}

fn firefox(system: &str, version: u32) -> String {
    format!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0")
}

/// The first three are of people.
fn agent(number: usize) -> String {
    match number {
        0 => chrome(WINDOWS, "126.0.0.0"),
        1 => firefox("X11; Linux x86_64", 127),
        2 => chrome("Linux; Android 10; K", "126.0.0.0").replace("Safari", "Mobile Safari"),
        3 => chrome(WINDOWS, "127.0.0.0"),
        4 => chrome(WINDOWS, "127.0.6533.72"),
        5 => chrome(WINDOWS, "120.0.0.0"),
        6 => chrome(WINDOWS, "900.0.0.0"),
        7 => chrome(WINDOWS, "x"),
        8 => chrome("X11; Linux x86_64", "126.0.0.0"),
        9 => firefox("X11; Linux x86_64", 128),
        10 => firefox("Windows NT 10.0; Win64; x64", 128),
        11 => "Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned(),
        12 => "Mozilla/5.0 Gecko/20100101 Firefox/127.0".to_owned(),
        13 => "curl/8.7.1".to_owned(),
        14 => String::new(),
        15 => "null".to_owned(),
        // Longer than a record keeps.
        _ => format!("{} {}", chrome(WINDOWS, "128.0.0.0"), "Extension/1 ".repeat(100)),
    }
}

const AGENTS: usize = 17;

/// What a machine shows, drawn `anew` times by a browser against fingerprinting, with `cores` of it in use.
fn traits(machine: u8, anew: u8, cores: u32, user_agent: &str) -> Traits {
    let drawn = machine.wrapping_mul(16).wrapping_add(anew);
    let components = Components {
        platform: Some(["Win32", "Linux x86_64"][usize::from(machine % 2)].to_owned()),
        hardware_concurrency: Some(cores),
        device_memory: Some(8.0),
        webgl_vendor: Some("Google Inc.".to_owned()),
        webgl_renderer: Some(format!("ANGLE (Intel, {machine})")),
        canvas_geometry: Some([drawn; 16]),
        audio: Some([drawn; 16]),
        ..Components::default()
    };
    Traits::of(&components, user_agent)
}

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
        if self.one_in(4) {
            now.spot = self.random.usize(..SPOTS.len());
        }
        if self.one_in(5) {
            now.agent = self.random.usize(..AGENTS);
        }
        if self.one_in(5) {
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
            3 => Some(shared::service::context("", &agent, None, true, Facts::default()).1),
            _ => Some(format!("device-{}", now.device)),
        };
        self.shows(who, now, &agent, print.as_deref()).await
    }

    async fn shows(&mut self, who: usize, at: Habit, agent: &str, print: Option<&str>) -> Shown {
        let spot = &SPOTS[at.spot];
        let address = spot.addresses[self.random.usize(..spot.addresses.len())];
        let facts = spot.facts();
        let mut request = Request::new(address, agent, print, facts.clone(), Telemetry::None);
        let mut token = None;
        match self.random.u8(..12) {
            0..=3 => {}
            4 => {
                token = Some(std::array::from_fn(|_| self.random.u8(..)));
                request.telemetry = Telemetry::Unknown;
            }
            5 | 6 if !self.people[who].visits.is_empty() => {
                let visits = &self.people[who].visits;
                let late = self.random.usize(..visits.len().min(4));
                let (digest, visit, told_at) = visits[visits.len() - 1 - late].clone();
                token = Some(digest);
                let lifetime = self.world.tenant.policy.telemetry.token_lifetime;
                request.telemetry = if told_at + lifetime <= self.world.now() {
                    Telemetry::Expired
                } else {
                    Telemetry::Visit(visit)
                };
            }
            other => {
                let elsewhere = &SPOTS[self.random.usize(..SPOTS.len())];
                let (anew, cores) = match self.random.u8(..8) {
                    0 => (1 + self.random.u8(..9), 8),
                    1 => (0, 4),
                    _ => (0, 8),
                };
                let own = request.context.address.filter(|_| other != 7);
                let (address, asn) = match own {
                    Some(address) => (address, facts.asn()),
                    None => (
                        elsewhere.addresses[0].parse().unwrap_or([192, 0, 2, 9].into()),
                        elsewhere.system,
                    ),
                };
                let sent_by = if other == 8 { firefox("X11; Linux x86_64", 127) } else { agent.to_owned() };
                let visit = drive::Visit {
                    traits: traits(at.device, anew, cores, &sent_by),
                    user_agent: sent_by,
                    address,
                    asn,
                };
                let digest = std::array::from_fn(|_| self.random.u8(..));
                self.tell(digest, &visit, at.device).await;
                let told = (digest, visit.clone(), self.world.now());
                self.people[who].visits.push(told);
                token = Some(digest);
                request.telemetry = Telemetry::Visit(visit);
            }
        }
        Shown { request, token }
    }

    /// Keeps a visit as collect-telemetry does.
    async fn tell(&mut self, digest: [u8; 32], visit: &drive::Visit, device: u8) {
        let now = self.world.now();
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
    }

    async fn open(&mut self, who: usize, shown: &Shown) {
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
            issued_at: now,
            now,
            since: now,
        };
        let outcome = self.world.sessions.open(&open).await.unwrap();
        let opened = self.people[who].driver.open(id, &shown.request, now);
        match outcome {
            Outcome::Opened { id: held, .. } => assert!(opened && held == id, "{}", self.what),
            Outcome::LimitReached => {
                assert!(!opened, "{}", self.what);
                self.saw("limit reached");
            }
            Outcome::Overruled => panic!("{}", self.what),
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
        self.world.sessions.clean_subject(tenant, &key, now).await.unwrap();
        self.people[who].driver.clean_up(now);
    }

    /// One of the sessions that a person opened lately, alive or not.
    fn any_session(&mut self, who: usize) -> Option<SessionId> {
        let opened = &self.people[who].opened;
        let lately = self.random.usize(..opened.len().clamp(1, 3));
        opened.iter().rev().nth(lately).copied()
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

    async fn play(&mut self, name: &str, events: usize) {
        let mut who = 0;
        for number in 0..events {
            self.pass_time();
            if self.one_in(6) {
                who = self.random.usize(..self.people.len());
            }
            let session = self.any_session(who);
            let kind = self.random.u8(..40);
            self.what = format!("{name}, event {number} of {}, kind {kind}", self.people[who].name);
            let shown = self.shown(who).await;
            match (session, kind) {
                (None, _) | (_, 0..=3) => self.open(who, &shown).await,
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
                (Some(id), 12) => {
                    for guess in 0..5 {
                        let habit = self.people[who].habit;
                        let print = format!("guess-{guess}");
                        let guess = self.shows(who, habit, &agent(habit.agent), Some(&print)).await;
                        self.validate(who, id, &guess).await;
                        self.settle(who).await;
                        self.world.wait(Duration::from_secs(1));
                    }
                }
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
            4..=23 => self.random.u64(1..300),
            24..=34 => self.random.u64(300..3600),
            35..=38 => self.random.u64(3600..100_000),
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
        for id in &person.opened {
            let held = guard.find(*id);
            assert_eq!(person.driver.held(*id), held, "{}: {id}", self.what);
            let live = held.is_some_and(|it| it.is_live(now));
            assert_eq!(person.driver.is_live(*id, now), live, "{}: {id}", self.what);
            let Some(recorded) = person.driver.record(*id) else {
                continue;
            };
            let mut record = store.record(&world.tenant.id, *id).await.unwrap().unwrap();
            record.attached = Attached {
                traits: record.attached.traits,
                ..Attached::default()
            };
            assert_eq!(recorded, &record, "{}", self.what);
        }
        let profile = world.profile(person.name).await;
        assert_eq!(person.driver.profile().clone().at(now), profile, "{}", self.what);
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
        evidence: EvidencePolicy::of(&[Piece::Telemetry]),
        ..World::limited(2, AtLimit::Reject)
    };
    let all = [Piece::Address, Piece::UserAgent, Piece::Fingerprint, Piece::Telemetry];
    let always = Policy {
        absolute_timeout: AbsoluteTimeout::Aal1,
        evidence: EvidencePolicy::of(&all),
        ..Policy::default()
    };
    vec![
        ("as it is", hour, base),
        ("long", 24 * hour, long),
        ("monitor", 6 * hour, monitor),
        ("lists", 6 * hour, lists),
        ("always", 24 * hour, always),
    ]
}

#[tokio::test]
async fn what_the_evaluation_plays_the_service_does() {
    let (mut seen, mut judged) = (BTreeSet::new(), 0);
    for (number, (name, idle, policy)) in (1..).zip(policies()) {
        let mut history = History::new(policy, idle, number).await;
        history.play(name, 400).await;
        judged += history.judged;
        seen.extend(history.seen);
    }
    println!("{judged} judged, {} seen: {seen:?}", seen.len());
}
