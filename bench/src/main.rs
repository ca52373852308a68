//! Measures Holdfast on this machine and prints Markdown: what `docs/performance.md` shows.
//!
//! Nothing here asserts a time: it is true of one machine at one moment. Budgets are held by `tests/suites/budgets.rs`,
//! by counts. What fails is a validate that is not answered beside a flood.

#![expect(
    clippy::large_futures,
    reason = "a use case runs a few hundred times; its future is not worth a box at each call"
)]

mod clients;
mod counts;
mod flood;
mod http;
mod intelligence;
mod latency;
mod machine;
mod prices;
mod process;
mod pure;
mod report;
mod runtime_api;
mod samples;
mod telemetry;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use local::template::Template;

/// Whatever goes wrong ends the run.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures what operations cost and how fast the functions are. Build the functions first.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything when left out.
    parts: Vec<Part>,
    /// The directory with the functions' binaries; that of this program when left out.
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
    /// The template.
    #[arg(long, value_name = "FILE", default_value = "template.yaml")]
    template: PathBuf,
    /// The data about addresses; `cargo local intel` builds it.
    #[arg(long, value_name = "DIR", default_value = "intel/data/holdfast")]
    intelligence: PathBuf,
    /// Time as little as there can be: that everything runs, not how fast. The figures are worth nothing.
    #[arg(long)]
    smallest: bool,
    /// Look one address up in that data, say how that went, and end: the process that is measured.
    #[arg(long, hide = true)]
    first_answer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Requests, round trips and capacity units of each operation.
    Counts,
    /// p50 and p99 through the local cloud.
    Latency,
    /// Size of the binaries.
    Sizes,
    /// Start, invocations, processor time and memory of functions' processes.
    Process,
    /// Processor time of the parts that are plain functions.
    Pure,
    /// What junk costs at list prices, by its kind, and whether validates beside it notice.
    Flood,
    /// What is known of addresses: first answer, further answers, memory.
    Intelligence,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: Arguments) -> Result<()> {
    if let Some(address) = arguments.first_answer {
        return intelligence::first_answer(&arguments.intelligence, &address);
    }
    let binaries = match arguments.binaries {
        Some(given) => given,
        None => std::env::current_exe()?
            .parent()
            .ok_or("no directory")?
            .to_owned(),
    };
    machine::run(&binaries)?;
    let parts = if arguments.parts.is_empty() {
        Part::value_variants()
    } else {
        &arguments.parts
    };
    for part in parts {
        match part {
            Part::Counts => counts::run().await?,
            Part::Latency => latency::run(&arguments.template, &binaries, arguments.smallest).await?,
            Part::Sizes => {
                let template = Template::load(&arguments.template, &std::collections::BTreeMap::new())?;
                let packages: Vec<_> = template.functions.into_iter().map(|it| it.package).collect();
                process::sizes(&binaries, &packages)?;
            }
            Part::Process => process::run(&arguments.template, &binaries, arguments.smallest).await?,
            Part::Pure => pure::run()?,
            Part::Flood => flood::run(&arguments.template, &binaries, arguments.smallest).await?,
            Part::Intelligence => intelligence::run(&arguments.intelligence)?,
        }
    }
    Ok(())
}
