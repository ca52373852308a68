//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use shared::model::{Scopes, TenantId};

use crate::credentials::{DEFAULT_SUBJECT, DEFAULT_TENANT, scopes};
use crate::{Error, template};

/// The local cloud: the whole of template.yaml on one port.
#[derive(Debug, Parser)]
#[command(
    name = "cargo local",
    bin_name = "cargo local",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) serve: Serve,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Where things are.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// State directory [default: .local beside the template]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The template [default: template.yaml, here or in a directory above]
    #[arg(long, global = true, value_name = "FILE")]
    template: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build the functions and serve them (the default)
    Serve(Serve),
    /// Print a user's token
    Token(Token),
    /// Print a new API key
    ApiKey(Key),
    /// Print what programs need to use the table that is served, as exports of a shell
    Env(Env),
    /// Build the data about addresses, or say what it was built of
    Intel(Intel),
    /// Run one event through one function and print its answer
    Invoke {
        /// Package, logical id or name of the function
        function: String,
        /// JSON file
        event: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Port of the API; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub(super) port: u16,
    /// Keep nothing: the tables are in memory
    #[arg(long)]
    pub(super) ephemeral: bool,
    /// Use this DynamoDB endpoint in place of the embedded engine
    #[arg(long, value_name = "URL")]
    pub(super) dynamodb_endpoint: Option<String>,
    /// The access key id for that endpoint [default: local]
    #[arg(long, value_name = "KEY", requires = "dynamodb_endpoint")]
    pub(super) dynamodb_access_key: Option<String>,
    /// Let the embedded engine answer on this address, too, for functions in containers (`sam local`)
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "dynamodb_endpoint")]
    pub(super) dynamodb_listen: Option<SocketAddr>,
    /// Take clients' addresses from this request header, to try addresses out
    #[arg(long, value_name = "NAME")]
    pub(super) client_ip_header: Option<String>,
    /// Let pages of this origin send telemetry, beside those this serves
    #[arg(long = "site-origin", value_name = "ORIGIN")]
    pub(super) site_origins: Vec<String>,
    /// Files and folders with data about addresses, separated by colons; empty for none [default: what was built,
    /// else a fixture]
    #[arg(long, value_name = "PATHS")]
    pub(super) intelligence: Option<String>,
    /// Write one JSON object with addresses and credentials here once the service answers
    #[arg(long, value_name = "FILE")]
    pub(super) ready_file: Option<PathBuf>,
    /// Set a parameter of the template
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) parameters: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(super) struct Intel {
    /// Say what the data that is there was built of
    #[arg(long)]
    pub(super) info: bool,
    /// Say what the data tells of addresses, one JSON object a line; without an address they are read, one a line
    #[arg(long, value_name = "ADDRESS", num_args = 0.., conflicts_with = "info")]
    pub(super) ask: Option<Vec<String>>,
    /// Where the databases go, and are [default: intel/data/holdfast beside the template]
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// Where packages are kept, and looked for before they are fetched [default: downloads in the state directory].
    /// The names are those of `npm pack` and `pip download`
    #[arg(long, value_name = "DIR")]
    pub(super) downloads: Option<PathBuf>,
    /// Fetch nothing: use what was fetched before
    #[arg(long)]
    pub(super) offline: bool,
    /// npm's registry, or a mirror of it
    #[arg(long, value_name = "URL", default_value = "https://registry.npmjs.org")]
    pub(super) npm_registry: String,
    /// The host of PyPI's files, or a mirror of it
    #[arg(long, value_name = "URL", default_value = "https://files.pythonhosted.org")]
    pub(super) pypi_files: String,
    /// Replace a table even where it lost more than a fifth of its networks
    #[arg(long)]
    pub(super) accept_shrinking: bool,
}

#[derive(Debug, Args)]
pub(super) struct Env {
    /// For functions in containers (`sam local`), which reach this machine under this name or address
    #[arg(long, value_name = "HOST", num_args = 0..=1, default_missing_value = "host.docker.internal")]
    pub(super) containers: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Token {
    /// The user
    #[arg(long, default_value = DEFAULT_SUBJECT)]
    pub(super) sub: String,
    /// The user's tenant
    #[arg(long, default_value = DEFAULT_TENANT, value_parser = tenant)]
    pub(super) tenant: TenantId,
    /// Its scopes
    #[arg(long, default_value = "")]
    pub(super) scope: String,
    /// How many seconds it is valid
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    pub(super) ttl: u64,
}

#[derive(Debug, Args)]
pub(super) struct Key {
    /// Its tenant
    #[arg(long, default_value = DEFAULT_TENANT, value_parser = tenant)]
    pub(super) tenant: TenantId,
    /// What it may do, separated by commas
    #[arg(long, default_value = "sessions:read,sessions:write,sessions:admin,telemetry:read", value_parser = scopes)]
    pub(super) scope: Scopes,
}

impl Place {
    /// The template that was named, or the nearest one above.
    pub(super) fn template(&self) -> Result<PathBuf, Error> {
        if let Some(template) = &self.template {
            return Ok(std::path::absolute(template).unwrap_or_else(|_| template.clone()));
        }
        let here = std::env::current_dir().map_err(Error::io("the current directory"))?;
        here.ancestors()
            .map(|it| it.join("template.yaml"))
            .find(|it| it.is_file())
            .ok_or_else(|| template::Error::new("there is no template.yaml here or above").into())
    }

    /// The state directory.
    pub(super) fn directory(&self) -> PathBuf {
        match (&self.dir, self.template()) {
            (Some(directory), _) => directory.clone(),
            (None, Ok(template)) => template.parent().unwrap_or(Path::new(".")).join(".local"),
            (None, Err(_)) => PathBuf::from(".local"),
        }
    }
}

fn tenant(text: &str) -> Result<TenantId, String> {
    text.parse()
        .map_err(|_| "1 to 63 lower-case letters, digits and hyphens".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_serve_and_subcommands_print() {
        let plain = Arguments::parse_from(["local", "--port", "0", "--ephemeral", "--dir", "d"]);
        assert!(plain.command.is_none() && plain.serve.ephemeral && plain.serve.port == 0);
        let token = Arguments::parse_from(["local", "token", "--sub", "bob", "--dir", "d"]);
        assert_eq!(token.place.directory(), Path::new("d"));
        assert!(matches!(token.command, Some(Command::Token(it)) if it.sub == "bob"));
        let refused = ["local", "api-key", "--scope", "everything"];
        assert!(Arguments::try_parse_from(refused).is_err());
    }
}
