//! What telemetry asks of DynamoDB: visits told of, tokens exchanged, sessions compared.

use std::sync::Arc;

use shared::clock::System;
use shared::device::Traits;
use shared::model::Site;
use shared::service::{Rate, Telling, Visits};
use shared::store::{Store, Visit};
use shared::telemetry::{Components, Screen};
use tests::engine;

use crate::counts::{World, row};
use crate::report::Table;
use crate::{Result, clients};

const ORIGIN: &str = "https://shop.example.com";
/// Characters of the datapoints of a browser that shows all it can.
const BUNDLE: usize = 3_500;

/// Measures every operation into `table`.
pub(crate) async fn counts(table: &mut Table, world: &World) -> Result<()> {
    let store = Store::new(engine::client(&world.proxy_url()), World::TABLE.to_owned());
    let rate = Rate {
        per_tenant: 6000,
        per_site: 600,
        per_network: 60,
    };
    let visits = Visits::new(store, Arc::new(System), rate);
    let traits = Traits::of(&evidence(), clients::USER_AGENT);

    let first = tell(world, &visits, &traits, 1);
    row(
        table,
        "tell of a visit, a new device",
        &world.measure(first).await?.1,
        (11, 3, 4, 13, 0, 0),
    );
    let again = tell(world, &visits, &traits, 2);
    let ((), usage) = world.measure(again).await?;
    row(
        table,
        "the same, a known device as it was, two shares to reserve",
        &usage,
        (7, 3, 5, 8, 0, 0),
    );
    let exchange = async { Ok(visits.exchange(world.tenant(), &[2; 32]).await?) };
    let (visit, usage) = world.measure(exchange).await?;
    visit.ok_or("no visit")?;
    row(
        table,
        "token to datapoints or client id",
        &usage,
        (1, 1, 1, 0, 0, 0),
    );

    world.open_showing("dana", None).await?;
    let (id, usage) = world.measure(world.open_showing("dana", Some(&[1; 32]))).await?;
    row(table, "create, room, with telemetry", &usage, (4, 3, 1, 3, 1, 0));
    let same = world.validate_showing("dana", id, &[1; 32]);
    row(
        table,
        "validate, telemetry shown before",
        &world.measure(same).await?.1,
        (3, 2, 4, 0, 0, 0),
    );
    let new = world.validate_showing("dana", id, &[2; 32]);
    row(
        table,
        "validate, telemetry of a second page",
        &world.measure(new).await?.1,
        (4, 3, 4, 1, 1, 0),
    );
    Ok(())
}

/// Tells of the visit with this number, as collect-telemetry does.
async fn tell(world: &World, visits: &Visits, traits: &Traits, number: u8) -> Result<()> {
    let tenant = world.tenant();
    let site = Site {
        key: "shop".parse()?,
        tenant: tenant.id.clone(),
        origins: vec![ORIGIN.to_owned()],
        enabled: true,
    };
    let (nonce, digest) = (format!("nonce-{number}"), [number; 32]);
    let telling = Telling {
        tenant,
        site: &site,
        network: "192.0.2.0/24",
        nonce: &nonce,
        digest: &digest,
        now: world.now(),
    };
    let guest = visits.let_in(&telling, traits).await?;
    let guest = guest.map_err(|it| format!("not let in: {it:?}"))?;
    let visit = Visit {
        at: world.now(),
        ip: clients::IP.to_owned(),
        user_agent: clients::USER_AGENT.to_owned(),
        client: guest.device.map(|it| it.id.to_string()),
        traits: guest.traits().to_bytes(),
        tampered: false,
        bundle: "x".repeat(BUNDLE),
    };
    visits.keep(&telling, &guest, &visit).await?;
    Ok(())
}

/// What a desktop browser shows.
fn evidence() -> Components {
    Components {
        platform: Some("Linux x86_64".to_owned()),
        hardware_concurrency: Some(8),
        device_memory: Some(8.0),
        canvas_geometry: Some([1; 16]),
        canvas_text: Some([2; 16]),
        audio: Some([3; 16]),
        fonts: Some([4; 16]),
        math: Some([5; 16]),
        webgl_vendor: Some("Google Inc. (Intel)".to_owned()),
        webgl_renderer: Some("ANGLE (Intel, Mesa Intel(R) UHD Graphics 620)".to_owned()),
        webgl_parameters: Some([6; 16]),
        webgl_extensions: Some([7; 16]),
        font_preferences: Some([8; 16]),
        plugins: Some([9; 16]),
        color_gamut: Some("srgb".to_owned()),
        languages: Some(vec!["en-US".to_owned(), "en".to_owned()]),
        time_zone: Some("Europe/Berlin".to_owned()),
        screen: Some(Screen {
            width: Some(1920),
            height: Some(1080),
            available_width: Some(1920),
            available_height: Some(1053),
            color_depth: Some(24),
            pixel_ratio: Some(1.0),
        }),
        ..Components::default()
    }
}
