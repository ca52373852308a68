//! What a figure is true of: the machine, the build, the commit, the moment.

use std::path::Path;
use std::process::Command;

use shared::clock::{Clock as _, System};

use crate::Result;
use crate::report::{Table, say};

/// Prints the labels of everything that follows.
pub(crate) fn run(binaries: &Path) -> Result<()> {
    let unknown = || "unknown".to_owned();
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or_else(unknown, |line| {
            line.trim_start_matches([' ', '\t', ':']).to_owned()
        })
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let cores = std::thread::available_parallelism().map_or_else(|_| unknown(), |it| it.to_string());
    let own = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = match binaries.file_name().and_then(|it| it.to_str()) {
        Some("debug") => "dev (not optimised, not stripped)",
        Some("release") => "release (opt-level z, fat LTO, stripped)",
        _ => "unknown",
    };
    let commit = output("git", &["describe", "--always", "--dirty"]).unwrap_or_else(unknown);
    let rustc = output("rustc", &["--version"]).unwrap_or_else(unknown);
    let mut table = Table::new(&["measured on", ""]);
    for (name, value) in [
        ("date", System.now().to_rfc3339()),
        ("commit", commit),
        (
            "processor",
            format!("{}, {cores} cores", field("/proc/cpuinfo", "model name")),
        ),
        ("memory", field("/proc/meminfo", "MemTotal")),
        (
            "kernel",
            field("/proc/version", "Linux version ")
                .split(' ')
                .take(1)
                .collect(),
        ),
        ("compiler", rustc),
        ("profile of the functions", built.to_owned()),
        (
            "profile of this program, the local cloud and the engine",
            own.to_owned(),
        ),
        ("load average before the run", load),
    ] {
        table.row([name.to_owned(), value]);
    }
    Ok(say(table)?)
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
