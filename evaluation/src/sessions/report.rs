//! The run, and what it prints.

use std::collections::BTreeMap;
use std::io::Write as _;

use clap::ValueEnum as _;
use shared::risk::MODEL_VERSION;

use super::Sessions;
use super::atlas::Atlas;
use super::figures::share;
use super::person::{Person, Sources};
use super::play::{Honest, Outcome, Theft, play};
use super::rules::{DAYS, Regime};
use super::thief::Class;
use crate::network::Network;
use crate::{Half, Result};

/// Figures of the base with telemetry that `--check` holds, of the tuning half at its size: name, least, most.
const HELD: &[(&str, f64, f64)] = &[
    ("share of A1 caught at the first request, 45", 0.98, 1.0),
    ("share of A2 caught at the first request, 45", 0.95, 1.0),
    ("share of A3 caught at the first request, 45", 0.88, 1.0),
    ("share of A5 caught at the first request, 45", 0.95, 1.0),
    ("alerts per person and month", 0.1, 0.45),
    ("refusals per person and month", 0.0, 0.04),
];

/// Measures and prints.
///
/// # Errors
/// When data is missing, standard output is gone, or a held figure is outside its interval.
pub(crate) fn run(arguments: &Sessions) -> Result<()> {
    let network = Network::load(&arguments.data.join("fingerprint-network.json"))?;
    let half = arguments.half;
    let atlas = Atlas::load(&arguments.data, half)?;
    let name = if half == Half::Tuning {
        "Tuning half"
    } else {
        "Held-out half"
    };
    let users = if arguments.check {
        arguments.users.min(100)
    } else {
        arguments.users
    };
    say(format_args!(
        "## {name}, model `{MODEL_VERSION}`\n\n{users} people, {DAYS} days; {}.\n",
        atlas.describe()
    ))?;
    let regimes = match &arguments.regime {
        Some(regime) => std::slice::from_ref(regime),
        None if arguments.check => &[Regime::Base],
        None => Regime::value_variants(),
    };
    let integrations: &[bool] = match (arguments.telemetry, arguments.no_telemetry) {
        (true, false) => &[true],
        (false, true) => &[false],
        _ if arguments.check => &[true],
        _ => &[true, false],
    };
    for regime in regimes {
        let sources = Sources {
            network: &network,
            atlas: &atlas,
            half: half.seed(),
            world: regime.world(),
        };
        let people: Vec<Person> = (0..users).map(|number| Person::draw(sources, number)).collect();
        for telemetry in integrations {
            let outcome = play(&people, sources, *telemetry)?;
            let with = if *telemetry {
                "with telemetry"
            } else {
                "without telemetry"
            };
            say(format_args!("### {}, {with}\n", regime.name()))?;
            thefts(&outcome)?;
            honest(&outcome)?;
            if arguments.curve {
                curve(&outcome)?;
            }
            causes(&outcome, arguments.causes)?;
            if arguments.check {
                check(&outcome)?;
            }
        }
    }
    Ok(())
}

/// Which honest events are counted.
type Kind<'a> = &'a dyn Fn(&Honest) -> bool;

fn rows() -> impl Iterator<Item = (&'static str, Option<Class>)> {
    let classes = Class::ALL.iter().map(|it| (it.name(), Some(*it)));
    classes.chain([("**A1 to A5**", None)])
}

fn thefts(outcome: &Outcome) -> Result<()> {
    let limit = outcome.threshold();
    let freeman = outcome.freeman_threshold();
    say(format_args!(
        "Share of thefts caught, percent, with intervals of 95 %. 0.1 % of honest events have {limit} or more.\n\n\
         | class | first request, 45 | 80 | {limit} | within, 45 | 80 | {limit} | anyone's, 45 | AUC, network changed | exact binding | browser or country | Freeman, first at 0.1 % | within |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|"
    ))?;
    for (name, class) in rows() {
        let some = outcome.of(class);
        let first = |least: u8| share(&some, |it| least <= it.first).long();
        let whole = |is: &dyn Fn(&Theft) -> bool| format!("{:.0}", share(&some, is).mean * 100.0);
        let within = |least: u8| whole(&|it| least <= it.highest);
        let auc = outcome
            .auc_of_moved(class)
            .map_or("-".to_owned(), |it| format!("{it:.3}"));
        say(format_args!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {auc} | {} | {} | {} | {} |",
            first(45),
            first(80),
            first(limit),
            within(45),
            within(80),
            within(limit),
            whole(&|it| 45 <= it.anyones),
            whole(&|it| it.binding),
            whole(&|it| it.elsewhere),
            whole(&|it| freeman < it.freeman),
            whole(&|it| freeman < it.freeman_within),
        ))?;
    }
    say("")
}

fn honest(outcome: &Outcome) -> Result<()> {
    say(format_args!(
        "{} honest events, {:.1} per person and day.\n\n\
         | honest people | per person and month | share of events |\n|---|---|---|",
        outcome.events,
        outcome.events as f64 / outcome.people.max(1) as f64 / f64::from(DAYS)
    ))?;
    let kinds: [(&str, Kind<'_>); 4] = [
        ("alerts, 45 and more", &|it| 45 <= it.score),
        ("refusals, 80 and more", &|it| 80 <= it.score),
        ("exact binding", &|it| it.binding),
        ("browser or country changed", &|it| it.elsewhere),
    ];
    for (name, is) in kinds {
        let [mean, low, high] = outcome.monthly(is);
        let count = outcome.honest.iter().filter(|it| is(it)).count();
        let part = count as f64 / outcome.events.max(1) as f64 * 100.0;
        say(format_args!(
            "| {name} | {mean:.3} ({low:.3} to {high:.3}) | {part:.3} % |"
        ))?;
    }
    say("")
}

fn causes(outcome: &Outcome, most: usize) -> Result<()> {
    if most == 0 {
        return Ok(());
    }
    let mut found: BTreeMap<(&str, &str), [u32; 2]> = BTreeMap::new();
    for it in outcome.honest.iter().filter(|it| 45 <= it.score) {
        let [alerts, refusals] = found.entry((it.factor, it.cause.as_str())).or_default();
        *alerts += 1;
        *refusals += u32::from(80 <= it.score);
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, [alerts, _])| std::cmp::Reverse(*alerts));
    let all: u32 = found.iter().map(|(_, [alerts, _])| alerts).sum();
    let months = outcome.people.max(1) as f64 * f64::from(DAYS) / 30.0;
    say(format_args!(
        "Alerts by cause: the {} most frequent of {}.\n\n\
         | gravest factor | what had happened | alerts per person and month | refusals | share of alerts |\n|---|---|---|---|---|",
        most.min(found.len()),
        found.len()
    ))?;
    for ((factor, cause), [alerts, refusals]) in found.iter().take(most) {
        say(format_args!(
            "| `{factor}` | {cause} | {:.4} | {:.4} | {:.1} % |",
            f64::from(*alerts) / months,
            f64::from(*refusals) / months,
            f64::from(*alerts) / f64::from(all.max(1)) * 100.0
        ))?;
    }
    say("")
}

fn curve(outcome: &Outcome) -> Result<()> {
    say(
        "| threshold | alerts per person and month | share of events | A1 | A2 | A3 | A4 | A5 | A6 | A1 to A5 | within |\n\
         |---|---|---|---|---|---|---|---|---|---|---|",
    )?;
    for least in (5..=100).step_by(5) {
        let [mean, ..] = outcome.monthly(|it| least <= it.score);
        let count = outcome.honest.iter().filter(|it| least <= it.score).count();
        let part = count as f64 / outcome.events.max(1) as f64 * 100.0;
        let mut row = format!("| {least} | {mean:.3} | {part:.3} % |");
        for (_, class) in rows() {
            let some = outcome.of(class);
            row += &format!(" {:.0} |", share(&some, |it| least <= it.first).mean * 100.0);
        }
        let all = outcome.of(None);
        say(row + &format!(" {:.0} |", share(&all, |it| least <= it.highest).mean * 100.0))?;
    }
    say("")
}

/// Whether the held figures are in their intervals.
fn check(outcome: &Outcome) -> Result<()> {
    let first = |class| share(&outcome.of(Some(class)), |it| 45 <= it.first).mean;
    let monthly = |least: u8| outcome.monthly(|it| least <= it.score)[0];
    let figures = [
        first(Class::A1),
        first(Class::A2),
        first(Class::A3),
        first(Class::A5),
        monthly(45),
        monthly(80),
    ];
    let outside: Vec<String> = HELD
        .iter()
        .zip(figures)
        .filter(|((_, least, most), figure)| !(*least..=*most).contains(figure))
        .map(|((name, least, most), figure)| format!("{name}: {figure:.3}, not {least} to {most}"))
        .collect();
    if outside.is_empty() {
        Ok(())
    } else {
        Err(outside.join("; ").into())
    }
}

fn say(line: impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
