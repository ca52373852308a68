//! What each operation may cost: requests, sequential round trips, read units, write units of table and indexes.

use std::time::Duration;

use shared::model::{Context, Facts, Reason};
use shared::policy::AtLimit;
use shared::service::context;
use tests::proxy::Usage;

use crate::profiles::located;
use crate::world::{IP, USER_AGENT, World, subject};

/// Requests, round trips, read units, write units of the table, of `history`, of `due`.
type Budget = (usize, usize, f64, f64, f64, f64);

#[track_caller]
fn assert_within(usage: &Usage, (requests, round_trips, rcu, wcu, history, due): Budget) {
    let index = |name: &str| usage.index_wcu.get(name).copied().unwrap_or(0.0);
    let within = usage.requests <= requests
        && usage.round_trips <= round_trips
        && usage.rcu <= rcu
        && usage.table_wcu <= wcu
        && index("history") <= history
        && index("due") <= due;
    assert!(within, "{usage:#?}");
    // A measurement that missed the requests would be within any budget.
    assert_ne!(usage.requests, 0);
}

#[tokio::test]
async fn creating_the_first_session_ever() {
    let world = World::new().await;
    let (_, usage) = world.proxy.measure(world.open("alice")).await;
    assert_within(&usage, (3, 2, 0.0, 3.0, 1.0, 1.0));
}

#[tokio::test]
async fn creating_a_session_where_there_is_room() {
    for (at_limit, round_trips) in [(AtLimit::EvictLeastRecentlyActive, 1), (AtLimit::Reject, 2)] {
        let world = World::with(World::limited(5, at_limit)).await;
        world.open("alice").await;
        let (_, usage) = world.proxy.measure(world.open("alice")).await;
        assert_within(&usage, (2, round_trips, 0.0, 2.0, 1.0, 0.0));
    }
}

#[tokio::test]
async fn creating_a_session_at_the_limit() {
    for (at_limit, budget) in [
        (AtLimit::EvictLeastRecentlyActive, (3, 2, 0.0, 3.0, 1.0, 0.0)),
        (AtLimit::Reject, (1, 1, 0.0, 1.0, 0.0, 0.0)),
    ] {
        let world = World::with(World::limited(5, at_limit)).await;
        for _ in 0..5 {
            world.open("alice").await;
        }
        let (_, usage) = world.proxy.measure(world.try_open("alice")).await;
        assert_within(&usage, budget);
    }
}

#[tokio::test]
async fn validating_a_session() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let (_, usage) = world.proxy.measure(world.is_held("alice", id)).await;
    assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));

    world.wait(Duration::from_mins(4));
    let (_, usage) = world.proxy.measure(world.is_held("alice", id)).await;
    assert_within(&usage, (2, 2, 1.0, 1.0, 0.0, 0.0));

    // Another network, of which nothing is known: what is noted of it is what it costs.
    for budget in [(2, 2, 1.0, 1.0, 0.0, 0.0), (1, 1, 1.0, 0.0, 0.0, 0.0)] {
        let elsewhere = world.try_validate_from("alice", id, ("203.0.113.80", USER_AGENT));
        let (_, usage) = world.proxy.measure(elsewhere).await;
        assert_within(&usage, budget);
    }

    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    let upgraded = world.try_validate_from("alice", id, (IP, &newer));
    let (_, usage) = world.proxy.measure(upgraded).await;
    assert_within(&usage, (4, 3, 3.0, 2.0, 1.0, 0.0));
}

#[tokio::test]
async fn validating_a_session_whose_subject_has_a_profile() {
    let world = World::new().await;
    let home = located(IP, (64_496, "FR", (48.86, 2.35)), "device-1");
    let id = world.open_in("alice", &home).await;
    world.settle().await;
    assert_eq!(world.profile("alice").await.networks.len(), 1);

    let (score, usage) = world.proxy.measure(world.score_in("alice", id, &home)).await;
    assert_eq!(score, Some(0));
    assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));

    for (changed, expected) in [
        (
            located("203.0.113.80", (64_498, "FR", (48.86, 2.35)), "device-1"),
            15,
        ),
        (
            located("203.0.113.81", (64_496, "FR", (48.86, 2.35)), "device-2"),
            40,
        ),
        (
            located("192.0.2.80", (64_500, "US", (40.71, -74.01)), "device-2"),
            79,
        ),
    ] {
        let validate = world.score_read_only("alice", id, &changed);
        let (score, usage) = world.proxy.measure(validate).await;
        assert_eq!(score, Some(expected));
        assert_within(&usage, (3, 3, 3.0, 1.0, 0.0, 0.0));
    }
}

#[tokio::test]
async fn validating_a_session_again_from_another_network_it_was_let_in_from() {
    for (at_home, away) in [
        (
            located(IP, (64_496, "FR", (48.86, 2.35)), "device-1"),
            located("203.0.113.80", (64_498, "FR", (48.86, 2.35)), "device-1"),
        ),
        (unlocated(IP), unlocated("203.0.113.80")),
    ] {
        let world = World::new().await;
        let id = world.open_in("alice", &at_home).await;
        world.settle().await;
        let first = world.score_in("alice", id, &away).await;
        world.settle().await;
        for context in [&away, &at_home, &away] {
            let (score, usage) = world.proxy.measure(world.score_in("alice", id, context)).await;
            let expected = if context == &away { first } else { Some(0) };
            assert_eq!(score, expected);
            assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));
        }
    }
}

#[tokio::test]
async fn a_request_from_the_sessions_own_system_reads_no_history() {
    let world = World::new().await;
    let home = located(IP, (64_496, "FR", (48.86, 2.35)), "device-1");
    let id = world.open_in("alice", &home).await;
    world.settle().await;
    for ip in ["203.0.113.80", "192.0.2.80", "2001:db8::7", "203.0.113.80"] {
        let near = located(ip, (64_496, "FR", (48.80, 2.30)), "device-1");
        let (score, usage) = world.proxy.measure(world.score_in("alice", id, &near)).await;
        assert_eq!(score, Some(0), "5 and -10");
        assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));
    }
}

fn unlocated(ip: &str) -> Context {
    context(ip, USER_AGENT, None, true, Facts::default()).0
}

/// Most clients have two addresses, announced by one system or by two, and use either at any request.
#[tokio::test]
async fn validating_a_session_from_its_two_addresses_in_turn() {
    let world = World::new().await;
    for (name, asn, budget) in [
        ("alice", 64_496, (1, 1, 1.0, 0.0, 0.0, 0.0)),
        ("bob", 64_497, (3, 3, 3.0, 1.0, 0.0, 0.0)),
    ] {
        let v4 = located(IP, (64_496, "FR", (48.86, 2.35)), "device-1");
        let v6 = located("2001:db8::7", (asn, "FR", (48.80, 2.30)), "device-1");
        let id = world.open_in(name, &v4).await;
        let (score, usage) = world.proxy.measure(world.score_in(name, id, &v6)).await;
        assert!(score.is_some_and(|it| it < 45), "{score:?}");
        assert_within(&usage, budget);
        world.settle().await;
        for context in [&v4, &v6, &v6, &v4] {
            let (again, usage) = world.proxy.measure(world.score_in(name, id, context)).await;
            assert_eq!(again, if context == &v6 { score } else { Some(0) });
            assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));
        }
        // Longer than a twentieth of the idle timeout: then it is written along.
        world.wait(Duration::from_mins(80));
        let (_, usage) = world.proxy.measure(world.score_in(name, id, &v4)).await;
        assert_within(&usage, (2, 2, 1.0, 1.0, 0.0, 0.0));
    }
}

#[tokio::test]
async fn stepping_up_a_session() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let elsewhere = located("203.0.113.80", (64_498, "FR", (48.86, 2.35)), "device-1");
    let (_, usage) = world.proxy.measure(world.step_up("alice", id, &elsewhere)).await;
    assert_within(&usage, (3, 2, 1.0, 2.0, 1.0, 0.0));
    let (_, usage) = world.proxy.measure(world.step_up("alice", id, &elsewhere)).await;
    assert_within(&usage, (2, 2, 1.0, 1.0, 0.0, 0.0));
}

#[tokio::test]
async fn learning_what_a_session_was_accepted_with() {
    let world = World::new().await;
    let home = located(IP, (64_496, "FR", (48.86, 2.35)), "device-1");
    let id = world.open_in("alice", &home).await;
    let ((), usage) = world.proxy.measure(world.settle()).await;
    assert_within(&usage, (2, 2, 1.0, 1.0, 0.0, 0.0));

    world.wait(Duration::from_mins(80));
    world.score_in("alice", id, &home).await;
    let ((), usage) = world.proxy.measure(world.settle()).await;
    assert_eq!(usage.requests, 0, "a touch teaches nothing");
}

#[tokio::test]
async fn listing_ending_and_ending_all() {
    let world = World::new().await;
    let (tenant, key) = (world.tenant.id.clone(), subject("alice").key(&world.tenant.id));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.open("alice").await);
    }
    let (_, usage) = world
        .proxy
        .measure(world.sessions.active(&tenant, &key, world.now()))
        .await;
    assert_within(&usage, (2, 2, 6.0, 0.0, 0.0, 0.0));

    let logout = world
        .sessions
        .end(&tenant, &key, ids[0], Reason::LoggedOut, None, world.now());
    let (_, usage) = world.proxy.measure(logout).await;
    assert_within(&usage, (2, 1, 0.0, 2.0, 1.0, 0.0));

    let (_, usage) = world
        .proxy
        .measure(world.sessions.end_all(&tenant, &key, world.now()))
        .await;
    assert_within(&usage, (1, 1, 0.0, 1.0, 0.0, 0.0));
}

#[tokio::test]
async fn fetching_and_listing() {
    let world = World::new().await;
    let (tenant, key) = (world.tenant.id.clone(), subject("alice").key(&world.tenant.id));
    let ids = [world.open("alice").await, world.open("alice").await];
    let now = world.now();
    for id in ids {
        let (found, usage) = world.proxy.measure(world.sessions.fetch(&tenant, id, now)).await;
        assert!(found.unwrap().is_some());
        assert_within(&usage, (2, 2, 2.0, 0.0, 0.0, 0.0));
        let (found, usage) = world
            .proxy
            .measure(world.sessions.fetch_of(&tenant, &key, id, now))
            .await;
        assert!(found.unwrap().is_some());
        assert_within(&usage, (2, 2, 2.0, 0.0, 0.0, 0.0));
        // Another's session costs what one costs that does not exist.
        let bob = subject("bob").key(&tenant);
        for (subject, id) in [
            (&bob, id),
            (
                &bob,
                shared::model::SessionId::draw(now, &shared::clock::System).unwrap(),
            ),
        ] {
            let (found, usage) = world
                .proxy
                .measure(world.sessions.fetch_of(&tenant, subject, id, now))
                .await;
            assert_eq!(found.unwrap(), None);
            assert_within(&usage, (1, 1, 1.0, 0.0, 0.0, 0.0));
        }
    }
    let (listed, usage) = world
        .proxy
        .measure(world.sessions.newest(&tenant, &key, 100, now))
        .await;
    assert_eq!(listed.unwrap().len(), 2);
    assert_within(&usage, (2, 1, 1.5, 0.0, 0.0, 0.0));
}

#[tokio::test]
async fn cleaning_up() {
    let world = World::new().await;
    world
        .sessions
        .clean_due(None, u64::MAX, world.now(), || true)
        .await
        .unwrap();
    for name in 0..10 {
        world.open(&format!("subject-{name}")).await;
    }
    world.wait(Duration::from_mins(61));
    let sweep = world.sessions.clean_due(None, u64::MAX, world.now(), || true);
    let (cleaned, usage) = world.proxy.measure(sweep).await;
    assert_eq!(cleaned.unwrap().guards, 10);
    let count = |name: &str| usage.operations().iter().filter(|it| **it == name).count();
    // Two hours are open after 61 minutes, or three when the last one has not settled.
    assert!(count("Query") <= 4 * 16, "{}", count("Query"));
    assert!(count("GetItem") <= 10 + 1 && count("UpdateItem") <= 10 + 1);
    assert_eq!(count("Scan"), 0);
    assert!(usage.table_wcu <= 11.0);
}

#[test]
fn there_is_no_scan_in_the_code() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders = vec![root.join("shared/src"), root.join("functions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs")
                && std::fs::read_to_string(&path).unwrap().contains(".scan()")
            {
                found.push(path);
            }
        }
    }
    assert!(found.is_empty(), "{found:?}");
}
