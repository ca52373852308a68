//! The cside API, `/client` and `/token`: telemetry of browsers, and the tokens it is exchanged by.

mod bundle;
mod error;
mod page;
mod route;
mod telemetry;
mod token;

pub use bundle::{Bundle, Identification, Source, without_reasons};
pub use error::{Error, TEXT, Textual};
pub use page::{AtPage, Page, site_key};
pub use route::{Unrouted, owns, unrouted};
pub use telemetry::{MAX_BODY_BYTES, Problem, read_telemetry};
pub use token::{raw_token, wrapped_token};
