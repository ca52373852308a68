//! The run, and what it prints.

use std::io::Write as _;

use clap::ValueEnum;

use crate::matchers::{MATCHERS, Track};
use crate::network::Network;
use crate::pairs::{self, Given, together};
use crate::rates::{EqualErrorRate, equal_error};
use crate::tracking::{Tracked, Traffic};
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
        let rates = errors(arguments, &given)?;
        let traffic = Traffic::draw(&network, half.seed(), arguments.population, arguments.every);
        let tracked = chains(arguments, &traffic)?;
        if arguments.check {
            check(&rates, &tracked).map_err(|failure| format!("{name}: {failure}"))?;
        }
    }
    Ok(())
}

/// Whether the last matcher clearly beats those before it: at most half their error, and half as long again.
fn check(rates: &[EqualErrorRate], tracked: &[Tracked]) -> std::result::Result<(), String> {
    let (Some((own, others)), Some((followed, hashes))) = (rates.split_last(), tracked.split_last()) else {
        return Err("nothing was measured".to_owned());
    };
    if let Some(other) = others.iter().find(|other| other.low < 2.0 * own.high) {
        let (own, other) = (percent(own.high), percent(other.low));
        return Err(format!(
            "an equal error rate of up to {own} where a baseline has {other}"
        ));
    }
    if let Some(hash) = hashes.iter().find(|hash| followed.longest < 1.5 * hash.longest) {
        let (own, other) = (followed.longest, hash.longest);
        return Err(format!(
            "tracked for {own:.1} days where a baseline does for {other:.1}"
        ));
    }
    Ok(())
}

fn errors(arguments: &Devices, given: &[Given]) -> Result<Vec<EqualErrorRate>> {
    say(format_args!(
        "{} pairs; equal error rates with their 95 % intervals; same pairs against different pairs.\n\n\
         | matcher | all pairs | any two devices | one user agent | one model | up to 7 days | to 30 | to 90 | longer |\n\
         |---|---|---|---|---|---|---|---|---|",
        arguments.pairs
    ))?;
    let mut rates = Vec::new();
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
        rates.push(all);
    }
    say("")?;
    Ok(rates)
}

fn chains(arguments: &Devices, traffic: &Traffic) -> Result<Vec<Tracked>> {
    say(format_args!(
        "{} devices, {} visits, every {} days in the mean.\n\n\
         | matcher | chains, mean | longest chain, mean | median | ids per device | visits with another's id |\n\
         |---|---|---|---|---|---|",
        arguments.population,
        traffic.visits(),
        arguments.every
    ))?;
    let tracking = MATCHERS.iter().filter_map(|it| Some((it.name, (it.tracker?)())));
    let (names, mut trackers): (Vec<_>, Vec<Box<dyn Track>>) = tracking.unzip();
    let tracked = traffic.replay(&mut trackers);
    for (name, tracked) in names.iter().zip(&tracked) {
        say(format_args!(
            "| {name} | {:.1} d | {:.1} d | {:.1} d | {:.2} | {} |",
            tracked.mean,
            tracked.longest,
            tracked.median,
            tracked.ids,
            percent(tracked.mistaken)
        ))?;
    }
    say("\n| confidence in a known id | answers | of them right |\n|---|---|---|")?;
    for tracked in &tracked {
        for (tens, (given, right)) in tracked
            .sure
            .iter()
            .enumerate()
            .filter(|(_, (given, _))| 0 < *given)
        {
            let share = percent(*right as f64 / *given as f64);
            say(format_args!("| {tens}0 to {tens}9 % | {given} | {share} |"))?;
        }
    }
    say("")?;
    Ok(tracked)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

pub(crate) fn say(line: impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
