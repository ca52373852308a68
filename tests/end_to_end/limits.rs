//! The limit of concurrent sessions is exact, whoever races and whatever fails.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Map, Value};
use tests::proxy::{Fault, Request, When};

use crate::world::World;

const LIMIT: usize = 5;
const CREATES: usize = 64;
const ROUNDS: usize = 10;
const POLICIES: [&str; 4] = [
    "reject",
    "evict_oldest",
    "evict_least_recently_active",
    "evict_riskiest",
];

/// Lets many creates race for one subject while somebody keeps counting. How many were told of a session.
///
/// Whoever is answered 503 comes again, as a client does, until it is told what became of it.
async fn race(world: &World, subject: &str) -> usize {
    let token = world.token(subject);
    let creates = join_all((0..CREATES).map(|_| insist(world, &token)));
    let counting = async {
        loop {
            let live = world.active(&token).await.len();
            assert!(live <= LIMIT, "{live} sessions at a time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answers = tokio::select! {
        answers = creates => answers,
        () = counting => unreachable!(),
    };
    answers.iter().filter(|it| it["success"] == true).count()
}

async fn insist(world: &World, token: &str) -> Value {
    for _ in 0..100 {
        let answer = world.try_create(token).await;
        match answer.status.as_u16() {
            200 => return answer.json(),
            503 => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => panic!("{answer:?}"),
        }
    }
    panic!("never answered");
}

/// What is left after races, and what ever was: no write left a guard with more, so no read can have seen more.
async fn assert_exact(world: &World, policy: &str, told: &[(String, usize)]) {
    for (subject, told) in told {
        let live = world.active(&world.token(subject)).await;
        assert_eq!(live.len(), LIMIT, "{policy}, {subject}");
        if policy != "reject" {
            assert_eq!(*told, CREATES, "{policy}, {subject}: nobody is refused");
        }
    }
    let changes = world.guard_changes();
    let sizes = changes.iter().map(|it| {
        it["dynamodb"]["NewImage"]["m"]["M"]
            .as_object()
            .map_or(0, Map::len)
    });
    assert_eq!(sizes.max(), Some(LIMIT), "{policy}");
}

async fn rounds_of(policy: &str) {
    let world = World::with(&[("AtLimit", policy), ("CreatesPerSubject", "1000")]).await;
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        let subject = format!("user-{round}");
        let opened = race(&world, &subject).await;
        if policy == "reject" {
            assert_eq!(opened, LIMIT);
        }
        told.push((subject, opened));
    }
    assert_exact(&world, policy, &told).await;
    world.end().await;
}

#[tokio::test]
async fn rejecting_keeps_exactly_five() {
    rounds_of("reject").await;
}

#[tokio::test]
async fn evicting_the_oldest_keeps_exactly_five() {
    rounds_of("evict_oldest").await;
}

#[tokio::test]
async fn evicting_the_least_recently_active_keeps_exactly_five() {
    rounds_of("evict_least_recently_active").await;
}

#[tokio::test]
async fn evicting_the_riskiest_keeps_exactly_five() {
    rounds_of("evict_riskiest").await;
}

#[tokio::test]
async fn a_table_that_throttles_and_loses_answers_keeps_the_limit_too() {
    for (seed, policy) in POLICIES.into_iter().enumerate() {
        let world = World::with(&[("AtLimit", policy), ("CreatesPerSubject", "1000")]).await;
        world.proxy.seed(u64::try_from(seed).unwrap());
        let guard_or_record = |it: &Request| matches!(it.key("sk"), Some("guard" | "session"));
        for fault in [Fault::Throttled, Fault::LostAfterCommit] {
            let when = When::chance(0.1).tag("create-session").matching(guard_or_record);
            world.proxy.fault(when, [fault]);
        }
        let told = race(&world, "alice").await;
        world.proxy.heal();
        if policy == "reject" {
            assert!(told <= LIMIT, "{told}");
        }
        assert_exact(&world, policy, &[("alice".to_owned(), told)]).await;
        world.end().await;
    }
}
