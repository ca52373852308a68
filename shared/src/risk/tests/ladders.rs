//! Monotonicity: with everything else equal, a step worse in a group lowers neither its points nor the score.
//!
//! User agents and fingerprints have few kinds of change, which are gone through one by one beside the model's examples;
//! here is what addresses, data, lists, places and times can make of a group.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::test_runner::TestCaseError;

use super::laws::{any_profile, any_session, located_context};
use super::located::acquainted;
use super::*;
use crate::model::{
    Anonymity, AutonomousSystem, EarlierFingerprint, EarlierSystem, Geo, Located, Place, Point, Profile,
};

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
            told: None,
            held: &self.held,
            record: Some(&self.record),
            profile: self.profile.as_ref(),
            context: &self.context,
            lists: &self.lists,
            now: self.now,
        })
    }

    /// The same scene, moved.
    fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    fn come_from(&mut self, address: IpAddr) {
        self.context.ip = address.to_string();
        self.context.address = Some(address);
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
    let v6 = (any::<u128>(), 1..1_u128 << 80, 1..1_u128 << 48).prop_map(|(own, host, network)| {
        [own, own ^ host, own ^ (network << 80)].map(|it| IpAddr::V6(Ipv6Addr::from_bits(it)))
    });
    prop_oneof![v4, v6]
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
            it.held.remember(own);
            it.held.asn = Some(system);
            it.held.country = Some(country.to_owned());
            // Going back to a system is another group's matter.
            it.held.trail.earlier_system = None;
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
            it.held.remember(own);
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
    }

    /// Never there before, there long ago, there a moment ago.
    #[test]
    fn coming_back_to_a_system_sooner_never_scores_lower(
        scene in any_scene(),
        [.., address] in any_neighbours(),
        mut left in proptest::array::uniform3(0..2000_u64),
    ) {
        let scene = scene.but(|it| {
            it.come_from(address);
            it.held.asn = Some(64_496);
            it.held.trail.ipv6 = address.is_ipv6();
            it.held.trail.earlier_system = None;
            it.announced_by(64_505, "FR");
        });
        left.sort_unstable();
        let back = |minutes| scene.but(|it| {
            let left_at = START + Duration::from_mins(minutes);
            it.held.trail.earlier_system = Some(EarlierSystem::new(64_505, address.is_ipv6(), left_at));
        });
        let [first, second, third] = left.map(back);
        assert_climbs(Group::Sequence, &[scene, first, second, third])?;
    }

    #[test]
    fn coming_back_to_a_fingerprint_sooner_never_scores_lower(
        scene in any_scene(),
        mut left in proptest::array::uniform3(0..2000_u64),
    ) {
        let (one, other) = (Sample::supplied("device-1"), Sample::supplied("device-2"));
        let Sample::Supplied(digest) = other else { panic!("sent") };
        let scene = scene.but(|it| {
            (it.held.fingerprint, it.context.fingerprint) = (one, other);
            it.held.trail.earlier_fingerprint = None;
        });
        left.sort_unstable();
        let back = |minutes| scene.but(|it| {
            let left_at = START + Duration::from_mins(minutes);
            it.held.trail.earlier_fingerprint = Some(EarlierFingerprint::new(&digest, left_at));
        });
        let [first, second, third] = left.map(back);
        assert_climbs(Group::Sequence, &[scene, first, second, third])?;
    }

    /// Back where it was with nothing different, with the fingerprint left out, with another one.
    #[test]
    fn coming_back_with_more_that_differs_never_scores_lower(
        scene in any_scene(),
        [.., address] in any_neighbours(),
        minutes in 0..30_u64,
    ) {
        let scene = scene.but(|it| {
            it.come_from(address);
            it.announced_by(64_505, "FR");
            it.profile = None;
            it.held.user_agent = it.context.user_agent_digest();
            it.held.fingerprint = Sample::supplied("device-1");
            it.held.asn = Some(64_496);
            it.held.trail.ipv6 = address.is_ipv6();
            it.held.trail.earlier_fingerprint = None;
            it.held.trail.suspicion = None;
            it.held.trail.earlier_system = Some(EarlierSystem::new(64_505, address.is_ipv6(), START));
            it.now = START + Duration::from_mins(minutes);
        });
        let showing = |fingerprint| scene.but(|it| it.context.fingerprint = fingerprint);
        let rungs = [
            showing(Sample::supplied("device-1")),
            showing(Sample::computed("none")),
            showing(Sample::supplied("device-2")),
        ];
        for (rung, points_of_it) in rungs.iter().zip([0, 35, 40]) {
            prop_assert_eq!(points(&rung.judged(), Group::Sequence), points_of_it);
        }
        assert_climbs(Group::Sequence, &rungs)?;
    }
}
