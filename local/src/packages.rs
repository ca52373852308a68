//! The functions' packages: built by cargo, found beside this program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::template::Template;
use crate::{Error, Log};

/// The directory this program was built into, where the functions' binaries are, too.
pub(crate) fn binaries() -> Result<PathBuf, Error> {
    let program = std::env::current_exe().map_err(Error::io("this program"))?;
    Ok(program.parent().unwrap_or(Path::new(".")).to_owned())
}

/// Builds the template's packages, in the profile this program was built in.
pub(crate) fn build(template: &Template, root: &Path, binaries: &Path, log: &Log) -> Result<(), Error> {
    let packages: BTreeSet<&str> = template.functions.iter().map(|it| it.package.as_str()).collect();
    log.line(format!(
        "building {} functions (the first time takes minutes) ...",
        packages.len()
    ));
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["build", "--bins"]);
    if let Some(target) = binaries.parent() {
        command.arg("--target-dir").arg(target);
    }
    if let Some(profile) = binaries
        .file_name()
        .and_then(|it| it.to_str())
        .filter(|it| *it != "debug")
    {
        command.args(["--profile", profile]);
    }
    // Cargo chooses features for what it builds together: with this program among it, everything that was compiled for
    // it is used again, and not compiled a second time with fewer features.
    if Path::new(env!("CARGO_MANIFEST_DIR")).parent() == Some(root) {
        command.args(["--package", env!("CARGO_PKG_NAME")]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    let status = command.status().map_err(Error::io("cargo build"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Build)
    }
}
