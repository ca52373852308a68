//! The doubles the suites need.
