//! The service as its callers meet it: real binaries behind the real template, over HTTP.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, as its own lines do"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "as above"
)]

mod bad_input;
mod budgets;
mod client;
mod corsa;
mod crashes;
mod endings;
mod erasure;
mod evidence;
mod faces;
mod faults;
mod flood;
mod granted;
mod hostile;
mod limits;
mod matrix;
mod metrics;
mod names;
mod prefactor;
mod promises;
mod queue;
mod step_up;
mod telemetry;
mod telemetry_hostile;
mod thief;
mod truth;
mod world;
