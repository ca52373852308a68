//! The promises of the service, over a real engine and, where it matters, the real binaries.

mod budgets;
mod cleaning;
mod endings;
mod limits;
mod races;
mod timeouts;
mod world;
