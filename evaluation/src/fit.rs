//! Fits the points of components: a logistic regression on the pairs of the tuning half.
//!
//! Equality never speaks against a device and difference never for it, and no component may decide alone: what the
//! rules never change could change in the world.

use std::io::Write as _;

use shared::device::{Comparison, Component, comparable, compare};

use crate::network::Network;
use crate::pairs::{Kind, Pair, pairs};
use crate::random::Random;
use crate::{Devices, Half, Result};

const ROUNDS: usize = 60;
/// Draws weights to zero, so that what is true of nearly all pairs is left to the odds.
const DECAY: f64 = 0.002;
/// Two numbers for each component, and one for the odds before any is looked at.
const SIZE: usize = 2 * Component::COUNT + 1;

struct Example {
    handheld: bool,
    same: bool,
    /// Places of what is true of the pair.
    facts: Vec<usize>,
}

/// Fits and prints: points where equal, and where different, on desktops and on handhelds.
///
/// # Errors
/// When the network cannot be read or standard output is gone.
pub(crate) fn run(arguments: &Devices) -> Result<()> {
    let network = Network::load(&arguments.network)?;
    let examples: Vec<Example> = pairs(&network, Half::Tuning.seed(), arguments.pairs)
        .filter_map(|pair| example(&pair))
        .collect();
    let fitted = [false, true].map(|handheld| fit(&examples, handheld));
    let mut out = std::io::stdout().lock();
    for component in Component::ALL {
        write!(out, "{component:?}")?;
        for weights in &fitted {
            let point = |place: usize| weights.get(place).map_or(0.0, |nats| (10.0 * nats).round());
            write!(
                out,
                " ({}, {})",
                point(2 * component as usize),
                point(2 * component as usize + 1)
            )?;
        }
        writeln!(out)?;
    }
    for weights in &fitted {
        writeln!(
            out,
            "odds before: {:.1}",
            10.0 * weights.last().copied().unwrap_or_default()
        )?;
    }
    Ok(())
}

fn example(pair: &Pair) -> Option<Example> {
    let (before, after) = (&pair.before.traits, &pair.after.traits);
    // The others are decided, and a version that goes back has its own points.
    if !comparable(before, after) || after.release() < before.release() {
        return None;
    }
    let facts = Component::ALL.into_iter().filter_map(|component| {
        let place = 2 * component as usize;
        match compare(before, after, component) {
            Comparison::Equal => Some(place),
            Comparison::Different => Some(place + 1),
            Comparison::Unknown => None,
        }
    });
    Some(Example {
        handheld: before.is_handheld() && after.is_handheld(),
        same: pair.kind == Kind::Same,
        facts: facts.chain([SIZE - 1]).collect(),
    })
}

/// Gradient descent with a step of its own for each weight (Adagrad), back into the allowed range after each.
fn fit(examples: &[Example], handheld: bool) -> Vec<f64> {
    let mut examples: Vec<&Example> = examples.iter().filter(|it| it.handheld == handheld).collect();
    let ranges: Vec<(f64, f64)> = Component::ALL
        .into_iter()
        .flat_map(|it| ranges(it, handheld))
        .collect();
    let mut weights = vec![0.0_f64; SIZE];
    let mut squares = vec![1e-6_f64; SIZE];
    let mut random = Random::of(&[crate::SEED, 8]);
    for _ in 0..ROUNDS {
        for last in (1..examples.len()).rev() {
            examples.swap(last, random.below(last + 1));
        }
        for example in &examples {
            let sum: f64 = example.facts.iter().filter_map(|place| weights.get(*place)).sum();
            let error = 1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(example.same));
            for place in &example.facts {
                let (Some(weight), Some(square)) = (weights.get_mut(*place), squares.get_mut(*place)) else {
                    continue;
                };
                let slope = error + if *place == SIZE - 1 { 0.0 } else { DECAY * *weight };
                *square += slope * slope;
                *weight -= 0.2 * slope / square.sqrt();
                if let Some(range) = ranges.get(*place) {
                    *weight = weight.clamp(range.0, range.1);
                }
            }
        }
    }
    weights
}

/// What a component may weigh, in nats: where equal, and where different.
///
/// What people change by the way never weighs enough to make another device of theirs. What is drawn and computed here
/// follows from other components alone, so its least weight is what it surely has in the world.
fn ranges(component: Component, handheld: bool) -> [(f64, f64); 2] {
    match component {
        Component::Screen if handheld => [(0.0, 2.5), (-3.0, 0.0)],
        Component::SystemVersion
        | Component::FontPreferences
        | Component::Blockers
        | Component::Screen
        | Component::ScreenFrame
        | Component::PixelRatio
        | Component::Colors
        | Component::Settings
        | Component::Plugins
        | Component::TimeZone => [(0.0, 1.0), (-1.2, 0.0)],
        // They change together.
        Component::Language | Component::Languages => [(0.0, 0.6), (-0.7, 0.0)],
        Component::CanvasGeometry
        | Component::CanvasText
        | Component::Audio
        | Component::Math
        | Component::Cores
        | Component::Memory
        | Component::GraphicsExtensions => [(0.1, 2.5), (-3.0, -0.3)],
        _ => [(0.0, 2.5), (-3.0, 0.0)],
    }
}
