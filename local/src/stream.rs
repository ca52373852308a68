//! DynamoDB streams: batches of records to functions, in order, with Lambda's rules for what fails.
//!
//! Left out: batching windows, record age, parallelization. A destination for discarded batches is a line in the log.

mod batch;
mod filter;
mod poller;

pub(crate) use poller::Poller;
