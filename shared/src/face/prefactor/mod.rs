//! The Prefactor session API, `/api/v1/session`: fetch a session, and, in the house style of the vendor's other pages,
//! list and revoke.
//!
//! Every answer is a JSON object with `status`, and every failure one with `code` and `message`: the vendor's clients
//! treat anything else as a breach of contract. A handler reads in this order: credential (401), scope (403), then the
//! id or the query (400), then the session (404, 409).

mod error;
mod id;
mod page;
mod query;
mod reply;
mod route;
mod summary;

#[cfg(test)]
mod documents;

pub use error::{Error, Fields};
pub use id::session_id;
pub use page::{Page, REACH};
pub use query::ListInput;
pub use reply::{Actions, FetchReply, Interaction, ListReply, Pagination, RevokeReply, Sorting, Summary};
pub use route::{owns, unrouted};
pub use summary::{may_revoke, summary};
