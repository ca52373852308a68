//! How often stolen sessions are found, and honest people disturbed; `docs/evaluation.md` has the rules.

mod atlas;
mod baselines;
pub mod drive;
mod figures;
mod person;
mod play;
mod report;
mod rules;
mod thief;

use std::path::PathBuf;

pub(crate) use report::run;

use self::rules::Regime;
use crate::Half;

/// How often stolen sessions are found, and honest people disturbed.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Sessions {
    /// How many people live through the 45 days.
    #[arg(long, default_value_t = 300)]
    users: u64,
    /// The half; weights are changed by the figures of the tuning half alone.
    #[arg(long, default_value = "tuning")]
    half: Half,
    /// One regime alone.
    #[arg(long)]
    regime: Option<Regime>,
    /// The integration with telemetry alone.
    #[arg(long)]
    telemetry: bool,
    /// The integration without telemetry alone.
    #[arg(long)]
    no_telemetry: bool,
    /// Fail unless the figures of a small run are in their intervals.
    #[arg(long)]
    check: bool,
    /// Print what other thresholds would do.
    #[arg(long)]
    curve: bool,
    /// How many causes of alerts to print.
    #[arg(long, default_value_t = 12)]
    causes: usize,
    /// Where tools/fetch-evaluation-data put its files.
    #[arg(long, value_name = "FOLDER", default_value = ".tools/evaluation")]
    data: PathBuf,
}
