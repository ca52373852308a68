//! Measures how well devices and thefts are told apart, and prints Markdown. `docs/device-identity.md` and
//! `docs/evaluation.md` say by which rules.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and days are far below where these lose anything"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null where there is nothing"
)]

mod adversary;
mod browser;
mod device;
mod fit;
mod matchers;
mod network;
mod pairs;
mod random;
mod rates;
mod report;
mod seen;
pub mod sessions;
mod tracking;
mod visit;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Whatever goes wrong ends the run.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Fixed before there was a matcher.
pub(crate) const SEED: u64 = 20_261_121;

/// Measures how well visits are told apart.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How well devices are recognised; docs/device-identity.md.
    Devices(Devices),
    /// Fits the weights of components on the tuning half, and prints them.
    Weights(Devices),
    /// How often stolen sessions are found, and honest people disturbed; docs/evaluation.md.
    Sessions(sessions::Sessions),
    /// What a thief can choose, and the cheapest way for each thing that was stolen; docs/risk.md.
    Adversary {
        /// Requests of a sequence at the most.
        #[arg(long, default_value_t = 4)]
        requests: usize,
        /// Fail unless docs/risk.md has this very table.
        #[arg(long)]
        check: bool,
    },
}

/// How well devices are recognised.
#[derive(Debug, clap::Args)]
pub(crate) struct Devices {
    /// Pairs of each half.
    #[arg(long, default_value_t = 100_000)]
    pairs: u64,
    /// Devices of each half whose traffic is replayed.
    #[arg(long = "devices", value_name = "DEVICES", default_value_t = 2_000)]
    population: usize,
    /// Days between two visits of a device, in the mean.
    #[arg(long, default_value_t = 7.0)]
    every: f64,
    /// One half alone.
    #[arg(long)]
    half: Option<Half>,
    /// Fail unless the service's matcher clearly beats every baseline on every half.
    #[arg(long)]
    check: bool,
    /// The network the browsers are drawn from; tools/fetch-evaluation-data fetches it.
    #[arg(
        long,
        value_name = "FILE",
        default_value = ".tools/evaluation/fingerprint-network.json"
    )]
    network: PathBuf,
}

/// A half of the evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Half {
    /// The half that weights are fitted on.
    Tuning,
    /// The half that gives the figure.
    HeldOut,
}

impl Half {
    fn seed(self) -> u64 {
        random::mix(&[SEED, self as u64])
    }
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().what {
        What::Devices(arguments) => report::run(&arguments),
        What::Weights(arguments) => fit::run(&arguments),
        What::Sessions(arguments) => sessions::run(&arguments),
        What::Adversary { requests, check } => adversary::run(requests, check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
