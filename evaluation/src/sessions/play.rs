//! People and thieves before the service: what each event scored.

use std::time::Duration;

use shared::model::{Instant, Partition, SessionId, Subject};
use shared::policy::{AbsoluteTimeout, Policy, Tenant};
use shared::risk::Action;

use super::baselines::{Counts, Marks, Reader, freeman};
use super::drive::{Driver, End, Request, Telemetry, Verdict, Visit};
use super::person::{Event, Keeping, Person, Shows, Sources};
use super::rules::{FIRST_THEFT_DAY, REQUESTS, START, STEP_UP, THEFT_DELAY_MINUTES, THIEF_PAUSE_MINUTES};
use super::thief::{Class, Thief};
use crate::Result;
use crate::random::{Random, mix};

/// What one honest event came to.
#[derive(Debug, Clone)]
pub(crate) struct Honest {
    pub(crate) person: usize,
    pub(crate) score: u8,
    /// The factor with the most points.
    pub(crate) factor: &'static str,
    /// What had really happened.
    pub(crate) cause: String,
    /// Whether the address is another than the session's last event's.
    pub(crate) moved: bool,
    pub(crate) binding: bool,
    pub(crate) elsewhere: bool,
    pub(crate) freeman: f64,
}

/// What one theft came to.
#[derive(Debug, Clone)]
pub(crate) struct Theft {
    pub(crate) class: Class,
    pub(crate) first: u8,
    pub(crate) highest: u8,
    /// With the owner's events in the stolen session.
    pub(crate) anyones: u8,
    pub(crate) moved: bool,
    pub(crate) binding: bool,
    pub(crate) elsewhere: bool,
    pub(crate) freeman: f64,
    pub(crate) freeman_within: f64,
}

/// What was seen of one person before scores of baselines that need everyone.
struct Played {
    honest: Vec<(Honest, Marks)>,
    thefts: Vec<(Theft, usize, Vec<Marks>)>,
    /// All honest events in order, the openings among them.
    shown: Vec<Marks>,
    /// For each of `honest`, how many of `shown` came before.
    before: Vec<usize>,
}

/// Everything that a run came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) people: usize,
    pub(crate) events: usize,
    pub(crate) honest: Vec<Honest>,
    pub(crate) thefts: Vec<Theft>,
}

/// Plays everyone.
///
/// # Errors
/// When a name is none, which does not happen.
pub(crate) fn play(people: &[Person], sources: Sources<'_>, telemetry: bool) -> Result<Outcome> {
    let mut reader = Reader::default();
    let mut everyone = Counts::default();
    let mut played = Vec::with_capacity(people.len());
    for (at, person) in people.iter().enumerate() {
        let one = Play::of(person, sources, telemetry, &mut reader)?.run(at);
        for marks in &one.shown {
            everyone.add(marks);
        }
        played.push(one);
    }
    let mut outcome = Outcome {
        people: people.len(),
        events: played.iter().map(|it| it.shown.len()).sum(),
        ..Outcome::default()
    };
    for one in played {
        let mut own = Counts::default();
        let mut learnt = 0;
        let mut known = |upto: usize, own: &mut Counts| {
            for marks in one.shown.get(learnt..upto).unwrap_or_default() {
                own.add(marks);
            }
            learnt = learnt.max(upto);
        };
        let mut thefts = one.thefts.into_iter().peekable();
        for ((mut honest, marks), before) in one.honest.into_iter().zip(one.before) {
            while let Some((mut theft, _, shown)) = thefts.next_if(|it| it.1 <= before) {
                known(before, &mut own);
                let scores: Vec<f64> = shown.iter().map(|it| freeman(it, &everyone, &own)).collect();
                theft.freeman = scores.first().copied().unwrap_or_default();
                theft.freeman_within = scores.iter().copied().fold(theft.freeman, f64::max);
                outcome.thefts.push(theft);
            }
            known(before, &mut own);
            honest.freeman = freeman(&marks, &everyone, &own);
            outcome.honest.push(honest);
        }
        for (mut theft, upto, shown) in thefts {
            known(upto, &mut own);
            let scores: Vec<f64> = shown.iter().map(|it| freeman(it, &everyone, &own)).collect();
            theft.freeman = scores.first().copied().unwrap_or_default();
            theft.freeman_within = scores.iter().copied().fold(theft.freeman, f64::max);
            outcome.thefts.push(theft);
        }
    }
    Ok(outcome)
}

/// A device's session, and what its last honest event showed.
#[derive(Clone, Default)]
struct Cookie {
    session: Option<SessionId>,
    last: Option<Marks>,
}

/// One person before the service.
struct Play<'a> {
    person: &'a Person,
    sources: Sources<'a>,
    telemetry: bool,
    reader: &'a mut Reader,
    driver: Driver,
    cookies: Vec<Cookie>,
}

impl<'a> Play<'a> {
    fn of(person: &'a Person, sources: Sources<'a>, telemetry: bool, reader: &'a mut Reader) -> Result<Self> {
        Ok(Self {
            driver: driver(person.keeping, &format!("person-{}", person.number))?,
            person,
            sources,
            telemetry,
            reader,
            cookies: vec![Cookie::default(); 2],
        })
    }

    fn run(mut self, at: usize) -> Played {
        let mut played = Played {
            honest: Vec::new(),
            thefts: Vec::new(),
            shown: Vec::new(),
            before: Vec::new(),
        };
        let events = &self.person.events;
        let mut pending = self.moments();
        let mut previous: [Option<&Event>; 2] = [None, None];
        for (number, event) in events.iter().enumerate() {
            let marks = self.reader.read(&event.shows);
            let before = previous.get(event.device).copied().flatten();
            if let Some(slot) = previous.get_mut(event.device) {
                *slot = Some(event);
            }
            let last = self.cookies.get(event.device).and_then(|it| it.last);
            if let Some(verdict) = self.owner(number, event) {
                let last = last.unwrap_or(marks);
                played.honest.push((
                    Honest {
                        person: at,
                        score: verdict.score,
                        factor: gravest(&verdict),
                        cause: cause(before, event),
                        moved: marks.moved(&last),
                        binding: marks.breaks_binding(&last),
                        elsewhere: marks.is_elsewhere(&last),
                        freeman: 0.0,
                    },
                    marks,
                ));
                played.before.push(played.shown.len());
            }
            played.shown.push(marks);
            if let Some(cookie) = self.cookies.get_mut(event.device) {
                cookie.last = Some(marks);
            }
            pending.retain(|(class, wanted)| {
                let due = *wanted <= number && self.is_live(event);
                if due && let Some((theft, shown)) = self.steal(*class, number) {
                    played.thefts.push((theft, played.shown.len(), shown));
                    return false;
                }
                true
            });
        }
        played
    }

    /// The numbers of the events after which thefts are wanted.
    fn moments(&self) -> Vec<(Class, usize)> {
        let events = &self.person.events;
        let from = START + i64::from(FIRST_THEFT_DAY) * 86_400;
        let first = events.partition_point(|it| it.at.secs() < from);
        let mut random = Random::of(&[self.sources.half, self.person.number, 50]);
        let mut drawn = || first + random.below(events.len().saturating_sub(first));
        Class::ALL.iter().map(|class| (*class, drawn())).collect()
    }

    fn is_live(&self, event: &Event) -> bool {
        let session = self.cookies.get(event.device).and_then(|it| it.session);
        session.is_some_and(|it| self.driver.is_live(it, event.at))
    }

    fn request(&self, shows: &Shows) -> Request {
        let told = shows.telemetry.as_ref().filter(|_| self.telemetry);
        Request::new(
            &shows.address.to_string(),
            &shows.user_agent,
            shows.fingerprint.as_deref(),
            shows.facts.clone(),
            told.map_or(Telemetry::None, |it| {
                Telemetry::Visit(Visit {
                    traits: it.traits,
                    user_agent: it.user_agent.clone(),
                    address: it.address,
                    asn: self.sources.atlas.facts(it.address, None).asn(),
                })
            }),
        )
    }

    /// An event of the owner: opens a session where there is none; else the verdict, with what the owner does about it.
    fn owner(&mut self, number: usize, event: &Event) -> Option<Verdict> {
        let request = self.request(&event.shows);
        let now = event.at;
        self.driver.clean_up(now);
        let session = self.cookies.get(event.device)?.session;
        let Some(session) = session.filter(|it| self.driver.is_live(*it, now)) else {
            self.open(event.device, &request, now);
            self.leave(event);
            return None;
        };
        let verdict = self.driver.validate(session, &request, now);
        match verdict.as_ref().map(|it| it.action) {
            Some(Action::StepUp) => {
                let drawn = mix(&[self.sources.half, self.person.number, number as u64, 51]) % 1000;
                if drawn < (STEP_UP * 1000.0) as u64 {
                    self.driver.step_up(session, &request, now);
                }
            }
            Some(Action::Refuse) => self.open(event.device, &request, now),
            _ => {}
        }
        self.leave(event);
        verdict
    }

    fn open(&mut self, device: usize, request: &Request, now: Instant) {
        // Of one person no two open in the same millisecond.
        let drawn = format!("018d0cab-c440-7abc-8123-{:012x}", now.millis() & 0xffff_ffff_ffff);
        let Ok(id) = drawn.parse() else { return };
        self.driver.open(id, request, now);
        if let Some(cookie) = self.cookies.get_mut(device) {
            cookie.session = Some(id);
        }
    }

    fn leave(&mut self, event: &Event) {
        if let Some(cookie) = self.cookies.get_mut(event.device).filter(|_| event.logout)
            && let Some(session) = cookie.session.take()
        {
            self.driver.end(session, End::LoggedOut, event.at);
        }
    }

    /// A theft after the owner's event with this number, in a copy of all that is.
    fn steal(&mut self, class: Class, number: usize) -> Option<(Theft, Vec<Marks>)> {
        let event = self.person.events.get(number)?;
        let session = self.cookies.get(event.device)?.session?;
        let last = self.cookies.get(event.device)?.last?;
        let (driver, cookies) = (self.driver.clone(), self.cookies.clone());
        let result = self.hijack(class, number, session, &last);
        (self.driver, self.cookies) = (driver, cookies);
        result
    }

    fn hijack(
        &mut self,
        class: Class,
        number: usize,
        session: SessionId,
        last: &Marks,
    ) -> Option<(Theft, Vec<Marks>)> {
        let person = self.person;
        let mut owner = person.events.get(number)?;
        let device = owner.device;
        let thief = Thief::draw(self.sources, class, person);
        let mut random = Random::of(&[self.sources.half, person.number, class as u64, 52]);
        let (fewest, most) = REQUESTS;
        let count = fewest + random.below(most - fewest);
        let idle = person.keeping.idle_minutes as f64;
        let delay = random.exponential(THEFT_DELAY_MINUTES).min(0.9 * idle);
        let mut at = owner.at + minutes(delay);
        let mut next = number + 1;
        let mut theft: Option<Theft> = None;
        let mut shown = Vec::new();
        for _ in 0..count {
            while let Some(event) = person.events.get(next).filter(|it| it.at <= at) {
                let theirs = event.device == device && self.driver.is_live(session, event.at);
                let verdict = self.owner(next, event);
                if let (true, Some(theft), Some(verdict)) = (theirs, &mut theft, verdict) {
                    theft.anyones = theft.anyones.max(verdict.score);
                }
                if event.device == device {
                    owner = event;
                }
                next += 1;
            }
            let stolen = thief.shows(self.sources.atlas, person, owner, &mut random);
            let request = self.request(&stolen);
            let Some(verdict) = self.driver.validate(session, &request, at) else {
                break;
            };
            let marks = self.reader.read(&stolen);
            shown.push(marks);
            let score = verdict.score;
            let so_far = theft.get_or_insert_with(|| Theft {
                class,
                first: score,
                highest: score,
                anyones: score,
                moved: marks.moved(last),
                binding: marks.breaks_binding(last),
                elsewhere: marks.is_elsewhere(last),
                freeman: 0.0,
                freeman_within: 0.0,
            });
            so_far.highest = so_far.highest.max(score);
            so_far.anyones = so_far.anyones.max(score);
            if verdict.action == Action::Refuse {
                break;
            }
            at = at + minutes(random.exponential(THIEF_PAUSE_MINUTES).min(0.9 * idle));
        }
        theft.map(|theft| (theft, shown))
    }
}

/// The state of a person nothing is known of.
fn driver(keeping: Keeping, name: &str) -> Result<Driver> {
    let tenant = Tenant {
        id: "evaluation".parse()?,
        partition: Partition::new(1).ok_or("no partition")?,
        policy: Policy {
            absolute_timeout: if keeping.long {
                AbsoluteTimeout::Aal1
            } else {
                AbsoluteTimeout::Aal2
            },
            ..Policy::default()
        },
    };
    let idle = Duration::from_secs(keeping.idle_minutes * 60);
    Ok(Driver::new(tenant, idle, Subject::new(name)?))
}

fn gravest(verdict: &Verdict) -> &'static str {
    let most = verdict.factors.iter().rev().max_by_key(|it| it.1);
    most.map_or("none", |it| it.0)
}

/// What had happened since the device's event before: on its way, and to itself.
fn cause(before: Option<&Event>, event: &Event) -> String {
    let way = match before {
        Some(before) if before.shows.address == event.shows.address => "same address".to_owned(),
        Some(before) if before.link == event.link => format!("another address, {}", event.link),
        _ => format!("to {}", event.link),
    };
    let own = match before {
        Some(before) if before.state != event.state && !event.state.is_empty() => event.state,
        Some(before) if before.state != event.state => "back to normal",
        Some(before) if before.shows.user_agent != event.shows.user_agent => "upgrade",
        Some(before) if before.shows.fingerprint == event.shows.fingerprint => return way,
        _ if event.state == "privacy browser" => "privacy browser",
        _ => "screen, zone or drawing changed",
    };
    format!("{way}; {own}")
}

fn minutes(minutes: f64) -> Duration {
    Duration::from_millis((minutes * 60_000.0) as u64 + 1)
}
