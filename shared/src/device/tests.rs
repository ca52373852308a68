use proptest::prelude::*;

use super::similarity::order;
use super::weights::{known, weight};
use super::*;
use crate::model::Instant;
use crate::telemetry::{Brand, ClientHints, Components, Screen, Touch};

const DOCUMENT: &str = include_str!("../../../docs/device-identity.md");

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/26.3 Mobile/15E148 Safari/604.1";

/// A desktop with Chrome.
fn desktop() -> Components {
    Components {
        platform: Some("Win32".to_owned()),
        client_hints: Some(ClientHints {
            platform_version: Some("19.0.0".to_owned()),
            architecture: Some("x86".to_owned()),
            bitness: Some("64".to_owned()),
            model: Some(String::new()),
            ..ClientHints::default()
        }),
        languages: Some(vec!["en-US".to_owned(), "en".to_owned()]),
        time_zone: Some("America/New_York".to_owned()),
        screen: Some(screen(1920, 1080, 1.0)),
        touch: Some(touch(0)),
        hardware_concurrency: Some(8),
        device_memory: Some(16.0),
        architecture: Some(255),
        canvas_geometry: Some([1; 16]),
        canvas_text: Some([2; 16]),
        audio: Some([3; 16]),
        math: Some([4; 16]),
        fonts: Some([5; 16]),
        font_preferences: Some([6; 16]),
        dom_blockers: Some([7; 16]),
        webgl_vendor: Some("Google Inc. (Intel)".to_owned()),
        webgl_renderer: Some("ANGLE (Intel, Intel(R) Iris(R) Xe Graphics)".to_owned()),
        webgl_parameters: Some([8; 16]),
        webgl_extensions: Some([9; 16]),
        color_gamut: Some("srgb".to_owned()),
        contrast: Some(0),
        hdr: Some(false),
        reduced_motion: Some(false),
        plugins: Some([10; 16]),
        pdf_viewer: Some(true),
        ..Components::default()
    }
}

/// An iPhone with Safari.
fn phone() -> Components {
    Components {
        platform: Some("iPhone".to_owned()),
        client_hints: None,
        screen: Some(screen(393, 852, 3.0)),
        touch: Some(touch(5)),
        hardware_concurrency: Some(4),
        device_memory: None,
        webgl_vendor: Some("Apple Inc.".to_owned()),
        webgl_renderer: Some("Apple GPU".to_owned()),
        color_gamut: Some("p3".to_owned()),
        ..desktop()
    }
}

fn screen(width: u32, height: u32, ratio: f64) -> Screen {
    Screen {
        width: Some(width),
        height: Some(height),
        available_width: Some(width),
        available_height: Some(height - 48),
        color_depth: Some(24),
        pixel_ratio: Some(ratio),
    }
}

fn touch(points: u32) -> Touch {
    Touch {
        max_touch_points: Some(points),
        touch_event: Some(0 < points),
        touch_start: Some(0 < points),
    }
}

fn candidate(id: u8, traits: Traits, second: i64) -> Candidate<u8> {
    Candidate {
        id,
        traits,
        seen_at: Instant::from_secs(second),
    }
}

/// Whether a device that was seen as `before` is found and known again when it shows `after`.
fn known_again(before: &Traits, after: &Traits) -> bool {
    let found = keys(before).iter().any(|key| keys(after).contains(key));
    let decision = decide(after, &[candidate(1, *before, 1)]);
    found && matches!(decision, Decision::Known { id: 1, .. })
}

type Change = fn(&mut Components);

#[test]
fn what_people_and_updates_change_keeps_the_id() {
    let cases: [(&str, Change); 9] = [
        ("nothing", |_| {}),
        ("time zone", |it| it.time_zone = Some("Asia/Tokyo".to_owned())),
        ("language", |it| {
            it.languages = Some(vec!["fr-FR".to_owned()]);
        }),
        ("window", |it| {
            it.window = None;
        }),
        ("private window", |it| {
            it.languages = Some(vec!["en-US".to_owned()]);
            it.dom_blockers = Some([0; 16]);
        }),
        ("disturbed canvas and audio", |it| {
            it.canvas_geometry = Some([91; 16]);
            it.canvas_text = Some([92; 16]);
            it.audio = Some([93; 16]);
        }),
        ("zoom", |it| {
            if let Some(screen) = &mut it.screen {
                screen.pixel_ratio = Some(1.25);
            }
        }),
        ("no graphics", |it| {
            it.webgl_vendor = None;
            it.webgl_renderer = None;
            it.webgl_parameters = None;
            it.webgl_extensions = None;
        }),
        ("settings", |it| it.reduced_motion = Some(true)),
    ];
    for (name, change) in cases {
        let sparse = Components {
            dom_blockers: None,
            plugins: None,
            ..desktop()
        };
        for (components, agent) in [(desktop(), CHROME), (sparse, CHROME), (phone(), IPHONE)] {
            let before = Traits::of(&components, agent);
            let mut changed = components;
            change(&mut changed);
            assert!(
                known_again(&before, &Traits::of(&changed, agent)),
                "{name}, {agent}"
            );
        }
    }
}

#[test]
fn a_new_monitor_and_new_fonts_keep_the_id_of_a_desktop() {
    let cases: [(&str, Change); 2] = [
        ("monitor", |it| {
            it.screen = Some(screen(2560, 1440, 1.5));
            it.color_gamut = Some("p3".to_owned());
            it.hdr = Some(true);
        }),
        ("fonts", |it| it.fonts = Some([95; 16])),
    ];
    let before = Traits::of(&desktop(), CHROME);
    for (name, change) in cases {
        let mut later = desktop();
        change(&mut later);
        assert!(known_again(&before, &Traits::of(&later, CHROME)), "{name}");
    }
}

#[test]
fn a_laptop_that_draws_with_either_of_two_processors_is_one_desktop() {
    let other = |it: &mut Components| {
        it.webgl_vendor = Some("Google Inc. (NVIDIA)".to_owned());
        it.webgl_renderer = Some("ANGLE (NVIDIA, NVIDIA GeForce RTX 4060 Laptop GPU)".to_owned());
        it.webgl_parameters = Some([81; 16]);
        it.webgl_extensions = Some([82; 16]);
        it.canvas_geometry = Some([83; 16]);
        it.canvas_text = Some([84; 16]);
    };
    let sparse = || Components {
        dom_blockers: None,
        plugins: None,
        device_memory: None,
        ..desktop()
    };
    for components in [desktop(), sparse()] {
        let mut drawn = components.clone();
        other(&mut drawn);
        let (one, other) = (Traits::of(&components, CHROME), Traits::of(&drawn, CHROME));
        assert!(known_again(&one, &other) && known_again(&other, &one));
        // With another difference it is another machine.
        drawn.fonts = Some([85; 16]);
        assert!(!known_again(&one, &Traits::of(&drawn, CHROME)));
    }
}

#[test]
fn another_language_keeps_the_id_of_a_desktop_without_graphics() {
    let bare: [(&str, Change); 4] = [
        ("nothing else", |_| {}),
        ("no lists and plugins", |it| {
            (it.dom_blockers, it.plugins) = (None, None);
        }),
        ("no memory", |it| it.device_memory = None),
        ("no canvas", |it| {
            (it.canvas_geometry, it.canvas_text, it.dom_blockers) = (None, None, None);
        }),
    ];
    for (name, leave_out) in bare {
        let mut before = Components {
            webgl_vendor: None,
            webgl_renderer: None,
            webgl_parameters: None,
            webgl_extensions: None,
            ..desktop()
        };
        leave_out(&mut before);
        let mut after = before.clone();
        after.languages = Some(vec!["fr-FR".to_owned(), "fr".to_owned()]);
        let (before, after) = (Traits::of(&before, CHROME), Traits::of(&after, CHROME));
        assert!(
            known_again(&before, &after) && known_again(&after, &before),
            "{name}"
        );
    }
}

#[test]
fn an_upgrade_of_the_browser_keeps_the_id_and_a_downgrade_does_not() {
    let mut redrawn = desktop();
    redrawn.canvas_text = Some([90; 16]);
    redrawn.webgl_extensions = Some([91; 16]);
    redrawn.math = Some([92; 16]);
    let old = Traits::of(&desktop(), CHROME);
    let new = Traits::of(&redrawn, &CHROME.replace("146", "147"));
    assert!(known_again(&old, &new));
    assert!(!known_again(&new, &old));
}

#[test]
fn an_ipad_that_calls_itself_a_mac_is_a_handheld() {
    let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                  Version/26.3 Safari/605.1.15";
    assert!(Traits::of(&phone(), safari).is_handheld());
    assert!(!Traits::of(&desktop(), safari).is_handheld());
}

#[test]
fn another_system_platform_or_browser_is_another_device() {
    let before = Traits::of(&desktop(), CHROME);
    let linux = CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64");
    let edge = format!("{CHROME} Edg/146.0.0.0");
    let mut brave = desktop();
    brave.client_hints.as_mut().unwrap().brands = Some(vec![Brand {
        brand: "Brave".to_owned(),
        version: "146".to_owned(),
    }]);
    let mut platform = desktop();
    platform.platform = Some("Linux x86_64".to_owned());
    for after in [
        Traits::of(&desktop(), &linux),
        Traits::of(&desktop(), &edge),
        Traits::of(&brave, CHROME),
        Traits::of(&platform, CHROME),
    ] {
        assert_eq!(similarity(&before, &after), None);
        let decision = decide(&after, &[candidate(1, before, 1)]);
        assert!(matches!(decision, Decision::New { .. }), "{decision:?}");
    }
}

#[test]
fn of_devices_that_show_the_same_the_last_seen_is_answered_without_certainty() {
    let traits = Traits::of(&phone(), IPHONE);
    let candidates = [
        candidate(1, traits, 10),
        candidate(2, traits, 30),
        candidate(3, traits, 20),
    ];
    match decide(&traits, &candidates) {
        Decision::Known { id, confidence } => {
            assert_eq!(id, 2);
            assert!(confidence.percent() <= 33, "{confidence:?}");
        }
        Decision::New { .. } => panic!("three were known"),
    }
}

#[test]
fn a_device_is_known_by_any_of_its_times_and_counts_once() {
    let traits = Traits::of(&desktop(), CHROME);
    let mut private = desktop();
    private.canvas_text = Some([77; 16]);
    let private = Traits::of(&private, CHROME);
    let once = decide(&traits, &[candidate(1, traits, 1)]);
    let twice = decide(&traits, &[candidate(1, private, 2), candidate(1, traits, 1)]);
    assert_eq!(once, twice);
}

#[test]
fn a_visit_that_tells_nothing_is_a_new_device() {
    let nothing = Traits::of(&Components::default(), "");
    let decision = decide(&nothing, &[candidate(1, nothing, 1)]);
    assert!(matches!(decision, Decision::New { .. }), "{decision:?}");
}

#[test]
fn an_item_keeps_the_devices_seen_last() {
    let traits = Traits::of(&desktop(), CHROME);
    let mut kept = Vec::new();
    for id in 0..20 {
        remember(&mut kept, candidate(id, traits, i64::from(id)));
    }
    remember(&mut kept, candidate(15, traits, 100));
    let ids: Vec<u8> = kept.iter().map(|it| it.id).collect();
    assert_eq!(ids, [15, 19, 18, 17, 16, 14, 13, 12]);
}

#[test]
fn an_item_keeps_two_times_of_a_device() {
    let traits = Traits::of(&desktop(), CHROME);
    let other = |mark| traits.with(Component::Screen, Some(mark));
    let mut kept = Vec::new();
    for (second, traits) in [(1, traits), (2, other(1)), (3, traits), (4, other(2))] {
        remember(&mut kept, candidate(1, traits, second));
    }
    assert_eq!(kept, [candidate(1, other(2), 4), candidate(1, traits, 3)]);
}

#[test]
fn what_came_back_as_it_was_within_a_day_is_not_written_again() {
    let traits = Traits::of(&desktop(), CHROME);
    let kept = [candidate(1, traits, 1_000)];
    let day = 86_400;
    #[rustfmt::skip]
    let table = [
        (candidate(1, traits, 1_000 + day - 1), true), (candidate(1, traits, 1_000 + day), false), (candidate(2, traits, 1_001), false),
        (candidate(1, traits.with(Component::Screen, Some(1)), 1_001), false),
    ];
    for (seen, remembered) in table {
        assert_eq!(is_remembered(&kept, &seen), remembered, "{seen:?}");
    }
}

#[test]
fn what_differs_is_named() {
    let mut later = desktop();
    later.time_zone = Some("Asia/Tokyo".to_owned());
    later.languages = None;
    let (one, other) = (Traits::of(&desktop(), CHROME), Traits::of(&later, CHROME));
    let names: Vec<_> = differing(&one, &other).map(Component::as_str).collect();
    assert_eq!(names, ["time_zone"]);
}

#[test]
fn the_stored_form_of_a_known_visit_never_changes() {
    // What is stored must be read by every later release; a change here needs another version.
    let bytes = Traits::of(&desktop(), CHROME).to_bytes();
    assert_eq!(bytes.first(), Some(&VERSION));
    assert!(bytes.len() <= Traits::MAX_BYTES, "{}", bytes.len());
    let digits = bytes.iter().map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .flatten()
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    assert_eq!(
        hex,
        "010fffffff22f1110b8d08a75c1554fa4fff1508206babdeb100000008ae038b19457a1a5aec91f2364b1ce4c2\
         d32e03ab0fbb7ca84af4685a4d914a18e23764ba75c2c92cb4df264dba8a7bad7d1b376281a43f57bfd80245ce\
         362dfb2a4658f46e2f052d8c87f2456d7f7d1a31d395ba00023a50"
    );
}

#[test]
fn the_document_has_the_weights() {
    for component in Component::ALL {
        let [desktop, handheld] = [false, true].map(|handheld| weight(component, handheld));
        let row = format!(
            "| `{component:?}` | {} | {} | {} | {} |",
            desktop.equal, desktop.different, handheld.equal, handheld.different
        );
        assert!(DOCUMENT.contains(&row), "{row}");
    }
    let thresholds = format!(
        "known from {} on desktops, {} on handhelds",
        known(false),
        known(true)
    );
    assert!(DOCUMENT.contains(&thresholds), "{thresholds}");
    let older = format!("{} points", order(Some(2), Some(1)));
    assert!(DOCUMENT.contains(&older), "{older}");
}

fn any_traits() -> impl Strategy<Value = Traits> {
    let marks = prop::collection::vec(prop::option::weighted(0.9, 0..3_u32), Component::COUNT);
    let release = prop::option::of(146_000..149_000_u32);
    (marks, release, any::<bool>()).prop_map(|(marks, release, handheld)| {
        let agent = if handheld { IPHONE } else { CHROME };
        let none = Traits::of(&Components::default(), agent).with_release(release);
        Component::ALL
            .into_iter()
            .zip(marks)
            .fold(none, |traits, (component, mark)| traits.with(component, mark))
    })
}

proptest! {
    #[test]
    fn similarity_is_symmetric_and_bounded(one in any_traits(), other in any_traits()) {
        let points = similarity(&one, &other);
        prop_assert_eq!(points, similarity(&other, &one));
        prop_assert!(points.is_none_or(|points| (-1_000..=1_000).contains(&points)));
    }

    #[test]
    fn what_differs_never_speaks_for_a_device(one in any_traits(), other in any_traits(), at in 0..Component::COUNT) {
        let component = Component::ALL[at];
        let mark = one.mark(component);
        let equal = similarity(&one, &other.with(component, mark));
        let unknown = similarity(&one, &other.with(component, None));
        let different = similarity(&one, &other.with(component, mark.map(|mark| mark + 100)));
        // None, the lowest, is less than any points.
        prop_assert!(different <= unknown && unknown <= equal, "{:?} {:?} {:?}", different, unknown, equal);
    }

    #[test]
    fn nothing_is_more_alike_or_surer_than_the_same(one in any_traits(), other in any_traits()) {
        let sure = |before: &Traits| match decide(&one, &[candidate(1, *before, 1)]) {
            Decision::Known { confidence, .. } => Some(confidence),
            Decision::New { .. } => None,
        };
        if one.is_handheld() == other.is_handheld() {
            prop_assert!(similarity(&one, &other) <= similarity(&one, &one));
            prop_assert!(sure(&other) <= sure(&one));
        }
    }

    #[test]
    fn every_decision_names_a_candidate_and_a_confidence(visit in any_traits(), seen in prop::collection::vec((0..5_u8, any_traits(), 0..100_i64), 0..40)) {
        let candidates: Vec<_> = seen.iter().map(|(id, traits, second)| candidate(*id, *traits, *second)).collect();
        match decide(&visit, &candidates) {
            Decision::Known { id, confidence } => {
                prop_assert!(candidates.iter().any(|candidate| candidate.id == id));
                prop_assert!((1..=99).contains(&confidence.percent()));
            }
            Decision::New { confidence } => prop_assert!((1..=99).contains(&confidence.percent())),
        }
    }

    #[test]
    fn the_stored_form_is_read_back(traits in any_traits()) {
        let bytes = traits.to_bytes();
        prop_assert!(bytes.len() <= Traits::MAX_BYTES);
        prop_assert_eq!(Traits::from_bytes(&bytes), Some(traits));
        prop_assert_eq!(Traits::from_bytes(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn anything_may_be_stored_and_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(traits) = Traits::from_bytes(&bytes) {
            prop_assert_eq!(Traits::from_bytes(&traits.to_bytes()), Some(traits));
        }
    }
}
