//! How a local cloud is to be.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::Log;

/// How a local cloud is to be. [`Options::new`] is one for tests: in memory, on free ports, silent.
#[derive(Debug, Clone)]
pub struct Options {
    /// The template.
    pub template: PathBuf,
    /// The directory with the functions' binaries, each named as its package.
    pub binaries: PathBuf,
    /// Values for the template's parameters, where they are not the defaults.
    pub parameters: BTreeMap<String, String>,
    /// The port of the API; 0 takes a free one.
    pub port: u16,
    /// Where state is kept; without a directory nothing is written.
    pub directory: Option<PathBuf>,
    /// Keep the tables in memory, whatever the directory.
    pub ephemeral: bool,
    /// A DynamoDB endpoint to use in place of an engine of its own, `http://host:port`.
    pub dynamodb_endpoint: Option<String>,
    /// The access key id for that endpoint, `local` when none is named. An engine of its own has one that was drawn.
    pub dynamodb_access_key: Option<String>,
    /// An address on which the embedded engine answers containers of this machine, too.
    pub dynamodb_listen: Option<SocketAddr>,
    /// The endpoint functions are given, when it is another one: a proxy before the engine.
    pub function_dynamodb_endpoint: Option<String>,
    /// Where functions find data about addresses, as `HOLDFAST_INTELLIGENCE` names it; `None` leaves it to the template.
    pub intelligence: Option<String>,
    /// Further environment of functions, by package; the key `*` is for all. It wins over the template's.
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
    /// A request header that gives the source address in place of the peer's.
    pub client_ip_header: Option<String>,
    /// Origins whose pages may send telemetry to the site of the default tenant, beside the cloud's own.
    pub site_origins: Vec<String>,
    /// Most instances of one function at a time; more invocations wait.
    pub max_instances: usize,
    /// How often expired items are deleted; `None` leaves it to [`crate::Cloud::sweep_expired`].
    pub sweep_every: Option<Duration>,
    /// Whether schedules fire on their own; [`crate::Cloud::fire`] works always.
    pub schedules: bool,
    /// Whether streams are read.
    pub streams: bool,
    /// Longest wait before a failed batch of a stream is tried again.
    pub longest_backoff: Duration,
    /// Where lines go.
    pub log: Log,
}

impl Options {
    /// A cloud in memory for `template`, with the binaries in `binaries`.
    pub fn new(template: impl Into<PathBuf>, binaries: impl Into<PathBuf>) -> Self {
        Self {
            template: template.into(),
            binaries: binaries.into(),
            parameters: BTreeMap::new(),
            port: 0,
            directory: None,
            ephemeral: true,
            dynamodb_endpoint: None,
            dynamodb_access_key: None,
            dynamodb_listen: None,
            function_dynamodb_endpoint: None,
            intelligence: None,
            environment: BTreeMap::new(),
            client_ip_header: None,
            site_origins: Vec::new(),
            max_instances: 16,
            sweep_every: None,
            schedules: false,
            streams: true,
            longest_backoff: Duration::from_millis(100),
            log: Log::silent(),
        }
    }
}
