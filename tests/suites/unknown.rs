//! What the data cannot tell is left out of every answer, and is never a "no".

use serde_json::Value;
use shared::face::corsa;
use shared::model::Anonymity;

use crate::profiles::located;
use crate::world::{IP, World};

#[tokio::test]
async fn a_flag_is_printed_as_the_data_has_it_and_left_out_where_it_has_none() {
    let world = World::new().await;
    // As the data that comes with the service tells of most addresses, and as other data may.
    let ours = Anonymity {
        tor: Some(false),
        relay: Some(false),
        ..Anonymity::default()
    };
    let listed = Anonymity {
        vpn: Some(true),
        hosting: Some(true),
        ..ours
    };
    let complete = Anonymity {
        hosting: Some(false),
        vpn: Some(false),
        proxy: Some(false),
        ..ours
    };
    for (anonymity, printed) in [
        (Anonymity::default(), [None; 4]),
        (ours, [None, None, Some(false), None]),
        (listed, [Some(true), None, Some(false), Some(true)]),
        (complete, [Some(false); 4]),
    ] {
        let mut context = located(IP, (64_496, "FR", (48.86, 2.35)), "device-1");
        context.facts.anonymity = anonymity;
        let id = world.open_in("alice", &context).await;
        let tenant = &world.tenant.id;
        let fetched = world
            .sessions
            .fetch(tenant, id, world.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(fetched.record.facts.anonymity, anonymity, "as it was stored");
        let session = serde_json::to_value(corsa::Session::of(tenant, &fetched)).unwrap();
        let flags = ["isVpn", "isProxy", "isTor", "isDatacenter"].map(|name| session.get(name));
        assert_eq!(flags.map(|it| it.and_then(Value::as_bool)), printed, "{session}");
        assert_eq!(
            flags.map(|it| it.is_some()),
            printed.map(|it| it.is_some()),
            "{session}"
        );
    }
}
