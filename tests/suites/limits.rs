//! A subject never holds more sessions than it may.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::StreamExt;
use shared::policy::AtLimit;
use shared::service::{Outcome, UsedUp};
use tests::proxy::{Fault, When};

use crate::profiles::located;
use crate::world::{IP, World};

const LIMIT: usize = 5;
const PARALLEL: usize = 64;
const ROUNDS: usize = 200;
/// Rounds that run at a time, each on a subject of its own: a round mostly waits for its turn at one item.
const ABREAST: usize = 8;

/// Rounds on one table: with each write the engine goes through all that its stream has told so far.
const ROUNDS_OF_A_TABLE: usize = 8;

/// The same with faults, policy by policy.
const FAULTY_ROUNDS: usize = 2;

const POLICIES: [AtLimit; 4] = [
    AtLimit::Reject,
    AtLimit::EvictOldest,
    AtLimit::EvictLeastRecentlyActive,
    AtLimit::EvictRiskiest,
];

/// Opens 64 sessions at once and reads the guard now and then; [`most_held`] sees what no reader did.
/// How many were answered with a session.
async fn storm(world: &World, name: &str) -> usize {
    let opening = futures::future::join_all((0..PARALLEL).map(|_| world.try_open(name)));
    let watching = async {
        loop {
            assert!(
                world.live(name).await.len() <= LIMIT,
                "more than {LIMIT} at a read"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let opened = tokio::select! {
        outcomes = opening => {
            outcomes.iter().filter(|it| matches!(it, Ok(Outcome::Opened { .. }))).count()
        }
        () = watching => 0,
    };
    assert!(most_held(world) <= LIMIT, "more than {LIMIT} between two reads");
    opened
}

/// The most sessions any guard held since the last look, after any write: no read can have seen more.
fn most_held(world: &World) -> usize {
    let changes = world.stream();
    let images = changes.iter().map(|it| &it["dynamodb"]["NewImage"]);
    let guards = images.filter(|it| it["sk"]["S"] == "guard");
    guards
        .map(|it| it["m"]["M"].as_object().unwrap().len())
        .max()
        .unwrap_or(0)
}

/// Opens a session as a client does that is told to come again: until it knows what became of it.
async fn insist(world: &World, name: &str) -> Outcome {
    for _ in 0..100 {
        if let Ok(outcome) = world.try_open(name).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{name} was never answered");
}

/// One storm and what is left of it. How many were answered with a session.
async fn round(world: &World, at_limit: AtLimit, number: usize) -> usize {
    let name = format!("subject-{number}");
    let opened = storm(world, &name).await;
    assert_eq!(
        world.live(&name).await.len(),
        LIMIT,
        "{at_limit:?}, round {number}"
    );
    if at_limit == AtLimit::Reject {
        assert_eq!(opened, LIMIT);
    } else {
        assert!(LIMIT <= opened);
    }
    opened
}

async fn rounds(at_limit: AtLimit) {
    let mut opened: Vec<usize> = Vec::new();
    for first in (0..ROUNDS).step_by(ROUNDS_OF_A_TABLE) {
        let world = World::direct(World::limited(LIMIT, at_limit)).await;
        let some = futures::stream::iter(first..first + ROUNDS_OF_A_TABLE)
            .map(|number| round(&world, at_limit, number))
            .buffer_unordered(ABREAST);
        opened.extend(some.collect::<Vec<_>>().await);
    }
    assert_eq!(opened.len(), ROUNDS);
    let fewest = opened.iter().min().unwrap();
    println!("{at_limit:?}: {ROUNDS} rounds of {PARALLEL}, fewest answered with a session: {fewest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_rest_is_rejected() {
    rounds(AtLimit::Reject).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_oldest_leaves() {
    rounds(AtLimit::EvictOldest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_least_recently_active_leaves() {
    rounds(AtLimit::EvictLeastRecentlyActive).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_riskiest_leaves() {
    rounds(AtLimit::EvictRiskiest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_while_a_fifth_of_the_requests_is_throttled_or_loses_its_answer() {
    for (seed, at_limit) in (20..).zip(POLICIES) {
        let world = World::with(World::limited(LIMIT, at_limit)).await;
        world.proxy.seed(seed);
        world.proxy.fault(When::chance(0.1), [Fault::Throttled]);
        world.proxy.fault(When::chance(0.1), [Fault::LostAfterCommit]);
        let names: Vec<_> = (0..FAULTY_ROUNDS)
            .map(|round| format!("subject-{round}"))
            .collect();
        let mut told = Vec::new();
        for name in &names {
            told.push(futures::future::join_all((0..PARALLEL).map(|_| insist(&world, name))).await);
        }
        world.proxy.heal();
        assert_eq!(most_held(&world), LIMIT, "{at_limit:?}");
        for (name, told) in names.iter().zip(told) {
            let live = world.live(name).await;
            assert_eq!(live.len(), LIMIT, "{at_limit:?}, {name}");
            let opened: Vec<_> = told
                .into_iter()
                .filter_map(|it| match it {
                    Outcome::Opened { id, .. } => Some(id),
                    _ => None,
                })
                .collect();
            if at_limit == AtLimit::Reject {
                let lost = opened.iter().filter(|id| !live.contains(id)).count();
                assert_eq!(lost, 0, "whoever was told of a session holds it");
            } else {
                assert_eq!(opened.len(), PARALLEL, "{at_limit:?}: nobody is refused");
            }
        }
    }
}

#[tokio::test]
async fn the_policy_chooses_who_leaves() {
    for (at_limit, leaves) in [
        (AtLimit::EvictOldest, 0),
        (AtLimit::EvictLeastRecentlyActive, 1),
        (AtLimit::EvictRiskiest, 1),
    ] {
        let world = World::with(World::limited(3, at_limit)).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(world.open("alice").await);
            world.wait(Duration::from_secs(1));
        }
        world.wait(Duration::from_mins(10));
        assert!(world.is_held("alice", ids[0]).await);
        world.open("alice").await;
        let live = world.live("alice").await;
        let left: Vec<_> = (0..3).filter(|at| !live.contains(&ids[*at])).collect();
        assert_eq!(left, [leaves], "{at_limit:?}");
    }
}

#[tokio::test]
async fn lowering_the_limit_takes_effect_at_the_next_session() {
    let mut world = World::new().await;
    for _ in 0..5 {
        world.open("alice").await;
    }
    world.tenant.policy.max_concurrent = 2;
    let newest = world.open("alice").await;
    let live = world.live("alice").await;
    assert_eq!(live.len(), 2);
    assert!(live.contains(&newest));
}

#[tokio::test]
async fn the_largest_guard_costs_one_read_unit() {
    let mut world = World::with(World::limited(25, AtLimit::Reject)).await;
    world.sessions = world.sessions.with_creates_per_minute(NonZeroU32::MAX);
    let name = "a".repeat(255);
    let seen = |ip: &str, asn, country, print: &str| located(ip, (asn, country, (-33.87, 151.21)), print);
    let most = u32::MAX;
    world.open(&name).await;
    let key = crate::world::subject(&name).key(&world.tenant.id);
    let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
    assert_eq!(ended.unwrap(), 1);
    for _ in 0..25 {
        world.wait(std::time::Duration::from_secs(1));
        // Everything an entry can hold: both families, facts, another system and device, a guess, a suspicion.
        let id = world.open_in(&name, &seen(IP, most, "AU", "one")).await;
        let v6 = seen("2001:db8:1:2:3:4:5:6", most, "AU", "one");
        world.step_up(&name, id, &v6).await;
        world.wait(std::time::Duration::from_secs(1));
        for context in [
            seen("203.0.113.9", most - 1, "AU", "one"),
            seen("2001:db8:1:2:6:5:4:3", most, "AU", "two"),
        ] {
            assert!(world.score_in(&name, id, &context).await.unwrap() < 45);
        }
        let abroad = located("192.0.2.1", (7, "FR", (48.86, 2.35)), "one");
        let score = world.score_in(&name, id, &abroad).await;
        assert!(score.is_some_and(|it| (45..80).contains(&it)), "{score:?}");
    }
    let guard = world
        .sessions
        .store()
        .guard(&world.tenant.id, &key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(guard.sessions.len(), 25);
    assert!(guard.pace.is_some());
    for (_, session) in &guard.sessions {
        let trail = &session.trail;
        assert!(
            session.ipv4.is_some() && session.ipv6.is_some() && session.geo.is_some(),
            "{session:?}"
        );
        assert!(
            trail.suspicion.is_some() && trail.elsewhere.is_some() && trail.home_at.is_some(),
            "{session:?}"
        );
        assert!(
            trail.other_fingerprint.is_some() && trail.guesses.is_some() && trail.learnt_on.is_some(),
            "{session:?}"
        );
    }
    assert!(matches!(world.try_open(&name).await, Ok(Outcome::LimitReached)));
    let (_, usage) = world.proxy.measure(world.live(&name)).await;
    assert_eq!((usage.requests, usage.rcu), (1, 1.0));
}

/// A world in which a subject may open ten sessions in a minute, and holds five.
async fn paced(at_limit: AtLimit) -> World {
    let mut world = World::with(World::limited(LIMIT, at_limit)).await;
    world.sessions = world
        .sessions
        .with_creates_per_minute(NonZeroU32::new(10).unwrap());
    world
}

/// Opens sessions until one is refused, a hundred at most; how many were opened.
async fn open_on(world: &World, name: &str) -> usize {
    for opened in 0..100 {
        match world.try_open(name).await.unwrap() {
            Outcome::Opened { .. } => {}
            Outcome::TooMany(UsedUp { retry_after: 1..=60 }) => return opened,
            other => panic!("{other:?}"),
        }
    }
    100
}

#[tokio::test]
async fn a_subject_opens_so_many_sessions_in_a_minute_and_others_do_not_notice() {
    let world = paced(AtLimit::EvictOldest).await;
    // The guard is seen when it is full; from then on ten are counted.
    assert_eq!(open_on(&world, "alice").await, LIMIT + 10);
    assert_eq!(open_on(&world, "bob").await, LIMIT + 10);
    world.wait(Duration::from_secs(59));
    assert_eq!(open_on(&world, "alice").await, 0);
    world.wait(Duration::from_secs(1));
    assert_eq!(open_on(&world, "alice").await, 10);
    assert_eq!(world.live("alice").await.len(), LIMIT);
}

#[tokio::test]
async fn ending_sessions_makes_no_room_in_the_minute() {
    let world = paced(AtLimit::EvictOldest).await;
    let key = crate::world::subject("alice").key(&world.tenant.id);
    let (mut opened, mut refused) = (0, 0);
    for turn in 0..60 {
        match world.try_open("alice").await.unwrap() {
            Outcome::Opened { id, .. } => {
                opened += 1;
                if turn % 7 == 3 {
                    world
                        .sessions
                        .end_all(&world.tenant.id, &key, world.now())
                        .await
                        .unwrap();
                } else if turn % 2 == 0 {
                    let reason = shared::model::Reason::LoggedOut;
                    let (tenant, now) = (&world.tenant.id, world.now());
                    world
                        .sessions
                        .end(tenant, &key, id, reason, None, now)
                        .await
                        .unwrap();
                }
            }
            Outcome::TooMany(_) => refused += 1,
            other => panic!("{other:?}"),
        }
        world.wait(Duration::from_millis(10));
    }
    // What found room unseen before the first look and after the last is not judged.
    assert!((10..=10 + 2 * LIMIT).contains(&opened), "{opened}");
    assert_eq!(opened + refused, 60);
}

#[tokio::test]
async fn counting_what_is_opened_costs_no_request_and_no_unit() {
    let (counting, plain) = (
        paced(AtLimit::EvictOldest).await,
        World::with(World::limited(LIMIT, AtLimit::EvictOldest)).await,
    );
    for turn in 0..LIMIT + 3 {
        let (_, with) = counting.proxy.measure(counting.open("alice")).await;
        let (_, without) = plain.proxy.measure(plain.open("alice")).await;
        assert_eq!(with.budget(), without.budget(), "{turn}");
    }
    while matches!(counting.try_open("alice").await.unwrap(), Outcome::Opened { .. }) {}
    let key = crate::world::subject("alice").key(&counting.tenant.id);
    let (known, usage) = counting
        .proxy
        .measure(async {
            counting
                .sessions
                .opened_too_many(&counting.tenant.id, &key, counting.now())
        })
        .await;
    assert_eq!((known, usage.requests), (Some(UsedUp { retry_after: 60 }), 0));
    counting.wait(Duration::from_mins(1));
    assert_eq!(
        counting
            .sessions
            .opened_too_many(&counting.tenant.id, &key, counting.now()),
        None
    );
}
