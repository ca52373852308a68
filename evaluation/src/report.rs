//! The run, and what it prints.

use std::io::Write as _;

use clap::ValueEnum;

use crate::matchers::{MATCHERS, Track};
use crate::network::Network;
use crate::pairs::{self, Given, together};
use crate::rates::{EqualErrorRate, equal_error};
use crate::tracking::Traffic;
use crate::{Devices, Half, Result};

/// Measures and prints each half.
///
/// # Errors
/// When the network cannot be read or standard output is gone.
pub(crate) fn run(arguments: &Devices) -> Result<()> {
    let network = Network::load(&arguments.network)?;
    let halves = match &arguments.half {
        Some(half) => std::slice::from_ref(half),
        None => Half::value_variants(),
    };
    for half in halves {
        let name = match half {
            Half::Tuning => "Tuning half",
            Half::HeldOut => "Held-out half",
        };
        say(format_args!("### {name}\n"))?;
        let given = pairs::score(&network, half.seed(), arguments.pairs);
        errors(arguments, &given)?;
        chains(
            arguments,
            &Traffic::draw(&network, half.seed(), arguments.devices, arguments.every),
        )?;
    }
    Ok(())
}

fn errors(arguments: &Devices, given: &[Given]) -> Result<()> {
    say(format_args!(
        "{} pairs; equal error rates with their 95 % intervals; same pairs against different pairs.\n\n\
         | matcher | all pairs | any two devices | one user agent | one model | up to 7 days | to 30 | to 90 | longer |\n\
         |---|---|---|---|---|---|---|---|---|",
        arguments.pairs
    ))?;
    for (matcher, given) in MATCHERS.iter().zip(given) {
        let (same, different) = (together(&given.same), together(&given.different));
        let all = EqualErrorRate::of(&same, &different);
        let mut row = format!(
            "| {} | {} ({} to {}) |",
            matcher.name,
            percent(all.rate),
            percent(all.low),
            percent(all.high)
        );
        for part in &given.different {
            row += &format!(" {} |", percent(equal_error(&same, part)));
        }
        for part in &given.same {
            row += &format!(" {} |", percent(equal_error(part, &different)));
        }
        say(row)?;
    }
    say("")
}

fn chains(arguments: &Devices, traffic: &Traffic) -> Result<()> {
    say(format_args!(
        "{} devices, {} visits, every {} days in the mean.\n\n\
         | matcher | chains, mean | longest chain, mean | median | ids per device | visits with another's id |\n\
         |---|---|---|---|---|---|",
        arguments.devices,
        traffic.visits(),
        arguments.every
    ))?;
    let tracking = MATCHERS.iter().filter_map(|it| Some((it.name, (it.tracker?)())));
    let (names, mut trackers): (Vec<_>, Vec<Box<dyn Track>>) = tracking.unzip();
    for (name, tracked) in names.iter().zip(traffic.replay(&mut trackers)) {
        say(format_args!(
            "| {name} | {:.1} d | {:.1} d | {:.1} d | {:.2} | {} |",
            tracked.mean,
            tracked.longest,
            tracked.median,
            tracked.ids,
            percent(tracked.mistaken)
        ))?;
    }
    say("")
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn say(line: impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
