//! The promises of the service, over a real engine and, where it matters, the real binaries.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::large_futures,
    reason = "a suite stops where a promise breaks, and says what it measured"
)]

mod budgets;
mod cleaning;
mod clocks;
mod driver;
mod earlier;
mod endings;
mod erasure;
mod history;
mod ingest;
mod issuer_clocks;
mod limits;
mod profiles;
mod races;
mod timeouts;
mod unknown;
mod world;
