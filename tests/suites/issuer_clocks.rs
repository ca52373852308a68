//! "Log out everywhere" beside tokens of issuers whose clocks are off: what was made before opens nothing, and who signs in
//! again gets in as soon as by a clock that is right.

use std::time::Duration;

use shared::model::{Instant, Issued};
use shared::service::Outcome;

use crate::world::{World, subject, token};

/// How long a token is on its way from its issuer to us.
const ON_ITS_WAY: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(500);

/// An issuer of tokens.
#[derive(Debug, Clone, Copy)]
struct Issuer {
    offset: i64,
    whole_seconds: bool,
}

impl Issuer {
    /// The token it makes when it is `at`.
    fn makes(self, at: Instant) -> Issued {
        let iat = at.millis() + 1000 * self.offset;
        let fraction = if self.whole_seconds {
            iat.rem_euclid(1000)
        } else {
            0
        };
        token(Instant::from_millis(iat - fraction))
    }
}

async fn opens(world: &World, name: &str, issued: Issued) -> bool {
    match world.try_open_by(name, Some(issued)).await.unwrap() {
        Outcome::Opened { .. } => true,
        Outcome::Overruled => false,
        Outcome::LimitReached | Outcome::TooMany(_) => panic!("no limit"),
    }
}

/// How long after "log out everywhere" a user has to be to sign in again. All tokens that were made before are tried
/// meanwhile, and afterwards.
async fn signs_in_after(
    world: &World,
    name: &str,
    issuer: Issuer,
    phase: i64,
    at_a_users_word: bool,
) -> Duration {
    let (tenant, key) = (&world.tenant.id, subject(name).key(&world.tenant.id));
    let into = world.now().millis().rem_euclid(1000);
    world.wait(Duration::from_millis(u64::try_from(1000 + phase - into).unwrap()));
    let first = issuer.makes(world.now());
    world.wait(ON_ITS_WAY);
    assert!(opens(world, name, first).await);
    world.wait(Duration::from_millis(4_321));
    let mut before = vec![first, issuer.makes(world.now())];
    world.wait(Duration::from_millis(1));
    let revoker = at_a_users_word.then(|| *before.last().unwrap());
    let ended = world.sessions.end_all_by(tenant, &key, revoker, world.now());
    assert_eq!(ended.await.unwrap(), 1);
    let ended_at = world.now();
    before.push(issuer.makes(ended_at));
    let mut opened = None;
    for _ in 0..7 {
        world.wait(STEP);
        for issued in &before {
            let case = format!("{issuer:?} {phase}: {issued:?}");
            assert!(!opens(world, name, *issued).await, "{case}");
        }
        if opened.is_none() && opens(world, name, issuer.makes(world.now())).await {
            opened = Some(world.now().since(ended_at));
        }
    }
    for wait in [60, 3600] {
        world.wait(Duration::from_secs(wait));
        for issued in &before {
            let case = format!("{issuer:?} {phase} {wait}: {issued:?}");
            assert!(!opens(world, name, *issued).await, "{case}");
        }
    }
    opened.unwrap_or_else(|| panic!("{issuer:?} {phase}: shut out"))
}

#[tokio::test]
async fn nothing_made_before_log_out_everywhere_opens_a_session_and_who_signs_in_again_gets_in() {
    let world = World::new().await;
    for (offset, whole_seconds, phase) in [
        (-60, true, 999),
        (-60, false, 0),
        (0, true, 450),
        (60, true, 0),
        (60, false, 450),
    ] {
        let issuer = Issuer {
            offset,
            whole_seconds,
        };
        let name = format!("user{offset}-{whole_seconds}");
        let after = signs_in_after(&world, &name, issuer, phase, whole_seconds).await;
        assert!(after <= Duration::from_secs(3), "{issuer:?}: {after:?}");
    }
}

#[tokio::test]
async fn the_clock_of_one_issuer_says_nothing_of_anothers() {
    let world = World::new().await;
    let behind = Issuer {
        offset: -60,
        whole_seconds: false,
    };
    assert!(opens(&world, "alice", behind.makes(world.now())).await);
    world.wait(Duration::from_secs(5));
    let right = Issued {
        issuer: shared::model::IssuerTag::of("https://right.example.com"),
        ..token(world.now())
    };
    world.wait(Duration::from_secs(1));
    let key = subject("alice").key(&world.tenant.id);
    let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
    assert_eq!(ended.unwrap(), 1);
    world.wait(Duration::from_secs(1));
    assert!(!opens(&world, "alice", right).await);
    let again = Issued {
        at: world.now(),
        ..right
    };
    world.wait(Duration::from_millis(1));
    assert!(opens(&world, "alice", again).await);
}

#[tokio::test]
async fn a_token_that_reaches_us_late_at_its_first_sign_in_lets_no_older_one_in_by_the_revokers() {
    let world = World::new().await;
    let right = Issuer {
        offset: 0,
        whole_seconds: true,
    };
    let kept = right.makes(world.now());
    world.wait(Duration::from_secs(45));
    assert!(opens(&world, "alice", kept).await);
    world.wait(Duration::from_secs(20));
    let fresh = right.makes(world.now());
    world.wait(Duration::from_secs(1));
    let key = subject("alice").key(&world.tenant.id);
    let ended = world
        .sessions
        .end_all_by(&world.tenant.id, &key, Some(fresh), world.now());
    assert_eq!(ended.await.unwrap(), 1);
    for _ in 0..5 {
        world.wait(Duration::from_secs(1));
        assert!(
            !opens(&world, "alice", fresh).await,
            "it ended all sessions itself"
        );
        assert!(!opens(&world, "alice", kept).await);
    }
    assert!(opens(&world, "alice", right.makes(world.now())).await);
    assert!(!opens(&world, "alice", fresh).await, "nor behind a newer one");
}

#[tokio::test]
async fn the_token_that_ended_all_sessions_opens_none_behind_one_that_was_kept_for_long() {
    let world = World::new().await;
    let right = Issuer {
        offset: 0,
        whole_seconds: true,
    };
    let kept = right.makes(world.now());
    world.wait(Duration::from_secs(45));
    assert!(opens(&world, "alice", kept).await);
    world.wait(Duration::from_secs(20));
    let fresh = right.makes(world.now());
    world.wait(Duration::from_secs(1));
    let key = subject("alice").key(&world.tenant.id);
    let ended = world
        .sessions
        .end_all_by(&world.tenant.id, &key, Some(fresh), world.now());
    assert_eq!(ended.await.unwrap(), 1);
    world.wait(Duration::from_secs(4));
    let newer = right.makes(world.now());
    world.wait(Duration::from_secs(30));
    assert!(opens(&world, "alice", newer).await);
    assert!(!opens(&world, "alice", fresh).await);
}
