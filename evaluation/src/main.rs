//! `cargo evaluate`.

use std::process::ExitCode;

fn main() -> ExitCode {
    evaluation::main()
}
