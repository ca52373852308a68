//! The doubles the suites need: a real DynamoDB engine, and a proxy before it that counts, breaks and delays.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a double that cannot do its work fails the test that uses it, at once and loudly"
)]

pub mod engine;
pub mod proxy;
