//! Every ending of every path leaves a stamped record with its reason, however the stream's batches reach the binary.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Instant, Reason, Subject};
use shared::policy::AbsoluteTimeout;
use tests::proxy::{Fault, Request, When};

use crate::queue::Queue;
use crate::world::{CLEANUP, LOGOUT, OTHER_USER_AGENT, VALIDATE, World};

const HOUR: Duration = Duration::from_secs(3600);
/// How often a record that fails is sent again before it is given up.
const RETRIES: usize = 50;

/// A session that has ended, and what its record must say of that.
struct Ended {
    what: &'static str,
    id: String,
    reason: Reason,
    /// When, where that is known exactly: a timeout's instant, whenever it was noticed.
    at: Option<Instant>,
}

fn ended(what: &'static str, id: &str, reason: Reason) -> Ended {
    Ended {
        what,
        id: id.to_owned(),
        reason,
        at: None,
    }
}

/// A session that ran out an hour ago, of either timeout, not yet dropped by anyone.
async fn run_out(world: &World, what: &'static str, subject: &str, reason: Reason) -> Ended {
    let (ago, idle, absolute) = match reason {
        Reason::AbsoluteTimeout => (13 * HOUR, 24 * HOUR, AbsoluteTimeout::Aal3),
        _ => (2 * HOUR, HOUR, AbsoluteTimeout::Aal2),
    };
    let id = world.opened(subject, ago, idle, absolute).await;
    let lived = if reason == Reason::AbsoluteTimeout {
        absolute.duration()
    } else {
        idle
    };
    let id = id.to_string();
    let created_at = world.record(&id).await.unwrap().created_at;
    Ended {
        at: Some(created_at + lived),
        ..ended(what, &id, reason)
    }
}

/// Ends sessions in every way there is, each way with users of its own. The limit must be two sessions.
async fn every_ending(world: &World, round: &str) -> Vec<Ended> {
    let name = |who: &str| format!("{round}-{who}");
    let token = |who: &str| world.token(&name(who));
    let key = world.cloud.api_key();
    let mut all = Vec::new();

    let user = token("logs-out");
    let id = world.create(&user).await;
    assert_eq!(world.logout(&user, &id, false).await.json()["success"], true);
    all.push(ended("logout", &id, Reason::LoggedOut));

    let user = token("logs-out-everywhere");
    for _ in 0..2 {
        all.push(ended(
            "logout everywhere",
            &world.create(&user).await,
            Reason::LoggedOutEverywhere,
        ));
    }
    assert_eq!(
        world.logout(&user, "any", true).await.json()["revoked_sessions"],
        2
    );

    let user = token("revokes");
    for (what, credential) in [("revoke", user.as_str()), ("revoke by a key", key)] {
        let id = world.create(&user).await;
        assert_eq!(world.revoke(credential, &id).await.status, 200);
        all.push(ended(what, &id, Reason::Revoked));
    }

    let user = token("is-evicted");
    all.push(ended("evict", &world.create(&user).await, Reason::Evicted));
    for _ in 0..2 {
        world.create(&user).await;
    }

    let id = world.create(&token("is-robbed")).await;
    let theft = json!({
        "session_id": id, "current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT,
        "current_fingerprint": "another",
    });
    let judged = world.post(VALIDATE).bearer(key).json(&theft).send().await;
    assert_eq!(judged.json()["is_valid"], false, "{judged:?}");
    all.push(ended("theft", &id, Reason::SuspectedTheft));

    for reason in [Reason::IdleTimeout, Reason::AbsoluteTimeout] {
        let user = name(&format!("cleans-{reason:?}"));
        all.push(run_out(world, "own cleanup", &user, reason).await);
        let answer = world.post(CLEANUP).bearer(&world.token(&user)).send().await;
        assert_eq!(answer.json()["expired"], 1);

        all.push(
            run_out(
                world,
                "a tenant's cleanup",
                &name(&format!("key-{reason:?}")),
                reason,
            )
            .await,
        );
        let answer = world.post(CLEANUP).bearer(key).send().await;
        assert_eq!(answer.json()["expired"], 1);

        all.push(
            run_out(
                world,
                "scheduled cleanup",
                &name(&format!("due-{reason:?}")),
                reason,
            )
            .await,
        );
        let output = world.cloud.fire("cleanup-sessions").await.unwrap();
        let output: Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(output["expired"], 1);

        let user = name(&format!("logs-out-late-{reason:?}"));
        let late = run_out(world, "late logout", &user, reason).await;
        let answer = world.logout(&world.token(&user), &late.id, false).await;
        assert_eq!(answer.json()["success"], false, "it had run out");
        all.push(late);

        let user = name(&format!("logs-out-everywhere-late-{reason:?}"));
        all.push(run_out(world, "late logout everywhere", &user, reason).await);
        let body = json!({"session_id": "any", "revoke_all": true});
        let answer = world.post(LOGOUT).bearer(&world.token(&user)).json(&body).send();
        assert_eq!(answer.await.json()["revoked_sessions"], 0, "it had run out");

        let user = name(&format!("makes-room-{reason:?}"));
        for _ in 0..2 {
            all.push(run_out(world, "making room", &user, reason).await);
        }
        world.create(&world.token(&user)).await;
    }
    all
}

async fn assert_stamped(world: &World, all: &[Ended], how: &str) {
    for Ended { what, id, reason, at } in all {
        let record = world.record(id).await.expect("a record outlives its session");
        let ending = record
            .ended
            .unwrap_or_else(|| panic!("{what}: not stamped, {how}"));
        assert_eq!(ending.reason, *reason, "{what}, {how}");
        match at {
            Some(at) => assert_eq!(ending.at, *at, "{what}, {how}"),
            None => assert!(
                record.created_at <= ending.at && ending.at <= System.now(),
                "{what}, {how}: {ending:?}"
            ),
        }
        assert_eq!(
            record.last_activity_at,
            Some(record.created_at),
            "{what}, {how}: only the stream knows when it was last used"
        );
        assert_eq!(record.last_ip.as_deref(), Some(crate::world::IP), "{what}, {how}");
    }
}

/// A change of a guard that nobody can read.
fn poison(world: &World) -> Value {
    let subject = Subject::new("mallory").unwrap();
    let subject = subject.key(&world.cloud.tenant().parse().unwrap());
    let pk = format!("{}#U#{}", world.cloud.tenant(), subject.as_str());
    let keys = json!({"pk": {"S": pk}, "sk": {"S": "guard"}});
    let mut image = keys.clone();
    image["m"] = json!({"S": "not a map"});
    json!({
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "SequenceNumber": "poison", "OldImage": image, "NewImage": image},
    })
}

fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap()
}

/// What became of a batch.
#[derive(Default)]
struct Delivery {
    /// Records that failed every time.
    given_up: Vec<String>,
    /// How often a part of a batch was done and the rest was sent again.
    partial: usize,
}

/// Sends a batch as Lambda does: again from the first record that failed, which is given up in the end.
async fn deliver(world: &World, batch: &[Value]) -> Delivery {
    let (mut left, mut tries, mut delivery) = (batch.to_vec(), 0, Delivery::default());
    while !left.is_empty() {
        let event = json!({"Records": left});
        let answer = world.cloud.invoke("settle-sessions", &event).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let failed: BTreeSet<_> = answer["batchItemFailures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["itemIdentifier"].as_str().unwrap().to_owned())
            .collect();
        delivery.partial += usize::from(!failed.is_empty() && failed.len() < left.len());
        match left.iter().position(|it| failed.contains(sequence(it))) {
            None => break,
            Some(0) if tries == RETRIES => {
                delivery.given_up.push(sequence(&left.remove(0)).to_owned());
                tries = 0;
            }
            Some(0) => tries += 1,
            Some(first) => {
                left.drain(..first);
                tries = 0;
            }
        }
    }
    delivery
}

fn is_stamp_of_a_handler(request: &Request) -> bool {
    request.key("sk") == Some("session") && request.tag != "settle-sessions"
}

#[tokio::test]
async fn the_stream_alone_stamps_every_ending_in_whatever_order_and_however_often_it_comes() {
    let world = World::unsettled(&[("MaxConcurrentSessions", "2")]).await;
    let poison = poison(&world);
    world.guard_changes();
    for order in ["in order", "backwards", "shuffled", "by two readers at once"] {
        // Whoever ends a session also stamps it; here that always fails.
        world.proxy.fault(
            When::always()
                .operation("UpdateItem")
                .matching(is_stamp_of_a_handler),
            [Fault::InternalError],
        );
        let all = every_ending(&world, &order.replace(' ', "-")).await;
        world.proxy.heal();
        for Ended { what, id, .. } in &all {
            assert_eq!(world.record(id).await.unwrap().ended, None, "{what}");
        }

        let mut records = world.guard_changes();
        match order {
            "backwards" => records.reverse(),
            "shuffled" => fastrand::Rng::with_seed(7).shuffle(&mut records),
            _ => {}
        }
        records.insert(records.len() / 2, poison.clone());
        // Half of the requests fail, some of them after they were applied.
        world.proxy.seed(11);
        world.proxy.fault(
            When::chance(0.5).tag("settle-sessions"),
            [Fault::InternalError, Fault::Throttled, Fault::LostAfterCommit],
        );
        let batches = || async {
            let mut sum = Delivery::default();
            for batch in records.chunks(10) {
                let delivery = deliver(&world, batch).await;
                sum.given_up.extend(delivery.given_up);
                sum.partial += delivery.partial;
            }
            sum
        };
        let readers = if order == "by two readers at once" { 2 } else { 1 };
        for delivery in join_all((0..readers).map(|_| batches())).await {
            assert!(delivery.given_up.is_empty(), "{order}");
            assert!(0 < delivery.partial, "{order}: no batch was done in part");
        }
        world.proxy.heal();
        assert_stamped(&world, &all, order).await;
        // All of it once more, as after a lost position.
        assert!(deliver(&world, &records).await.given_up.is_empty());
        assert_stamped(&world, &all, order).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_record_that_can_never_be_settled_holds_up_no_ending() {
    let world = World::with(&[("MaxConcurrentSessions", "2")]).await;
    let first = every_ending(&world, "before").await;
    let poison = poison(&world);
    let text = |name: &str| {
        AttributeValue::S(
            poison["dynamodb"]["OldImage"][name]["S"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    };
    for turn in ["1", "2"] {
        let put = world.table().put_item().table_name(world.cloud.table());
        let put = put
            .item("pk", text("pk"))
            .item("sk", text("sk"))
            .item("m", text("m"));
        put.item("turn", AttributeValue::N(turn.to_owned()))
            .send()
            .await
            .unwrap();
    }
    let second = every_ending(&world, "after").await;
    world.cloud.streams_read().await;
    assert_stamped(&world, &first, "before the record").await;
    assert_stamped(&world, &second, "after the record").await;
    // Both writes of it: a guard that is new may teach something, so it is read as well.
    assert_eq!(world.lines_with("gave up"), Vec::<String>::new());
    assert_eq!(world.lines_with("record passed over").len(), 2);
    world.end().await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_goes_to_the_dead_letters_at_once() {
    let queue = Queue::start().await;
    let world = World::unsettled_with_letters(&queue.url).await;
    let keys = poison(&world)["dynamodb"]["Keys"].clone();
    let image = |told: Value| {
        let mut image = keys.clone();
        image
            .as_object_mut()
            .unwrap()
            .extend(told.as_object().unwrap().clone());
        image
    };
    let whole = image(json!({"m": {"M": {}}, "e": {"N": "1"}}));
    let damaged = [
        json!({"m": {"M": {}}, "e": {"N": "99"}}),
        json!({"m": {"S": "not a map"}}),
        json!({"m": {"M": {"short": {"M": {}}}}}),
        json!({"m": {"M": {}}, "e": {"N": "one"}}),
        json!({"m": {"M": {}}, "d": {"M": {"a": {"S": "?"}}}}),
        json!({"m": {"M": {}}, "v": {"S": "1"}}),
    ];
    let mut records = Vec::new();
    for (at, told) in damaged.into_iter().enumerate() {
        let told = image(told);
        let (before, after) = if at % 2 == 0 {
            (&told, &whole)
        } else {
            (&whole, &told)
        };
        records.push(json!({
            "eventName": "MODIFY",
            "eventSourceARN": "arn:aws:dynamodb:local:000000000000:table/guards/stream/1",
            "dynamodb": {
                "Keys": keys, "SequenceNumber": format!("{at}"), "OldImage": before, "NewImage": after,
            },
        }));
    }
    assert!(deliver(&world, &records).await.given_up.is_empty());
    let letters = queue.letters();
    let numbers: Vec<_> = letters
        .iter()
        .map(|it| it["sequenceNumber"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5"], "{letters:#?}");
    assert!(
        letters.iter().all(|it| it["condition"] == "Unreadable"),
        "{letters:#?}"
    );

    let counted = world.lines_with(r#""Unreadable":"#);
    assert!(
        counted.iter().any(|it| it.contains(r#""Unreadable":6"#)),
        "{counted:?}"
    );

    // While the queue does not answer the record comes again; as often as the SDK sends it is one try.
    queue.refuse(3);
    let one = [records[0].clone()];
    let delivery = deliver(&world, &one).await;
    assert!(delivery.given_up.is_empty());
    assert_eq!(queue.letters().len(), 1);
    assert_eq!(world.lines_with("dead letter not sent").len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_session_that_lives_is_not_stamped_whatever_is_told_of_its_guard() {
    let world = World::unsettled(&[]).await;
    let token = world.token("alice");
    let (kept, out) = (world.create(&token).await, world.create(&token).await);
    world.logout(&token, &out, false).await;
    let records = world.guard_changes();
    for batch in [records.clone(), records.iter().rev().cloned().collect()] {
        assert!(deliver(&world, &batch).await.given_up.is_empty());
    }
    assert_eq!(world.record(&kept).await.unwrap().ended, None);
    assert!(world.is_valid(&token, &kept).await);
    world.end().await;
}

#[tokio::test]
async fn an_ending_that_is_told_before_its_record_is_written_waits_for_it() {
    let world = World::unsettled(&[]).await;
    let token = world.token("alice");
    // The guard takes the session in; its record stays on the way until everything has ended.
    world.create(&token).await;
    world.guard_changes();
    let (go_on, held) = tokio::sync::oneshot::channel::<()>();
    let (arrived, arrival) = tokio::sync::oneshot::channel();
    let is_record = |it: &Request| it.key("sk") == Some("session");
    world
        .proxy
        .before(When::nth(1).operation("PutItem").matching(is_record), async {
            let _ = arrived.send(());
            let _ = held.await;
        });
    let ending = async {
        arrival.await.unwrap();
        while world.active(&token).await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(
            world.logout(&token, "any", true).await.json()["revoked_sessions"],
            2
        );
        let changes = world.guard_changes();
        let told = world
            .cloud
            .invoke("settle-sessions", &json!({"Records": changes}))
            .await;
        let told: Value = serde_json::from_slice(&told.unwrap()).unwrap();
        let removal = sequence(changes.last().unwrap());
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": removal}]}));
        go_on.send(()).unwrap();
        changes
    };
    let (id, changes) = tokio::join!(world.create(&token), ending);
    assert!(deliver(&world, &changes).await.given_up.is_empty());
    let all = [ended("revoked on its way", &id, Reason::LoggedOutEverywhere)];
    assert_stamped(&world, &all, "late").await;
    world.end().await;
}
