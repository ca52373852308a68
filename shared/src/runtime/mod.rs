//! From the process to the handler: configuration, clients, the Lambda adapter.

mod app;
mod aws;
pub mod config;
pub mod http;
mod lambda;
pub mod once;

pub use app::{App, BootError, start_log};
pub use lambda::{Deadline, Fault, answer, serve, serve_events};
