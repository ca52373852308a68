//! `cargo local`: the local cloud on the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    local::command::run()
}
