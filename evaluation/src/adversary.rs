//! What a thief can choose: the cheapest request for each thing that was stolen and each place it is used from, and the
//! cheapest way there over several requests. `docs/risk.md` has the table.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use shared::device::Traits;
use shared::model::{
    Anonymity, AutonomousSystem, Facts, Instant, Located, Partition, Place, Point, SessionId, Subject,
};
use shared::policy::{AbsoluteTimeout, Policy, Tenant};
use shared::telemetry::Components;

use crate::Result;
use crate::sessions::drive::{Driver, End, Request, Telemetry, Visit};

/// 25 November 2026.
const START: Instant = Instant::from_secs(1_795_600_000);
const SUSPICIOUS: u8 = 45;

/// What the tenant's backend sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Integration {
    AddressAndUserAgent,
    Fingerprint,
    FingerprintAndTelemetry,
}

impl Integration {
    const ALL: [Self; 3] = [
        Self::AddressAndUserAgent,
        Self::Fingerprint,
        Self::FingerprintAndTelemetry,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::AddressAndUserAgent => "address and user agent",
            Self::Fingerprint => "and fingerprint",
            Self::FingerprintAndTelemetry => "and telemetry",
        }
    }
}

/// What the thief has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loot {
    Cookie,
    UserAgent,
    Fingerprint,
    Everything,
}

impl Loot {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "the cookie",
            Self::UserAgent => "and the user agent",
            Self::Fingerprint => "and the fingerprint",
            Self::Everything => "and what telemetry shows",
        }
    }

    /// What can be stolen of a session of this integration.
    fn of(integration: Integration) -> Vec<Self> {
        let all = [Self::Cookie, Self::UserAgent, Self::Fingerprint, Self::Everything];
        let most = match integration {
            Integration::AddressAndUserAgent => Self::UserAgent,
            Integration::Fingerprint => Self::Fingerprint,
            Integration::FingerprintAndTelemetry => Self::Everything,
        };
        all.into_iter().filter(|it| *it <= most).collect()
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Spot {
    SamePrefix,
    SameSystem,
    SameCountry,
    Relay,
    Hosting,
    Abroad,
    HostingAbroad,
    Spoilt,
}

impl Spot {
    const ALL: [Self; 8] = [
        Self::SamePrefix,
        Self::SameSystem,
        Self::SameCountry,
        Self::Relay,
        Self::Hosting,
        Self::Abroad,
        Self::HostingAbroad,
        Self::Spoilt,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::SamePrefix => "same /24",
            Self::SameSystem => "same provider",
            Self::SameCountry => "same country",
            Self::Relay => "a relay of the country",
            Self::Hosting => "hosting, same country",
            Self::Abroad => "abroad",
            Self::HostingAbroad => "hosting abroad",
            Self::Spoilt => "address spoilt",
        }
    }

    /// Texts that a request from there can show for its address.
    const fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::SamePrefix => &["198.51.100.99", "198.51.100.99:4711"],
            Self::SameSystem => &["203.0.113.10", "::ffff:203.0.113.10"],
            Self::SameCountry => &["203.0.113.20", "[::ffff:203.0.113.20]:80"],
            Self::Relay => &["203.0.113.30"],
            Self::Hosting => &["203.0.113.40"],
            Self::Abroad => &["192.0.2.50", "2001:db8:9::50"],
            Self::HostingAbroad => &["192.0.2.60"],
            Self::Spoilt => &[
                "",
                "unknown",
                "198.51.100.7, 192.0.2.50",
                "10.0.0.1",
                "127.0.0.1",
                "100.64.0.1",
                "fe80::1%eth0",
            ],
        }
    }

    fn facts(self) -> Facts {
        const PARIS: (f64, f64) = (48.86, 2.35);
        const NEW_YORK: (f64, f64) = (40.71, -74.01);
        let (number, country, (latitude, longitude)) = match self {
            Self::SamePrefix | Self::SameSystem => (64_496, "FR", PARIS),
            Self::SameCountry => (64_498, "FR", PARIS),
            Self::Relay => (64_499, "FR", PARIS),
            Self::Hosting => (64_500, "FR", PARIS),
            Self::Abroad => (64_501, "US", NEW_YORK),
            Self::HostingAbroad => (64_502, "US", NEW_YORK),
            Self::Spoilt => return Facts::default(),
        };
        let hosting = matches!(self, Self::Hosting | Self::HostingAbroad);
        Facts {
            place: Located::At(Box::new(Place {
                country_code: Some(country.to_owned()),
                point: Some(Point {
                    latitude,
                    longitude,
                    radius_km: 50,
                }),
                ..Place::default()
            })),
            system: Some(AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting: Some(hosting),
                relay: (self == Self::Relay).then_some(true),
                ..Anonymity::default()
            },
        }
    }
}

const VICTIM: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const OWN: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:155.0) Gecko/20100101 Firefox/155.0";

/// User agents that a thief can show, by what is said of them.
fn agents(loot: Loot) -> Vec<(&'static str, String)> {
    let mut agents = vec![
        ("own user agent", OWN.to_owned()),
        ("no user agent", String::new()),
        (
            "own without system",
            "Mozilla/5.0 Gecko/20100101 Firefox/155.0".to_owned(),
        ),
        (
            "own without browser",
            "Mozilla/5.0 (X11; Linux x86_64)".to_owned(),
        ),
        ("a program's user agent", "curl/8.7.1".to_owned()),
    ];
    if Loot::UserAgent <= loot {
        let version = |version: &str| VICTIM.replace("156.0.0.0", version);
        agents.extend([
            ("user agent copied", VICTIM.to_owned()),
            ("the next version", version("157.0.0.0")),
            ("a patch of the version", version("156.0.8078.200")),
            ("a version of next year", version("400.0.0.0")),
            ("an older version", version("150.0.0.0")),
            ("without version", version("x")),
            (
                "without system",
                VICTIM.replace("(Windows NT 10.0; Win64; x64) ", ""),
            ),
            (
                "without browser",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64)".to_owned(),
            ),
            ("a newer system", VICTIM.replace("NT 10.0", "NT 11.0")),
            ("an older system", VICTIM.replace("NT 10.0", "NT 6.1")),
            (
                "the page of phones",
                VICTIM.replace("Windows NT 10.0; Win64; x64", "Linux; Android 10; K"),
            ),
        ]);
    }
    agents
}

/// Those of them that sequences try: one of each kind.
const SEQUENCE_AGENTS: [&str; 7] = [
    "own user agent",
    "no user agent",
    "user agent copied",
    "the next version",
    "an older version",
    "without system",
    "the page of phones",
];

fn fingerprints(integration: Integration, loot: Loot) -> Vec<(&'static str, Option<&'static str>)> {
    if integration == Integration::AddressAndUserAgent {
        return vec![("", None), ("own fingerprint", Some("thief"))];
    }
    let mut all = vec![
        ("no fingerprint", None),
        ("empty fingerprint", Some("")),
        ("own fingerprint", Some("thief")),
        ("guessed fingerprint", Some("guess")),
    ];
    if Loot::Fingerprint <= loot {
        all.push(("fingerprint copied", Some("victim")));
    }
    all
}

/// What telemetry a thief can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    Invented,
    Own,
    Alike,
    Little,
    Victims,
    Cloned,
}

fn telemetry(integration: Integration, loot: Loot) -> Vec<(&'static str, Shows)> {
    if integration != Integration::FingerprintAndTelemetry {
        return vec![("", Shows::Nothing)];
    }
    let mut all = vec![
        ("no telemetry", Shows::Nothing),
        ("invented telemetry", Shows::Invented),
        ("own telemetry", Shows::Own),
        ("own telemetry of a like machine", Shows::Alike),
        ("telemetry of the platform alone", Shows::Little),
    ];
    if Loot::UserAgent <= loot {
        all.push(("the victim's token", Shows::Victims));
    }
    if Loot::Everything <= loot {
        all.push(("telemetry cloned", Shows::Cloned));
    }
    all
}

fn components(cores: u32, renderer: &str, canvas: u8) -> Components {
    Components {
        platform: Some("Win32".to_owned()),
        hardware_concurrency: Some(cores),
        device_memory: Some(8.0),
        webgl_vendor: Some("Google Inc.".to_owned()),
        webgl_renderer: Some(renderer.to_owned()),
        canvas_geometry: Some([canvas; 16]),
        canvas_text: Some([canvas; 16]),
        audio: Some([canvas; 16]),
        math: Some([canvas; 16]),
        fonts: Some([canvas; 16]),
        time_zone: Some("Europe/Paris".to_owned()),
        languages: Some(vec!["fr-FR".to_owned()]),
        ..Components::default()
    }
}

fn victims() -> Components {
    components(8, "ANGLE (Intel, Intel(R) UHD Graphics 620)", 1)
}

fn thiefs() -> Components {
    components(16, "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060)", 9)
}

/// A machine of the victim's model, with other fonts and drawings.
fn alike() -> Components {
    components(8, "ANGLE (Intel, Intel(R) UHD Graphics 620)", 9)
}

/// What every browser on Windows shows, with all else blocked.
fn little() -> Components {
    Components {
        platform: Some("Win32".to_owned()),
        ..Components::default()
    }
}

/// One request a thief can send.
#[derive(Debug, Clone)]
struct Choice {
    spot: Spot,
    name: String,
    /// Whether sequences try it: one of each kind.
    in_sequences: bool,
    request: Request,
}

fn home(integration: Integration) -> Request {
    let address = "198.51.100.7";
    let visit = Visit {
        traits: Traits::of(&victims(), VICTIM),
        user_agent: VICTIM.to_owned(),
        address: [198, 51, 100, 7].into(),
        asn: Some(64_496),
    };
    let told = integration == Integration::FingerprintAndTelemetry;
    let print = (integration != Integration::AddressAndUserAgent).then_some("victim");
    let telemetry = if told {
        Telemetry::Visit(visit)
    } else {
        Telemetry::None
    };
    Request::new(address, VICTIM, print, Spot::SameSystem.facts(), telemetry)
}

/// All that a thief with this loot can choose in one request.
fn choices(integration: Integration, loot: Loot) -> Vec<Choice> {
    let mut all = Vec::new();
    for spot in Spot::ALL {
        for address in spot.spellings() {
            for (agent, text) in agents(loot) {
                for (print, fingerprint) in fingerprints(integration, loot) {
                    for (told, shows) in telemetry(integration, loot) {
                        let visit = |shown: &Components, address: [u8; 4], asn, user_agent: &str| {
                            Telemetry::Visit(Visit {
                                traits: Traits::of(shown, user_agent),
                                user_agent: user_agent.to_owned(),
                                address: address.into(),
                                asn,
                            })
                        };
                        let asn = spot.facts().asn();
                        let own_address = match spot {
                            Spot::SamePrefix => [198, 51, 100, 99],
                            Spot::Abroad | Spot::HostingAbroad | Spot::Spoilt => [192, 0, 2, 50],
                            _ => [203, 0, 113, 20],
                        };
                        let telemetry = match shows {
                            Shows::Nothing => Telemetry::None,
                            Shows::Invented => Telemetry::Unknown,
                            Shows::Own => visit(&thiefs(), own_address, asn, &text),
                            Shows::Alike => visit(&alike(), own_address, asn, &text),
                            Shows::Little => visit(&little(), own_address, asn, &text),
                            Shows::Victims => visit(&victims(), [198, 51, 100, 7], Some(64_496), VICTIM),
                            Shows::Cloned => visit(&victims(), own_address, asn, &text),
                        };
                        let mut name = agent.to_owned();
                        for part in [print, told] {
                            if !part.is_empty() {
                                let _ = write!(name, ", {part}");
                            }
                        }
                        if spot == Spot::Spoilt || spot.spellings().first() != Some(address) {
                            let _ = write!(name, ", address `{address}`");
                        }
                        let first = spot.spellings().first() == Some(address);
                        all.push(Choice {
                            in_sequences: first
                                && SEQUENCE_AGENTS.contains(&agent)
                                && print != "empty fingerprint",
                            spot,
                            name,
                            request: Request::new(address, &text, fingerprint, spot.facts(), telemetry),
                        });
                    }
                }
            }
        }
    }
    all
}

/// A session at its victim's home, and the victim.
#[derive(Clone)]
struct Scene {
    driver: Driver,
    session: SessionId,
    now: Instant,
}

fn session(number: u8) -> Result<SessionId> {
    Ok(format!("01010101-0101-7101-8101-0101010101{number:02x}").parse()?)
}

impl Scene {
    fn of(integration: Integration) -> Result<Self> {
        let mut policy = Policy {
            absolute_timeout: AbsoluteTimeout::Aal1,
            ..Policy::default()
        };
        policy.max_concurrent = 5;
        let tenant = Tenant {
            id: "acme".parse()?,
            partition: Partition::new(1).ok_or("a partition")?,
            policy,
        };
        let mut driver = Driver::new(tenant, Duration::from_hours(10 * 24), Subject::new("alice")?);
        let session = session(1)?;
        driver.open(session, &home(integration), START);
        Ok(Self {
            driver,
            session,
            now: START,
        })
    }

    /// The score of a request after a while, and the scene after it.
    fn after(&self, request: &Request, wait: Duration) -> (u8, Self) {
        let mut next = self.clone();
        next.now = self.now + wait;
        let verdict = next.driver.validate(self.session, request, next.now);
        // A session that is gone is worth nothing.
        (verdict.map_or(100, |it| it.score), next)
    }
}

/// How long a thief waits between two requests.
const WAITS: [Duration; 2] = [Duration::from_mins(1), Duration::from_hours(12)];

/// The cheapest request of a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cheapest {
    score: u8,
    name: String,
}

fn cheapest(scene: &Scene, choices: &[Choice]) -> BTreeMap<Spot, Cheapest> {
    let mut cells = BTreeMap::new();
    for choice in choices {
        for (wait, note) in WAITS.into_iter().zip(["", ", after 12 hours"]) {
            let (score, _) = scene.after(&choice.request, wait);
            let found = Cheapest {
                score,
                name: format!("{}{note}", choice.name),
            };
            let cell = cells.entry(choice.spot).or_insert_with(|| found.clone());
            if found.score < cell.score {
                *cell = found;
            }
        }
    }
    cells
}

/// A way that makes a request cheaper than it is as the first one.
#[derive(Debug, Clone)]
struct Way {
    saved: u8,
    requests: Vec<String>,
    scores: Vec<u8>,
}

/// The way of up to `most` requests that saves most against its dearest request sent directly. Requests that are asked
/// for a step-up lead nowhere. The owner goes on at home in between, or does not.
fn best_way(scene: &Scene, choices: &[Choice], owner: &Request, most: usize) -> Way {
    // What a request costs as the first one, at the same time: waiting by itself is nobody's way.
    let mut direct: HashMap<(usize, Duration), u8> = HashMap::new();
    let mut best = Way {
        saved: 0,
        requests: Vec::new(),
        scores: Vec::new(),
    };
    let mut seen = HashSet::new();
    // The scene, how much any request on the way cost and would have cost directly, and its requests.
    let mut open = VecDeque::from([(scene.clone(), 0_u8, 0_u8, Vec::<String>::new(), Vec::<u8>::new())]);
    while let Some((here, dearest, dearest_direct, requests, scores)) = open.pop_front() {
        for (number, choice) in choices.iter().enumerate() {
            for (wait, note) in WAITS.into_iter().zip(["", " (12 h)"]) {
                let (score, next) = here.after(&choice.request, wait);
                let passed = next.now.since(scene.now);
                let direct = direct
                    .entry((number, passed))
                    .or_insert_with(|| scene.after(&choice.request, passed).0);
                let (cost, would) = (dearest.max(score), dearest_direct.max(*direct));
                let step = || format!("{}: {}{note}", choice.spot.as_str(), choice.name);
                if best.saved < would.saturating_sub(cost) {
                    best = Way {
                        saved: would - cost,
                        requests: requests.iter().cloned().chain([step()]).collect(),
                        scores: scores.iter().copied().chain([score]).collect(),
                    };
                }
                if SUSPICIOUS <= score || most <= requests.len() + 1 {
                    continue;
                }
                for at_home in [false, true] {
                    let next = if at_home {
                        next.after(owner, Duration::from_mins(1)).1
                    } else {
                        next.clone()
                    };
                    // What a session remembers, but for times, and what the dearest request would have cost.
                    if seen.insert((next.driver.remembered(next.session), cost, would, requests.len())) {
                        let requests = requests.iter().cloned().chain([step()]).collect();
                        let scores = scores.iter().copied().chain([score]).collect();
                        open.push_back((next, cost, would, requests, scores));
                    }
                }
            }
        }
    }
    best
}

/// What a thief who was let in gains for the next theft: the session ends as given, its owner opens another one, and the
/// same choices are tried on that.
fn next_theft(scene: &Scene, choices: &[Choice], owner: &Request, end: End) -> Result<u8> {
    let mut most = 0;
    let next = session(2)?;
    let fresh = |driver: &Driver, now: Instant| {
        let mut driver = driver.clone();
        driver.end(scene.session, end, now);
        driver.open(next, owner, now);
        Scene {
            driver,
            session: next,
            now,
        }
    };
    let untouched = fresh(&scene.driver, START + Duration::from_mins(2));
    let before: Vec<u8> = choices
        .iter()
        .map(|choice| untouched.after(&choice.request, WAITS[0]).0)
        .collect();
    let mut seen = HashSet::new();
    for first in choices {
        let (score, after) = scene.after(&first.request, WAITS[0]);
        if SUSPICIOUS <= score {
            continue;
        }
        let taught = fresh(&after.driver, START + Duration::from_mins(2));
        let profile = taught.driver.profile();
        if profile == untouched.driver.profile() || !seen.insert(format!("{profile:?}")) {
            continue;
        }
        for (second, before) in choices.iter().zip(&before) {
            let after = taught.after(&second.request, WAITS[0]).0;
            most = most.max(before.saturating_sub(after));
        }
    }
    Ok(most)
}

/// What a search found.
pub(crate) struct Found {
    /// The lines of the table.
    pub(crate) table: Vec<String>,
    /// The lines that say how each cell is reached.
    pub(crate) ways: Vec<String>,
    /// Everything that breaks a promise of the model.
    pub(crate) broken: Vec<String>,
}

/// Searches all that a thief can choose; sequences of up to `most` requests.
///
/// # Errors
/// When a name of the search is none.
pub(crate) fn search(most: usize) -> Result<Found> {
    let mut found = Found {
        table: Vec::new(),
        ways: Vec::new(),
        broken: Vec::new(),
    };
    for integration in Integration::ALL {
        let (scene, owner) = (Scene::of(integration)?, home(integration));
        for loot in Loot::of(integration) {
            let choices = choices(integration, loot);
            let cells = cheapest(&scene, &choices);
            let cell = |spot| cells.get(&spot).map_or(100, |it| it.score);
            let shown = Spot::ALL.map(|spot| match cell(spot) {
                score if score < SUSPICIOUS => format!("**{score}**"),
                score => score.to_string(),
            });
            let tried: Vec<Choice> = choices.iter().filter(|it| it.in_sequences).cloned().collect();
            let way = best_way(&scene, &tried, &owner, most);
            let gains = [
                next_theft(&scene, &tried, &owner, End::LoggedOut)?,
                next_theft(&scene, &tried, &owner, End::Revoked)?,
            ];
            found.table.push(format!(
                "| {} | {} | {} | {} | {} |",
                integration.as_str(),
                loot.as_str(),
                shown.join(" | "),
                way.saved,
                gains[0].max(gains[1]),
            ));
            for (spot, cheapest) in &cells {
                found.ways.push(format!(
                    "| {} | {} | {} | {} | {} |",
                    integration.as_str(),
                    loot.as_str(),
                    spot.as_str(),
                    cheapest.score,
                    cheapest.name
                ));
            }
            let row = format!("{} / {}", integration.as_str(), loot.as_str());
            let passes = |spot: &Spot| cell(*spot) < SUSPICIOUS;
            let from_the_country = [
                Spot::SameCountry,
                Spot::Hosting,
                Spot::Abroad,
                Spot::HostingAbroad,
                Spot::Spoilt,
            ];
            if integration != Integration::AddressAndUserAgent && loot < Loot::Fingerprint {
                for spot in from_the_country.iter().filter(|it| passes(it)) {
                    found.broken.push(format!("{row}: let in from {}", spot.as_str()));
                }
            }
            if cell(Spot::Spoilt) < cell(Spot::Abroad) {
                found
                    .broken
                    .push(format!("{row}: a spoilt address is cheaper than abroad"));
            }
            if 5 < way.saved {
                found.broken.push(format!(
                    "{row}: saves {} by {:?} {:?}",
                    way.saved, way.requests, way.scores
                ));
            }
            if 5 < gains[0].max(gains[1]) {
                found
                    .broken
                    .push(format!("{row}: a theft makes the next one cheaper by {gains:?}"));
            }
        }
    }
    Ok(found)
}

/// Searches and prints.
///
/// # Errors
/// When something that the model promises does not hold, or standard output is gone.
pub(crate) fn run(most: usize, check: bool) -> Result<()> {
    let mut found = search(most)?;
    if check {
        let documented = documented();
        if documented != found.table {
            found
                .broken
                .push(format!("the document should say:\n{}", found.table.join("\n")));
        }
    }
    let spots = Spot::ALL.map(Spot::as_str).join(" | ");
    let mut text = format!(
        "| the backend sends | the thief has | {spots} | saved over {most} requests | saved by an earlier theft |\n\
         |---|---|{}---|---|\n",
        "---|".repeat(Spot::ALL.len())
    );
    for line in &found.table {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(
        "\n| the backend sends | the thief has | from | score | cheapest request |\n|---|---|---|---|---|\n",
    );
    for line in &found.ways {
        let _ = writeln!(text, "{line}");
    }
    crate::report::say(text)?;
    if found.broken.is_empty() {
        Ok(())
    } else {
        Err(found.broken.join("\n").into())
    }
}

/// The table of the document.
fn documented() -> Vec<&'static str> {
    include_str!("../../docs/risk.md")
        .lines()
        .skip_while(|line| !line.starts_with("| the backend sends"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect()
}
