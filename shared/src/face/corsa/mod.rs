//! The Corsa session and client API, `/v1`: a NestJS application by its published reference and its Python SDK, so
//! requests are judged and errors are worded as class-validator and NestJS do it. `docs/differences.md` lists where we
//! differ on purpose, and `tests/golden-corsa` holds the recorded answers of the real ones that ours are compared with.
//!
//! A handler reads in this order: credential (401), scope (403), size and form of the body (413, 400), then the rest.

mod error;
mod faults;
mod fields;
mod input;
mod page;
mod reply;
mod route;
mod time;

#[cfg(test)]
mod documents;
#[cfg(test)]
mod golden;

pub use error::Error;
pub use input::{ClientChange, ClientInput, IngestInput, LabelChange, MAX_BODY_BYTES, UpdateInput};
pub use page::{Page, upsert};
pub use reply::{Client, Receipt, Session};
pub use route::{kind_of, owns, unrouted};
