//! The cside face: telemetry of browsers, and the tokens it is exchanged by.

mod telemetry;

pub use telemetry::{Problem, read_telemetry};
