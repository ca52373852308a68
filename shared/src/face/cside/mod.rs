//! The cside face: telemetry of browsers, and the tokens it is exchanged by.

mod bundle;
mod telemetry;

pub use bundle::{Bundle, Identification, Source};
pub use telemetry::{Problem, read_telemetry};
