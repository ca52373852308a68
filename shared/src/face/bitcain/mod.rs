//! The bitcain session API, `/api/v1/sessions`: a FastAPI application by its published reference, so requests are read
//! and errors are worded as Pydantic 2 and FastAPI do it. `docs/differences.md` lists where we differ on purpose, and
//! `tests/golden` holds the recorded answers of the real ones that ours are compared with.
//!
//! A handler reads in this order: credential (401), size and form of the body (413, 400, 422), then the rest.

mod error;
mod faults;
mod fields;
mod input;
mod integer;
mod problem;
mod reply;
mod route;

#[cfg(test)]
mod documents;
#[cfg(test)]
mod golden;

pub use error::Error;
pub use input::{
    CreateInput, FingerprintInput, LogoutInput, MAX_BODY_BYTES, RevokeInput, StepUpInput, ValidateInput,
};
pub use problem::Problem;
pub use reply::{
    ActiveReply, ActiveSession, CleanupReply, CreateReply, FingerprintReply, LogoutReply, RevokeReply,
    StepUpReply, ValidateReply,
};
pub use route::unrouted;
