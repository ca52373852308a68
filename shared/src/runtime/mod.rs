//! From the process to the handler: configuration, clients, the Lambda adapter.

mod app;
mod aws;
pub mod config;
mod dead_letters;
pub mod exchange;
mod front;
pub mod http;
mod lambda;
pub mod metrics;
pub mod once;
mod skew;
mod token_keys;

pub use app::{App, BootError, start_log};
pub use dead_letters::{DeadLetters, Unsent};
pub use front::{Bypassed, Front, HEADER as ORIGIN_HEADER};
pub use lambda::{Deadline, Fault, answer, serve, serve_events};
pub use skew::ClockOff;
pub use token_keys::{TokenKeys, Unverified};
