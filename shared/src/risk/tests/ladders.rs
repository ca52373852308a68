//! Monotonicity: with everything else equal, a step worse in a group lowers neither its points nor the score.
//!
//! The last ones are about who chooses what to show: saying less, saying it worse and claiming to be newer never help.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::test_runner::TestCaseError;

use super::laws::{any_profile, any_session, located_context};
use super::located::acquainted;
use super::*;
use crate::model::{Anonymity, AutonomousSystem, Geo, Located, Place, Point, Profile};

/// A session and a request, which a ladder then moves in one respect.
#[derive(Debug, Clone)]
struct Scene {
    held: HeldSession,
    record: SessionRecord,
    profile: Option<Profile>,
    context: Context,
    lists: Lists,
    now: Instant,
}

impl Scene {
    fn judged(&self) -> Assessment {
        assess(&Evidence {
            profile: self.profile.as_ref(),
            lists: &self.lists,
            now: self.now,
            ..evidence(&self.held, Some(&self.record), &self.context)
        })
    }

    /// The same scene, moved.
    fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    fn come_from(&mut self, address: IpAddr) {
        self.show(&address.to_string());
    }

    /// Shows this text for an address; nothing is known of another one.
    fn show(&mut self, ip: &str) {
        let shown = context(ip, CHROME, base().fingerprint);
        (self.context.ip, self.context.address, self.context.ip_form) =
            (shown.ip, shown.address, shown.ip_form);
    }

    fn hold_by(&mut self, address: IpAddr) {
        match HeldSession::held_part(address) {
            IpAddr::V4(v4) => self.held.ipv4 = Some(v4),
            IpAddr::V6(v6) => self.held.ipv6 = Some(v6),
        }
    }

    fn announced_by(&mut self, system: u32, country: &str) {
        self.context.facts.system = Some(AutonomousSystem {
            number: system,
            organisation: None,
        });
        self.place().country_code = Some(country.to_owned());
    }

    fn place(&mut self) -> &mut Place {
        if let Located::Nowhere(_) = self.context.facts.place {
            self.context.facts.place = Located::At(Box::default());
        }
        match &mut self.context.facts.place {
            Located::At(place) => place,
            Located::Nowhere(_) => panic!("just placed"),
        }
    }
}

fn any_scene() -> impl Strategy<Value = Scene> {
    (any_session(), located_context(), any_profile(), 0..2000_u64).prop_map(
        |((held, record), context, profile, minutes)| Scene {
            held,
            record,
            profile,
            context,
            lists: Lists::default(),
            now: START + Duration::from_mins(minutes),
        },
    )
}

/// An address of the session, another one of its network, and one of another network.
fn any_neighbours() -> impl Strategy<Value = [IpAddr; 3]> {
    let v4 = (any::<u32>(), 1..=u32::from(u8::MAX), 1..1_u32 << 24).prop_map(|(own, host, network)| {
        [own, own ^ host, own ^ (network << 8)].map(|it| IpAddr::V4(Ipv4Addr::from_bits(it)))
    });
    let v6 = (any::<u128>(), 1..1_u128 << 16, 1..1_u128 << 48).prop_map(|(own, subnet, network)| {
        [own, own ^ (subnet << 64), own ^ (network << 80)].map(|it| IpAddr::V6(Ipv6Addr::from_bits(it)))
    });
    let ordinary = |it: &[IpAddr; 3]| it.iter().all(|it| address::special(*it).is_none());
    prop_oneof![v4, v6].prop_filter("ordinary addresses", ordinary)
}

fn points(assessment: &Assessment, group: Group) -> i32 {
    let of_group = |it: &&Factor| it.group == group;
    assessment
        .factors()
        .iter()
        .find(of_group)
        .map_or(0, |it| it.points)
}

/// Neither the group's points nor the sum, and so the score, fall from one rung to the next.
fn assert_climbs(group: Group, rungs: &[Scene]) -> Result<(), TestCaseError> {
    let judged: Vec<Assessment> = rungs.iter().map(Scene::judged).collect();
    for (at, pair) in judged.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        prop_assert!(
            points(before, group) <= points(after, group),
            "rung {at}, points: {before:?}\n{after:?}"
        );
        prop_assert!(
            before.sum() <= after.sum(),
            "rung {at}, sum: {before:?}\n{after:?}"
        );
        prop_assert!(before.score() <= after.score(), "rung {at}, score");
    }
    Ok(())
}

proptest! {
    /// The same address, its network, its system, a known system, a new one, one in a known country, in a new country.
    #[test]
    fn a_more_foreign_network_never_scores_lower(
        scene in any_scene(),
        [own, neighbour, foreign] in any_neighbours(),
        country in proptest::sample::select(vec!["FR", "DE", "JP"]),
        system in proptest::sample::select(vec![64_496_u32, 64_510, 64_511]),
    ) {
        let scene = scene.but(|it| {
            it.profile = Some(acquainted());
            (it.held.ipv4, it.held.ipv6) = (None, None);
            it.hold_by(own);
            it.held.asn = Some(system);
            it.held.country = Some(country.to_owned());
            it.held.anonymous = false;
            it.held.trail.elsewhere = None;
        });
        let rung = |address, system, country: &str| scene.but(|it| {
            it.come_from(address);
            it.announced_by(system, country);
        });
        let known_country = if country == "FR" { "DE" } else { "FR" };
        let rungs = [
            rung(own, system, country),
            rung(neighbour, system, country),
            rung(foreign, system, country),
            rung(foreign, 64_497, country),
            rung(foreign, 64_498, country),
            rung(foreign, 64_498, known_country),
            rung(foreign, 64_498, "US"),
        ];
        assert_climbs(Group::Network, &rungs)?;
    }

    /// Allowed by the tenant, ordinary, for hire and new, an exit of Tor, denied by the tenant.
    #[test]
    fn a_worse_reputation_never_scores_lower(
        scene in any_scene(),
        [address, ..] in any_neighbours(),
        system in proptest::option::of(64_496..64_509_u32),
        hire in proptest::sample::select(vec![(true, false, false), (false, true, false), (false, false, true), (true, true, true)]),
    ) {
        let scene = scene.but(|it| {
            it.come_from(address);
            it.held.anonymous = false;
            it.hold_by(address);
            it.context.facts.system = system.map(|number| AutonomousSystem { number, organisation: None });
            let relay = it.context.facts.anonymity.relay;
            it.context.facts.anonymity = Anonymity { hosting: Some(false), relay, ..Anonymity::default() };
        });
        let everywhere = || vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        let hired = scene.but(|it| {
            let anonymity = &mut it.context.facts.anonymity;
            let told = |yes: bool| yes.then_some(true);
            (anonymity.hosting, anonymity.vpn, anonymity.proxy) = (told(hire.0), told(hire.1), told(hire.2));
        });
        let exit = hired.but(|it| it.context.facts.anonymity.tor = Some(true));
        let rungs = [
            scene.but(|it| it.lists.allow = everywhere()),
            scene,
            hired,
            exit.clone(),
            exit.but(|it| it.lists.deny = everywhere()),
        ];
        assert_climbs(Group::Reputation, &rungs)?;
    }

    #[test]
    fn a_longer_journey_never_scores_lower(
        scene in any_scene(),
        [own, _, foreign] in any_neighbours(),
        (latitude, other_latitude) in (-9000..=9000_i16, -9000..=9000_i16),
        longitude in -18_000..=18_000_i16,
        mut east in proptest::array::uniform4(0..=18_000_i32),
        radii in (0..1200_u16, 0..300_u16),
    ) {
        let scene = scene.but(|it| {
            (it.held.ipv4, it.held.ipv6) = (None, None);
            it.hold_by(own);
            it.come_from(foreign);
            it.held.anonymous = false;
            it.context.facts.anonymity = Anonymity::default();
            it.held.geo = Some(Geo { latitude, longitude, radius_km: radii.0 });
        });
        east.sort_unstable();
        let rungs = east.map(|east| scene.but(|it| {
            let there = i32::from(longitude) + east;
            let there = if 18_000 < there { there - 36_000 } else { there };
            it.place().point = Some(Point {
                latitude: f64::from(other_latitude) / 100.0,
                longitude: f64::from(there) / 100.0,
                radius_km: radii.1,
            });
        }));
        assert_climbs(Group::Travel, &rungs)?;
    }

    /// Time excuses a journey and a return; it never speaks against anyone.
    #[test]
    fn the_same_request_sooner_never_scores_lower(
        scene in any_scene(),
        mut minutes in proptest::array::uniform4(0..2000_u64),
    ) {
        minutes.sort_unstable_by(|one, other| other.cmp(one));
        let rungs = minutes.map(|minutes| scene.but(|it| it.now = START + Duration::from_mins(minutes)));
        assert_climbs(Group::Travel, &rungs)?;
        assert_climbs(Group::Sequence, &rungs)?;
        assert_climbs(Group::UserAgent, &rungs)?;
    }

    /// An address that is not shown, of whatever kind, costs at least what any does that neither the tenant denies nor Tor
    /// has.
    #[test]
    fn an_address_that_is_not_shown_never_scores_lower(
        scene in any_scene(),
        [own, _, shown] in any_neighbours(),
        spoilt in proptest::sample::select(vec![
            "", " ", "unknown", "null", "198.51.100.7, 203.0.113.5", "10.0.0.1", "127.0.0.1", "100.64.0.1", "::1",
            "fe80::1%eth0", "_hidden", "169.254.1.1", "192.0.2.1", "999.1.1.1", "0x7f000001", "224.0.0.1", "0.0.0.0",
        ]),
    ) {
        let scene = scene.but(|it| {
            (it.held.ipv4, it.held.ipv6) = (None, None);
            it.hold_by(own);
            it.come_from(shown);
            it.context.facts.anonymity.tor = None;
        });
        let without = scene.but(|it| {
            it.show(spoilt);
            it.context.facts = Facts::default();
        });
        prop_assert!(scene.judged().sum() <= without.judged().sum(), "{:?}\n{:?}", scene.judged(), without.judged());
    }

    /// Whatever user agent is shown, leaving out its version, its system, its browser, or all of it never helps.
    #[test]
    fn a_user_agent_that_says_less_never_scores_lower(
        scene in any_scene(),
        shown in proptest::sample::select(vec![
            CHROME, CHROME_127, CHROME_120, CHROME_900, CHROME_LINUX, FIREFOX, FIREFOX_LINUX, ANDROID, ANDROID_DESKTOP,
        ]),
    ) {
        let scene = scene.but(|it| {
            it.held.user_agent = base().user_agent_digest();
            it.record.latest_user_agent = None;
            it.record.user_agent = CHROME.to_owned();
        });
        let saying = |text: &str| scene.but(|it| text.clone_into(&mut it.context.user_agent)).judged();
        let full = saying(shown);
        for less in less_than(shown) {
            let vague = saying(&less);
            prop_assert!(full.sum() <= vague.sum(), "{less}: {full:?}\n{vague:?}");
        }
    }

    /// Away from the session's own networks no claim to be newer makes anything cheaper.
    #[test]
    fn claiming_to_be_newer_never_scores_lower_away_from_home(
        scene in any_scene(),
        [own, _, shown] in any_neighbours(),
        newer in proptest::sample::select(vec![
            "Chrome/126.0.6478.200", "Chrome/127.0.0.0", "Chrome/150.0.0.0", "Chrome/900.0.0.0",
            "Chrome/99999999999999999999999999999999999999999.0.0.0",
        ]),
    ) {
        let scene = scene.but(|it| {
            (it.held.ipv4, it.held.ipv6) = (None, None);
            it.hold_by(own);
            it.come_from(shown);
            it.held.asn = Some(64_496);
            it.profile = None;
            it.held.trail.elsewhere = None;
            it.announced_by(64_505, "FR");
            it.held.user_agent = base().user_agent_digest();
            it.record.latest_user_agent = None;
            it.record.user_agent = CHROME.to_owned();
            it.context.user_agent = CHROME.to_owned();
        });
        let claimed = scene.but(|it| it.context.user_agent = CHROME.replace("Chrome/126.0.0.0", newer));
        prop_assert!(scene.judged().sum() <= claimed.judged().sum());
    }

    /// A fingerprint that is left out costs at least what any does that is sent.
    #[test]
    fn a_fingerprint_that_is_left_out_never_scores_lower(scene in any_scene(), sent in any::<[u8; 16]>()) {
        let shown = scene.but(|it| it.context.fingerprint = Sample::Supplied(sent));
        let without = scene.but(|it| it.context.fingerprint = Sample::computed("none"));
        let guessed = shown.judged().factors().iter().any(|it| it.group == Group::Sequence);
        prop_assert!(guessed || shown.judged().sum() <= without.judged().sum());
    }
}

/// The user agent with one thing or all left out.
fn less_than(text: &str) -> Vec<String> {
    let (before, rest) = text.split_once('(').unwrap();
    let (_, after) = rest.split_once(')').unwrap();
    let without_numbers = |mark: &str| {
        let end = |rest: &str| rest.find(' ').unwrap_or(rest.len());
        text.split_once(mark)
            .map(|(before, rest)| format!("{before}{mark}x{}", rest.split_at(end(rest)).1))
    };
    let mut less = vec![
        String::new(),
        "Mozilla/5.0".to_owned(),
        format!("{before}{}", after.trim_start()),
        text.split_once(')').unwrap().0.to_owned() + ")",
    ];
    less.extend(without_numbers("Chrome/"));
    less.extend(without_numbers("Firefox/"));
    less
}
