//! The local cloud: the whole of `template.yaml` on one port, with nothing else installed. Development only.
//!
//! Functions run as their real binaries over the Lambda Runtime API, behind the HTTP API's rules, on an embedded
//! DynamoDB engine, with schedules and streams. Routes, timeouts, environment and tables come from the template.
//! Everything listens on the loopback address alone, unless an address for containers is named; what only programs of
//! this machine may ask is closed to pages of browsers ([`guard`]).

mod cloud;
pub mod command;
mod credentials;
mod demo;
mod dynamodb;
mod engine;
mod error;
mod function;
mod gateway;
mod guard;
mod ids;
mod intelligence;
mod issuer;
mod log;
mod options;
mod packages;
mod schedule;
mod state;
mod stream;
pub mod template;

pub use cloud::Cloud;
pub use credentials::{DEFAULT_SCOPES, DEFAULT_SUBJECT, DEFAULT_TENANT};
pub use engine::Engine;
pub use error::Error;
pub use function::Failure;
pub use issuer::Claims;
pub use log::Log;
pub use options::Options;
