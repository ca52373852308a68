//! `cargo local intel`: builds the data about addresses, or says what it was built of.

use intel::{Manifest, Options, Progress, Registries};

use super::arguments::{Intel, Place};
use super::root;
use crate::intelligence::{BUILT, open, tell};
use crate::state::State;
use crate::{Error, Log, log};

pub(super) async fn run(place: &Place, wanted: Intel) -> Result<(), Error> {
    let folder = match wanted.folder {
        Some(folder) => folder,
        None => root(&place.template()?).join(BUILT),
    };
    if wanted.info {
        let manifest = Manifest::read(&folder)?;
        log::answer(&match manifest {
            Some(manifest) => format!("{}\n\n{}", folder.display(), manifest.to_string().trim_end()),
            None => format!(
                "nothing was built in {}; `cargo local intel` does",
                folder.display()
            ),
        });
        return Ok(());
    }
    if let Some(addresses) = wanted.ask {
        return ask(&folder.display().to_string(), &addresses);
    }
    let options = Options {
        downloads: match wanted.downloads {
            Some(downloads) => downloads,
            None => State::open(&place.directory())?.downloads(),
        },
        registries: (!wanted.offline).then_some(Registries {
            npm: wanted.npm_registry,
            pypi_files: wanted.pypi_files,
        }),
        accept_shrinking: wanted.accept_shrinking,
        folder,
    };
    let stderr = Log::stderr();
    let progress = Progress::new(move |line| stderr.line(line));
    let manifest = intel::build(&options, &progress).await?;
    log::answer(&manifest.to_string());
    Ok(())
}

/// Prints what is known of `addresses`, or of those on standard input.
fn ask(paths: &str, addresses: &[String]) -> Result<(), Error> {
    let opened = open(paths);
    for problem in &opened.problems {
        Log::stderr().line(problem.to_string());
    }
    for address in addresses {
        log::answer(&tell(&opened.intelligence, address).to_string());
    }
    if addresses.is_empty() {
        for line in std::io::stdin().lines() {
            let line = line.map_err(Error::io("standard input"))?;
            log::answer(&tell(&opened.intelligence, line.trim()).to_string());
        }
    }
    Ok(())
}
