//! What a visit's evidence tells: is it a program, does the browser say the truth, does the machine, and is the visitor
//! where the address is.
//!
//! A pure function of what was [`Observed`]. A finding exists only on evidence: what was not collected is not known,
//! and says nothing. `docs/signals.md` has every finding with its points, and a test compares them.

mod bot;
mod browser;
mod claims;
mod crawlers;
mod declared;
mod device;
mod email;
mod environment;
mod finding;
mod graphics;
mod hints;
mod ip;
mod observed;
mod portrait;
mod stored;
mod verdict;
mod weights;
mod zone;

pub use bot::{Bot, Outcome};
pub use crawlers::Crawler;
pub use email::Email;
pub use finding::{Finding, Group};
pub use observed::Observed;
pub use portrait::{Class, Portrait, describe};
pub use verdict::{Level, Risk, Signals, read};

/// Names the points in use; every change of a finding or its points changes it.
pub const MODEL_VERSION: &str = "holdfast-signals-2";

#[cfg(test)]
mod tests;
