//! Risk of a request, as points with reasons: is the session still held by the one who opened it?
//!
//! A pure integer function of what the session remembers, what its subject is known by, and what the request shows.
//! `docs/risk.md` has the points, what they rest on, and examples that the tests compute.

mod acceptance;
mod assessment;
mod components;
mod decision;
mod evidence;
mod explanation;
mod factor;
mod fingerprint;
mod guessing;
mod learning;
mod network;
mod reputation;
mod score;
mod travel;
mod user_agent;
mod weights;

pub use acceptance::{is_accepted, is_news, opened, proven};
pub use assessment::{Assessment, Confidence, Judgement, assess, judge, needs_history};
pub use components::Told;
pub use decision::{Action, Level, decide};
pub use evidence::Evidence;
pub use explanation::Explanation;
pub use factor::{Factor, Group};
pub use learning::{Lesson, Use, learn, lessons};
pub use score::Score;

/// Names the points in use; every change of a factor or its points changes it.
pub const MODEL_VERSION: &str = "holdfast-risk-5";

#[cfg(test)]
mod tests;
