//! `cargo local`: the command line.

mod arguments;
mod intel;
mod serve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Map, Value};
use shared::clock::{Clock, System};
use shared::model::{Scopes, TenantId};
use shared::runtime::TokenKeys;
use shared::store::Credentials;

use crate::credentials::{self, new_api_key, provide_api_key, provide_tenant};
use crate::dynamodb::SECRET_KEY;
use crate::gateway::JWKS_PATH;
use crate::issuer::{Claims, Issuer};
use crate::state::{Running, State};
use crate::template::{REGION, Template};
use crate::{Cloud, Error, Log, Options, intelligence, log, packages};
use arguments::{Arguments, Command, Env, Key, Place, Token};

/// Where a function in a container finds the keys of telemetry tokens, when they were copied beside its binary.
const TOKEN_KEYS_IN_CONTAINERS: &str = "/var/task/token-keys.json";

/// Does what the command line says.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(act(arguments)),
        Err(error) => Err(Error::io("the runtime")(error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(&error), |it| it.source());
            let causes = causes.map(ToString::to_string);
            let words: Vec<String> = std::iter::once(error.to_string()).chain(causes).collect();
            Log::stderr().line(format!("error: {}", words.join(": ")));
            ExitCode::FAILURE
        }
    }
}

async fn act(arguments: Arguments) -> Result<(), Error> {
    let place = arguments.place;
    match arguments.command {
        None => serve::run(&place, arguments.serve).await,
        Some(Command::Serve(serve)) => serve::run(&place, serve).await,
        Some(Command::Intel(wanted)) => self::intel::run(&place, wanted).await,
        Some(Command::Token(token)) => print_token(&place, token).await,
        Some(Command::ApiKey(key)) => print_api_key(&place, key).await,
        Some(Command::Env(wanted)) => print_environment(&place, wanted),
        Some(Command::Invoke { function, event }) => invoke(&place, &function, &event).await,
    }
}

async fn print_token(place: &Place, token: Token) -> Result<(), Error> {
    let (state, running) = beside(place)?;
    let store = store(&running);
    // The tenant is made known at its first token; it stays as it is afterwards.
    provide_tenant(&store, &token.tenant, &format!("{}{JWKS_PATH}", running.url)).await?;
    let claims = Claims {
        subject: token.sub,
        tenant: token.tenant,
        scope: token.scope,
        lifetime: std::time::Duration::from_secs(token.ttl),
        more: Map::new(),
    };
    log::answer(&Issuer::of(&state.secrets()?.issuer_key)?.token(&claims, System.now())?);
    Ok(())
}

async fn print_api_key(place: &Place, wanted: Key) -> Result<(), Error> {
    let (_, running) = beside(place)?;
    let store = store(&running);
    let key = new_api_key()?;
    let (tenant, scopes): (TenantId, Scopes) = (wanted.tenant, wanted.scope);
    provide_tenant(&store, &tenant, &format!("{}{JWKS_PATH}", running.url)).await?;
    provide_api_key(&store, &key, &tenant, scopes).await?;
    log::answer(&key);
    Ok(())
}

fn print_environment(place: &Place, wanted: Env) -> Result<(), Error> {
    let (_, running) = beside(place)?;
    let (endpoint, token_keys) = match wanted.containers {
        None => (running.dynamodb_url.clone(), None),
        Some(host) => {
            let listens = running.dynamodb_listen.ok_or_else(|| {
                let what = "containers are not answered; start `cargo local` with --dynamodb-listen";
                Error::Instance(what.to_owned())
            })?;
            let endpoint = format!("http://{host}:{}", listens.port());
            (endpoint, Some(TOKEN_KEYS_IN_CONTAINERS))
        }
    };
    let mut lines = vec![
        format!("export AWS_ACCESS_KEY_ID={}", running.dynamodb_access_key),
        format!("export AWS_SECRET_ACCESS_KEY={SECRET_KEY}"),
        format!("export AWS_DEFAULT_REGION={REGION}"),
        format!("export AWS_ENDPOINT_URL_DYNAMODB={endpoint}"),
        format!("export HOLDFAST_TABLE={}", running.table),
    ];
    lines.extend(token_keys.map(|it| format!("export {}={it}", TokenKeys::VARIABLE)));
    log::answer(&lines.join("\n"));
    Ok(())
}

/// Runs one event: on the tables of the instance that runs, or in a cloud that lives as long as the event.
async fn invoke(place: &Place, function: &str, event: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(event).map_err(Error::io(event.display()))?;
    let event: Value = serde_json::from_str(&text).map_err(|it| Error::io(event.display())(it.into()))?;
    let mut options = options(place)?;
    let mut template = Template::load(&options.template, &BTreeMap::new())?;
    let wanted = template
        .function(function)
        .cloned()
        .ok_or_else(|| Error::Unknown(function.to_owned()))?;
    template.functions = vec![wanted];
    packages::build(
        &template,
        &root(&options.template),
        &options.binaries,
        &options.log,
    )?;

    options.streams = false;
    let state = State::open(&place.directory())?;
    let output = if let Some(running) = state.running()? {
        let (dynamodb, token_keys) = (running.dynamodb(), state.token_keys());
        let functions = crate::cloud::functions(&template, &options, &dynamodb, &token_keys);
        let only = functions
            .first()
            .ok_or_else(|| Error::Unknown(function.to_owned()))?;
        let output = only.invoke(event.to_string().into(), None).await;
        only.stop().await;
        output.map_err(|failure| Error::Function {
            function: function.to_owned(),
            failure,
        })
    } else {
        let cloud = Cloud::start(options).await?;
        let output = cloud.invoke(function, &event).await;
        cloud.shutdown().await;
        output
    };
    log::answer(&String::from_utf8_lossy(&output?));
    Ok(())
}

/// The instance that runs on this directory.
fn beside(place: &Place) -> Result<(State, Running), Error> {
    let directory = place.directory();
    let state = State::open(&directory)?;
    match state.running()? {
        Some(running) => Ok((state, running)),
        None => Err(Error::Instance(format!(
            "nothing runs on {}; start `cargo local` first",
            directory.display()
        ))),
    }
}

fn store(running: &Running) -> Credentials {
    credentials::store(&running.dynamodb(), &running.table)
}

/// The options of a cloud that keeps its state, and says what it does.
fn options(place: &Place) -> Result<Options, Error> {
    let mut options = Options::new(place.template()?, packages::binaries()?);
    options.directory = Some(place.directory());
    options.ephemeral = false;
    options.log = Log::stderr();
    options.intelligence = intelligence::beside(&root(&options.template));
    Ok(options)
}

/// The directory of the template, where the workspace is.
fn root(template: &Path) -> PathBuf {
    template.parent().unwrap_or(Path::new(".")).to_owned()
}
