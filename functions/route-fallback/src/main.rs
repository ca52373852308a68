//! Lambda entry point; the endpoint itself is in `lib.rs`.

fn main() {}
