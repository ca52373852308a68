//! The state directory: the database, the secrets, stream positions, and where the running instance is.
//!
//! A cloud without a directory keeps all of it in memory. Its owner alone may read what is in it, and one cloud at a time
//! writes there.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::credentials::{new_access_key, new_api_key, new_site_key, new_token_keys};
use crate::dynamodb::DynamoDb;
use crate::issuer::Issuer;

/// How often, and after which wait, a lock that is held is tried again.
const LOOKS: u32 = 4;
const LOOK: Duration = Duration::from_millis(25);

/// The state directory.
#[derive(Debug, Clone)]
pub(crate) struct State(PathBuf);

/// The right to be the one cloud on a directory.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// What must survive a restart for credentials to stay valid.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) issuer_key: String,
    pub(crate) api_key: String,
    /// The key of the demo page's backend. A state from before it gets its own.
    #[serde(default)]
    pub(crate) demo_api_key: String,
    /// The access key id of the embedded engine. A state from before it gets its own.
    #[serde(default)]
    pub(crate) dynamodb_access_key: String,
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
    pub(crate) dynamodb_access_key: String,
    /// Where containers are answered.
    pub(crate) dynamodb_listen: Option<SocketAddr>,
    pub(crate) table: String,
}

/// Sequence numbers up to which streams were worked on, by mapping and shard.
pub(crate) type Positions = BTreeMap<String, String>;

impl State {
    /// The state in `directory`, which is made if it is not there. It, and what is in it, is closed to other users.
    ///
    /// # Errors
    /// Also when others need the directory: one for everybody's files, or one with the whole of the user's work below it.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let what = || directory.display();
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(Error::io(what()))?;
        let mut own = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(Error::io(what()))? {
            let entry = entry.map_err(Error::io(what()))?;
            if is_own(&entry.file_name().to_string_lossy()) {
                own.push(entry.path());
            }
        }
        if is_for_all(directory) || (own.is_empty() && is_above_work(directory)) {
            return Err(Error::Instance(format!(
                "{} is for other things, too; name a directory for the state alone",
                what()
            )));
        }
        close(directory, 0o700)?;
        for file in own.iter().filter(|it| it.is_file()) {
            close(file, 0o600)?;
        }
        Ok(Self(directory.to_owned()))
    }

    /// Takes the directory for one cloud; as long as the lock is held nobody else gets it. It ends with its process, however
    /// that ends.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let path = self.0.join("lock");
        let file = private().open(&path).map_err(Error::io(path.display()))?;
        let mut tried = file.try_lock();
        // A command that looks whether one runs has it for a moment.
        for _ in 0..LOOKS {
            if !matches!(tried, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(LOOK);
            tried = file.try_lock();
        }
        match tried {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Instance(match self.running()? {
                Some(running) => format!("one runs already: {}", running.url),
                None => format!("one runs already, or starts, on {}", self.0.display()),
            })),
            Err(TryLockError::Error(error)) => Err(Error::io(path.display())(error)),
        }
    }

    /// The file of the database, which is there and empty before its first use: the engine would make it readable for all,
    /// and gives its further files the rights of this one.
    pub(crate) fn database(&self) -> Result<PathBuf, Error> {
        let path = self.0.join("dynamodb.sqlite");
        private().open(&path).map_err(Error::io(path.display()))?;
        Ok(path)
    }

    /// Where packages are kept that data is built of.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.0.join("downloads")
    }

    /// The secrets; made at the first start.
    pub(crate) fn secrets(&self) -> Result<Secrets, Error> {
        let kept: Option<Secrets> = self.read("secrets.json")?;
        let mut secrets = kept.map_or_else(Secrets::generate, Ok)?;
        if secrets.demo_api_key.is_empty() {
            secrets.demo_api_key = new_api_key()?;
        }
        if secrets.dynamodb_access_key.is_empty() {
            secrets.dynamodb_access_key = new_access_key()?;
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
        // What an instance left that was killed says a port that somebody else may have by now.
        Ok(found.filter(|it| self.is_locked() && answers(&it.url)))
    }

    fn is_locked(&self) -> bool {
        let file = File::open(self.0.join("lock"));
        file.is_ok_and(|it| matches!(it.try_lock_shared(), Err(TryLockError::WouldBlock)))
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

impl Running {
    pub(crate) fn dynamodb(&self) -> DynamoDb {
        DynamoDb::at(&self.dynamodb_url, &self.dynamodb_access_key)
    }
}

impl Secrets {
    pub(crate) fn generate() -> Result<Self, Error> {
        Ok(Self {
            issuer_key: Issuer::generate()?,
            api_key: new_api_key()?,
            demo_api_key: new_api_key()?,
            dynamodb_access_key: new_access_key()?,
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
    // What an earlier process of this number left may have other rights, or lead elsewhere.
    drop(std::fs::remove_file(&draft));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut it| it.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&draft, file));
    written.map_err(Error::io(file.display()))
}

/// Opens a file that only its owner may read, and makes it if it is not there.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

/// Whether a cloud, or a command beside it, made a file of this name in its directory.
fn is_own(name: &str) -> bool {
    let files = [
        "lock",
        "secrets.json",
        "token-keys.json",
        "instance.json",
        "streams.json",
        "dynamodb.sqlite",
    ];
    files.iter().any(|it| name == *it || name.strip_prefix(it).is_some_and(|rest| rest.starts_with(['-', '.'])))
        // Where `cargo local intel` keeps packages.
        || name == "downloads"
}

/// Whether everybody may put files there, as into `/tmp`.
fn is_for_all(directory: &Path) -> bool {
    const STICKY: u32 = 0o1000;
    let found = directory.metadata();
    found.is_ok_and(|it| it.permissions().mode() & STICKY != 0)
}

/// Whether the user's home or the current directory is that one, or below it.
fn is_above_work(directory: &Path) -> bool {
    let work = [std::env::current_dir().ok(), std::env::home_dir()];
    let Ok(directory) = directory.canonicalize() else {
        return false;
    };
    work.into_iter().flatten().any(|it| it.starts_with(&directory))
}

/// Takes all rights from other users.
fn close(path: &Path, mode: u32) -> Result<(), Error> {
    let failed = || path.display();
    let found = path.metadata().map_err(Error::io(failed()))?.permissions().mode();
    if found & 0o777 & !mode == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::io(failed()))
}

fn answers(url: &str) -> bool {
    let address = url.strip_prefix("http://").unwrap_or(url).parse::<SocketAddr>();
    address.is_ok_and(|it| TcpStream::connect_timeout(&it, Duration::from_secs(1)).is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn directory(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("local-state-{name}-{}", std::process::id()))
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn one_cloud_at_a_time_has_the_directory() {
        let directory = directory("lock");
        let state = State::open(&directory).unwrap();
        let lock = state.lock().unwrap();
        let refused = State::open(&directory).unwrap().lock().unwrap_err();
        assert!(refused.to_string().contains("one runs already"), "{refused}");
        drop(lock);
        drop(state.lock().unwrap());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_a_killed_instance_left_names_none_that_runs() {
        let directory = directory("killed");
        let state = State::open(&directory).unwrap();
        let somebody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let running = Running {
            url: format!("http://{}", somebody.local_addr().unwrap()),
            dynamodb_url: String::new(),
            dynamodb_access_key: String::new(),
            dynamodb_listen: None,
            table: String::new(),
        };
        state.set_running(&running).unwrap();
        assert!(state.running().unwrap().is_none());
        let lock = state.lock().unwrap();
        assert!(state.running().unwrap().is_some());
        drop(lock);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_others_could_read_is_closed_to_them() {
        let directory = directory("rights");
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
        let names = [
            "secrets.json",
            "dynamodb.sqlite",
            "dynamodb.sqlite-wal",
            "streams.json",
            "instance.json",
            "lock",
        ];
        for name in names {
            let file = directory.join(name);
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        }
        let state = State::open(&directory).unwrap();
        state.database().unwrap();
        assert_eq!(mode(&directory), 0o700);
        for name in names {
            assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_directory_for_other_things_is_left_alone() {
        let directory = directory("others");
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, Permissions::from_mode(0o1777)).unwrap();
        let refused = State::open(&directory).unwrap_err().to_string();
        assert!(refused.contains("is for other things"), "{refused}");
        assert_eq!(mode(&directory), 0o777);
        std::fs::remove_dir_all(directory).unwrap();
        let here = std::env::current_dir().unwrap();
        for work in here.ancestors() {
            let before = mode(work);
            assert!(State::open(work).is_err(), "{}", work.display());
            assert_eq!(mode(work), before, "{}", work.display());
        }
    }

    #[test]
    fn a_file_of_somebody_else_may_lie_beside() {
        let directory = directory("beside");
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        std::fs::write(directory.join("log"), "").unwrap();
        assert!(State::open(&directory).is_ok());
        assert_eq!(mode(&directory), 0o700);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_draft_that_was_left_gives_a_file_neither_its_rights_nor_its_place() {
        let directory = directory("draft");
        let state = State::open(&directory).unwrap();
        let draft = directory.join(format!("streams.json.{}.tmp", std::process::id()));
        let elsewhere = directory.join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, &draft).unwrap();
        state.set_positions(&Positions::new()).unwrap();
        assert!(!elsewhere.exists());
        assert_eq!(mode(&directory.join("streams.json")), 0o600);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn secrets_are_made_once_and_private() {
        let directory = directory("secrets");
        let state = State::open(&directory).unwrap();
        let first = state.secrets().unwrap();
        assert_eq!(first.api_key, state.secrets().unwrap().api_key);
        assert_ne!(first.api_key, first.demo_api_key);
        assert_eq!(mode(&directory.join("secrets.json")), 0o600);
        assert_eq!(mode(&state.token_keys()), 0o600);
        assert!(state.running().unwrap().is_none());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
