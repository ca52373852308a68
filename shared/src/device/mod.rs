//! Whether two visits come from the same browser on the same device, by what browsers show of themselves.
//!
//! Nothing is kept in the browser, and no component has to stay as it was. A visit becomes [`Traits`]; its [`keys`]
//! find a bounded number of [`Candidate`]s; [`decide`] weighs what is equal and what differs. Browsers that show the
//! same are one device to it: an id is evidence, never an identity. `docs/device-identity.md` has the weights, how they
//! were found, and how well they do.

mod blocking;
mod decision;
mod similarity;
mod traits;
mod weights;

pub use blocking::{KEYS, Key, keys};
pub use decision::{
    CANDIDATES, Candidate, Confidence, Decision, REFRESH, TIMES, decide, is_remembered, is_telling, remember,
};
pub use similarity::{Comparison, comparable, compare, differing, points, similarity};
pub use traits::{Component, Traits, VERSION};

#[cfg(test)]
mod tests;
