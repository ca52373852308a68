//! The state directory: the database, the secrets, stream positions, and where the running instance is.
//!
//! A cloud without a directory keeps all of it in memory.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::credentials::{new_api_key, new_site_key, new_token_keys};
use crate::issuer::Issuer;

/// The state directory.
#[derive(Debug, Clone)]
pub(crate) struct State(PathBuf);

/// What must survive a restart for credentials to stay valid.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) issuer_key: String,
    pub(crate) api_key: String,
    /// The key of the demo page's backend. A state from before it gets its own.
    #[serde(default)]
    pub(crate) demo_api_key: String,
    /// The keys of telemetry tokens, as the functions read them. A state from before them gets its own.
    #[serde(default = "new_token_keys")]
    pub(crate) token_keys: String,
    #[serde(default = "new_site_key")]
    pub(crate) site_key: String,
}

/// A running local cloud, as commands beside it find it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) dynamodb_url: String,
    pub(crate) table: String,
}

/// Sequence numbers up to which streams were worked on, by mapping and shard.
pub(crate) type Positions = BTreeMap<String, String>;

impl State {
    /// The state in `directory`, which is made if it is not there.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(Error::io(directory.display()))?;
        Ok(Self(directory.to_owned()))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("dynamodb.sqlite")
    }

    /// The secrets; made at the first start.
    pub(crate) fn secrets(&self) -> Result<Secrets, Error> {
        let kept: Option<Secrets> = self.read("secrets.json")?;
        let mut secrets = kept.map_or_else(Secrets::generate, Ok)?;
        if secrets.demo_api_key.is_empty() {
            secrets.demo_api_key = new_api_key()?;
        }
        // Also what was there: a state from before some of them has them now.
        self.write("secrets.json", &secrets)?;
        write_text(&self.token_keys(), &secrets.token_keys)?;
        Ok(secrets)
    }

    /// Where functions find the keys of telemetry tokens.
    pub(crate) fn token_keys(&self) -> PathBuf {
        self.0.join("token-keys.json")
    }

    /// The instance that runs on this directory, if one answers.
    pub(crate) fn running(&self) -> Result<Option<Running>, Error> {
        let found: Option<Running> = self.read("instance.json")?;
        Ok(found.filter(|it| answers(&it.url)))
    }

    pub(crate) fn set_running(&self, running: &Running) -> Result<(), Error> {
        self.write("instance.json", running)
    }

    pub(crate) fn clear_running(&self) {
        // Whoever finds a stale one asks its port first.
        drop(std::fs::remove_file(self.0.join("instance.json")));
    }

    pub(crate) fn positions(&self) -> Result<Positions, Error> {
        Ok(self.read("streams.json")?.unwrap_or_default())
    }

    pub(crate) fn set_positions(&self, positions: &Positions) -> Result<(), Error> {
        self.write("streams.json", positions)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let file = self.0.join(name);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(file.display())(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|it| Error::io(file.display())(it.into()))
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        write_private(&self.0.join(name), value)
    }
}

impl Secrets {
    pub(crate) fn generate() -> Result<Self, Error> {
        Ok(Self {
            issuer_key: Issuer::generate()?,
            api_key: new_api_key()?,
            demo_api_key: new_api_key()?,
            token_keys: new_token_keys(),
            site_key: new_site_key(),
        })
    }
}

/// Writes JSON that only its owner may read, whole or not at all.
pub(crate) fn write_private<T: Serialize>(file: &Path, value: &T) -> Result<(), Error> {
    let text = serde_json::to_string(value).map_err(|it| Error::io(file.display())(it.into()))?;
    write_text(file, &text)
}

/// Writes a text that only its owner may read, whole or not at all.
pub(crate) fn write_text(file: &Path, text: &str) -> Result<(), Error> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = file.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut it| it.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&draft, file));
    written.map_err(Error::io(file.display()))
}

fn answers(url: &str) -> bool {
    let address = url.strip_prefix("http://").unwrap_or(url).parse::<SocketAddr>();
    address.is_ok_and(|it| TcpStream::connect_timeout(&it, Duration::from_secs(1)).is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_private() {
        let directory = std::env::temp_dir().join(format!("local-state-{}", std::process::id()));
        let state = State::open(&directory).unwrap();
        let first = state.secrets().unwrap();
        assert_eq!(first.api_key, state.secrets().unwrap().api_key);
        assert_ne!(first.api_key, first.demo_api_key);
        let mode = directory
            .join("secrets.json")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(state.running().unwrap().is_none());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
