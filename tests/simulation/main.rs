//! The promises under clocks that are apart, a network that loses, doubles and delays, and processes that die.
//!
//! The store and the use cases are the ones that are shipped, over the real AWS SDK. Under it are a network and a table of
//! our own, and time is virtual, so a seed decides everything and a failing one is told with the smallest history that
//! fails. A history costs about 20 ms of one core as tests are built, so the 2,000 of an ordinary run some 20 s of two;
//! a million are for a build that is optimised:
//!
//! ```sh
//! HISTORIES=1000000 cargo test --profile simulation --workspace --test simulation no_promise -- --nocapture
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::large_futures,
    clippy::disallowed_methods,
    clippy::struct_excessive_bools,
    reason = "a suite stops where a promise breaks, says what it measured, and is asked for more by its environment"
)]

mod check;
mod differential;
mod expression;
mod mutant;
mod network;
mod plan;
mod run;
mod shrink;
mod table;

use std::env;
use std::fmt::Write;
use std::thread;
use std::time::Instant;

use mutant::Mutant;
use plan::Plan;
use run::Stage;
use shrink::{breaks, shrink};

/// Histories of an ordinary run.
const HISTORIES: u64 = 2_000;
/// How many histories a mutant is given.
const MOST_UNTIL_CAUGHT: u64 = 6_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// What a seed breaks, told with the smallest history that breaks it.
fn failure(stage: &Stage, seed: u64, mutant: Option<Mutant>) -> Option<String> {
    let plan = Plan::of(seed);
    if breaks(stage, &plan, mutant).is_empty() {
        return None;
    }
    let smallest = shrink(stage, &plan, mutant);
    let history = stage.run(&smallest, mutant);
    let mut told = smallest.to_string();
    for event in &history.events {
        writeln!(told, "  {event:?}").unwrap();
    }
    for what in check::check(&smallest, &history) {
        writeln!(told, "  broken: {what}").unwrap();
    }
    Some(told)
}

/// Set `HISTORIES` for more of them, and `SEED` for the first one.
#[test]
fn no_promise_breaks_in_any_history() {
    let (histories, first) = (
        number("HISTORIES").unwrap_or(HISTORIES),
        number("SEED").unwrap_or(0),
    );
    let workers = thread::available_parallelism().map_or(1, |it| it.get() as u64);
    let began = Instant::now();
    let work = |worker: u64| {
        let stage = Stage::new();
        let mut seeds = (first + worker..first + histories).step_by(usize::try_from(workers).unwrap());
        seeds.find_map(|seed| failure(&stage, seed, None))
    };
    let failures: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        workers.into_iter().filter_map(|it| it.join().unwrap()).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{histories} histories in {seconds:.1} s");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_seed_tells_the_same_history_each_time() {
    let (one, other) = (Stage::new(), Stage::new());
    for seed in 0..100 {
        let plan = Plan::of(seed);
        let (first, second) = (one.run(&plan, None), other.run(&plan, None));
        assert_eq!(first.events, second.events, "{plan}");
        assert_eq!(one.run(&plan, None).events, first.events, "{plan}");
    }
}

/// Each within a minute, as the count has it; `MUTANT` takes one alone and tells how it is caught.
#[test]
fn every_mutant_is_caught() {
    let wanted = env::var("MUTANT").ok();
    let stage = Stage::new();
    let mut missed = Vec::new();
    for mutant in Mutant::ALL {
        let name = format!("{mutant:?}");
        if wanted.as_ref().is_some_and(|it| *it != name) {
            continue;
        }
        let began = Instant::now();
        let caught =
            (0..MOST_UNTIL_CAUGHT).find(|seed| !breaks(&stage, &Plan::of(*seed), Some(mutant)).is_empty());
        match caught {
            Some(seed) => {
                println!(
                    "{name}: caught by history {}, {:.1} s",
                    seed + 1,
                    began.elapsed().as_secs_f64()
                );
                if wanted.is_some() {
                    println!("{}", failure(&stage, seed, Some(mutant)).unwrap());
                }
            }
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
