//! The published APIs: what each reads, answers, and says when something is wrong. No I/O.

pub mod bitcain;
pub mod corsa;
pub mod cside;
pub mod pages;
pub mod prefactor;

mod json;
#[cfg(test)]
mod openapi;
mod route;
mod text;
mod warning;

pub use route::Route;
pub use warning::Warning;

/// What a caller is told when a request fails, in the words of the face it was sent to.
///
/// `Display` is what the client may read; the cause travels in `source()` and is read by the log alone.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// HTTP status, 300 to 599.
    fn status(&self) -> u16;

    /// Headers beside the content type, names in lower case.
    fn headers(&self) -> Vec<(&'static str, String)>;

    /// Media type of the body.
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// The body; empty where the face sends none.
    fn body(&self) -> String;
}
