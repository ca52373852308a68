//! Measures Holdfast on this machine and prints Markdown: what `docs/performance.md` shows.
//!
//! Nothing here asserts: a time is true of one machine at one moment. Budgets are held by `tests/suites/budgets.rs`,
//! by counts.

mod clients;
mod counts;
mod report;
mod samples;

use std::process::ExitCode;

/// Whatever goes wrong ends the run.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    match counts::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
