//! Risk of a request, as points with reasons: is the session still held by the one who opened it?
//!
//! A pure integer function of what the session remembers and what the request shows. `docs/risk.md` has the points,
//! what they rest on, and examples that the tests compute.

mod assessment;
mod decision;
mod explanation;
mod factor;
mod fingerprint;
mod network;
mod score;
mod user_agent;
mod weights;

pub use assessment::{Assessment, Confidence, assess, needs_record};
pub use decision::{Action, Level, decide};
pub use explanation::Explanation;
pub use factor::{Factor, Group};
pub use score::Score;

/// Names the points in use; every change of a factor or its points changes it.
pub const MODEL_VERSION: &str = "holdfast-risk-1";

#[cfg(test)]
mod tests;
