//! A running local cloud.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderName;
use axum::serve::ListenerExt;
use serde_json::{Map, Value};
use shared::clock::{Clock, System};
use shared::model::{Scopes, TenantId};
use shared::runtime::TokenKeys;
use shared::store::Credentials;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::credentials::{
    self, DEFAULT_SCOPES, DEFAULT_TENANT, DEMO_SCOPES, new_api_key, provide_api_key, provide_site,
    provide_tenant,
};
use crate::demo::Demo;
use crate::dynamodb::{ACCESS_KEY, DynamoDb, SECRET_KEY};
use crate::engine::Engine;
use crate::function::Function;
use crate::gateway::{Gateway, JWKS_PATH, undelayed};
use crate::issuer::{Claims, Issuer};
use crate::state::{Lock, Running, Secrets, State, write_text};
use crate::stream::Poller;
use crate::template::Template;
use crate::{Error, Options, ids, schedule};

/// A running local cloud; it ends with [`Self::shutdown`], or when it is dropped.
#[derive(Debug)]
pub struct Cloud {
    url: String,
    dynamodb: DynamoDb,
    containers: Option<SocketAddr>,
    table: String,
    template: Template,
    functions: Vec<Arc<Function>>,
    pollers: Vec<Arc<Poller>>,
    issuer: Issuer,
    api_key: String,
    demo_api_key: String,
    site_key: String,
    /// The keys of telemetry tokens, where they are not in the state directory.
    stray_keys: Option<PathBuf>,
    tenant: TenantId,
    engine: Option<Arc<Engine>>,
    state: Option<State>,
    /// Let go of last.
    _lock: Option<Lock>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
}

impl Cloud {
    /// Starts a cloud. Functions must have been built; each is started at its first invocation.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let template = Template::load(&options.template, &options.parameters)?;
        let state = options.directory.as_deref().map(State::open).transpose()?;
        // Before anything is read or written there: of two starts at once one must see nothing of the other.
        let lock = state.as_ref().map(State::lock).transpose()?;
        let secrets = match &state {
            Some(state) => state.secrets()?,
            None => Secrets::generate()?,
        };
        let issuer = Issuer::of(&secrets.issuer_key)?;

        // The port is taken first: an instance that cannot have it must not touch any state.
        let listener = TcpListener::bind(("127.0.0.1", options.port))
            .await
            .map_err(Error::io(format!("port {}", options.port)))?;
        let address = listener.local_addr().map_err(Error::io("the port"))?;
        let url = format!("http://{address}");

        let kept = state.as_ref().filter(|_| !options.ephemeral);
        let file = kept.map(State::database).transpose()?;
        let engine = match &options.dynamodb_endpoint {
            Some(_) => None,
            None => Some(start_engine(file.as_deref(), &secrets, &options).await?),
        };
        let dynamodb = match &engine {
            Some((engine, _)) => DynamoDb::at(engine.url(), engine.access_key()),
            None => DynamoDb::at(
                options.dynamodb_endpoint.as_deref().unwrap_or_default(),
                options.dynamodb_access_key.as_deref().unwrap_or(ACCESS_KEY),
            ),
        };
        let containers = engine.as_ref().and_then(|(_, it)| *it);
        let engine = engine.map(|(engine, _)| Arc::new(engine));
        for table in &template.tables {
            dynamodb.ensure(table).await?;
        }

        let table = template
            .tables
            .first()
            .map(|it| it.name.clone())
            .unwrap_or_default();
        let (token_keys, stray_keys) = token_keys(state.as_ref(), &secrets)?;
        let functions = functions(&template, &options, &dynamodb, &token_keys);
        let gateway = Gateway::new(
            &template.routes,
            &functions,
            client_ip_header(&options)?,
            issuer.jwks(),
            Demo::new(
                &url,
                &secrets.demo_api_key,
                &secrets.site_key,
                &template,
                options.log.clone(),
            ),
            options.log.clone(),
        );
        let (stop, stopped) = oneshot::channel();
        let service = gateway
            .into_service()
            .into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            drop(
                axum::serve(listener.tap_io(undelayed), service)
                    .with_graceful_shutdown(stopped)
                    .await,
            );
        });

        let mut cloud = Self {
            tenant: DEFAULT_TENANT
                .parse()
                .map_err(|_| Error::Credentials("no tenant"))?,
            api_key: secrets.api_key,
            demo_api_key: secrets.demo_api_key,
            site_key: secrets.site_key,
            stray_keys,
            pollers: Vec::new(),
            background: Vec::new(),
            stop: Some(stop),
            url,
            dynamodb,
            containers,
            table,
            template,
            functions,
            issuer,
            engine,
            state,
            _lock: lock,
            server,
        };
        cloud.provide_credentials(&options.site_origins).await?;
        cloud.start_background(&options)?;
        if let Some(state) = &cloud.state {
            state.set_running(&cloud.running())?;
        }
        Ok(cloud)
    }

    /// Where the API answers: `http://127.0.0.1:8787`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where DynamoDB answers.
    pub fn dynamodb_url(&self) -> &str {
        self.dynamodb.url()
    }

    /// The access key id that DynamoDB is asked with; the secret may be any text.
    pub fn dynamodb_access_key(&self) -> &str {
        self.dynamodb.access_key()
    }

    /// Where the embedded engine answers containers, when it does ([`Options::dynamodb_listen`]).
    pub fn dynamodb_listen(&self) -> Option<SocketAddr> {
        self.containers
    }

    /// The name of the template's first table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The AWS client for [`Self::dynamodb_url`].
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.sdk()
    }

    /// The tenant of [`Self::api_key`] and [`Self::token`].
    pub fn tenant(&self) -> &str {
        self.tenant.as_str()
    }

    /// An API key with [`DEFAULT_SCOPES`].
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The public key of the default tenant's site. It admits pages of [`Self::url`], under both names of this machine,
    /// and of [`Options::site_origins`].
    pub fn site_key(&self) -> &str {
        &self.site_key
    }

    /// What the template asked for.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// A token for `subject` of the default tenant, valid for an hour.
    pub fn token(&self, subject: &str) -> Result<String, Error> {
        self.issue(&Claims {
            subject: subject.to_owned(),
            tenant: self.tenant.clone(),
            scope: String::new(),
            lifetime: Duration::from_hours(1),
            more: Map::new(),
        })
    }

    /// A token of the development issuer. Its tenant must have been provided.
    pub fn issue(&self, claims: &Claims) -> Result<String, Error> {
        self.issuer.token(claims, System.now())
    }

    /// Makes a tenant known, with tokens of the development issuer.
    pub async fn provide_tenant(&self, tenant: &TenantId) -> Result<(), Error> {
        provide_tenant(&self.store(), tenant, &self.jwks_url()).await
    }

    /// A new API key of a tenant.
    pub async fn new_api_key(&self, tenant: &TenantId, scopes: Scopes) -> Result<String, Error> {
        let key = new_api_key()?;
        provide_api_key(&self.store(), &key, tenant, scopes).await?;
        Ok(key)
    }

    /// The environment of a function's processes, but for the address of their Runtime API.
    pub fn environment(&self, function: &str) -> Result<&[(String, String)], Error> {
        Ok(self.function(function)?.environment())
    }

    /// Runs one event through a function, named by package, logical id or name.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Bytes, Error> {
        let event = Bytes::from(event.to_string());
        self.function(function)?
            .invoke(event, None)
            .await
            .map_err(|failure| Error::Function {
                function: function.to_owned(),
                failure,
            })
    }

    /// Kills a function's processes, also in the middle of an invocation, as when their machine is lost.
    ///
    /// Who waits for an answer is told of a crash; the next invocation starts a new process.
    pub async fn kill(&self, function: &str) -> Result<(), Error> {
        self.function(function)?.kill().await;
        Ok(())
    }

    /// Fires every schedule of a function now; gives the function's last output.
    pub async fn fire(&self, function: &str) -> Result<Bytes, Error> {
        let unknown = || Error::Unknown(format!("a schedule of {function}"));
        let known = self.template.function(function).ok_or_else(unknown)?;
        let mut output = Err(unknown());
        for schedule in &self.template.schedules {
            if schedule.function == known.logical_id {
                output = Ok(self.invoke(function, &schedule.input).await?);
            }
        }
        output
    }

    /// Waits until functions have worked on everything that is in their streams now.
    pub async fn streams_read(&self) {
        for poller in &self.pollers {
            poller.read_to_the_end().await;
        }
    }

    /// Deletes expired items now; only the embedded engine can be told to.
    pub async fn sweep_expired(&self) -> Result<usize, Error> {
        match &self.engine {
            Some(engine) => engine.sweep_expired().await,
            None => Ok(0),
        }
    }

    /// Ends everything: requests under way are answered, functions' processes end, files are closed.
    pub async fn shutdown(mut self) {
        for task in self.background.drain(..) {
            task.abort();
            // Waiting makes it let go of the engine; that it was aborted is no news.
            drop(task.await);
        }
        drop(self.stop.take());
        // Connections that are kept open without a request end with the task.
        drop(tokio::time::timeout(Duration::from_secs(2), &mut self.server).await);
        self.server.abort();
        for function in &self.functions {
            function.stop().await;
        }
        self.pollers.clear();
        if let Some(engine) = self.engine.take().and_then(Arc::into_inner) {
            engine.stop().await;
        }
    }

    pub(crate) fn running(&self) -> Running {
        Running {
            url: self.url.clone(),
            dynamodb_url: self.dynamodb.url().to_owned(),
            dynamodb_access_key: self.dynamodb.access_key().to_owned(),
            dynamodb_listen: self.containers,
            table: self.table.clone(),
        }
    }

    fn function(&self, name: &str) -> Result<&Arc<Function>, Error> {
        let known = self.template.function(name);
        let found = known.and_then(|known| self.functions.iter().find(|it| it.spec() == known));
        found.ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    fn store(&self) -> Credentials {
        credentials::store(&self.dynamodb, &self.table)
    }

    fn jwks_url(&self) -> String {
        format!("{}{JWKS_PATH}", self.url)
    }

    async fn provide_credentials(&self, more_origins: &[String]) -> Result<(), Error> {
        if self.template.tables.is_empty() {
            return Ok(());
        }
        self.provide_tenant(&self.tenant).await?;
        let scopes = DEFAULT_SCOPES.into_iter().collect();
        provide_api_key(&self.store(), &self.api_key, &self.tenant, scopes).await?;
        let scopes = DEMO_SCOPES.into_iter().collect();
        provide_api_key(&self.store(), &self.demo_api_key, &self.tenant, scopes).await?;
        let mut origins = vec![self.url.clone(), self.url.replace("127.0.0.1", "localhost")];
        origins.extend_from_slice(more_origins);
        provide_site(&self.store(), &self.site_key, &self.tenant, origins).await
    }

    fn start_background(&mut self, options: &Options) -> Result<(), Error> {
        let function = |id: &str| self.functions.iter().find(|it| it.spec().logical_id == id);
        let persistent = self.state.clone().filter(|_| !options.ephemeral);
        let positions = persistent.as_ref().map(State::positions).transpose()?;
        let positions = Arc::new(Mutex::new(positions.unwrap_or_default()));
        for mapping in self.template.mappings.iter().filter(|_| options.streams) {
            let table = self
                .template
                .tables
                .iter()
                .find(|it| it.logical_id == mapping.table);
            let (Some(table), Some(function)) = (table, function(&mapping.function)) else {
                return Err(Error::Unknown(mapping.table.clone()));
            };
            self.pollers.push(Arc::new(Poller {
                mapping: mapping.clone(),
                table: table.name.clone(),
                dynamodb: self.dynamodb.clone(),
                function: Arc::clone(function),
                state: persistent.clone(),
                positions: Arc::clone(&positions),
                longest_backoff: options.longest_backoff,
                log: options.log.clone(),
                quiet: watch::Sender::new(0),
            }));
        }
        for poller in &self.pollers {
            let poller = Arc::clone(poller);
            self.background
                .push(tokio::spawn(async move { poller.run().await }));
        }
        for schedule in self.template.schedules.iter().filter(|_| options.schedules) {
            if let Some(function) = function(&schedule.function) {
                let run = schedule::run(schedule.clone(), Arc::clone(function), options.log.clone());
                self.background.push(tokio::spawn(run));
            }
        }
        if let (Some(every), Some(engine)) = (options.sweep_every, &self.engine) {
            let (engine, log) = (Arc::clone(engine), options.log.clone());
            self.background.push(tokio::spawn(async move {
                loop {
                    tokio::time::sleep(every).await;
                    if let Err(error) = engine.sweep_expired().await {
                        log.line(error.to_string());
                    }
                }
            }));
        }
        Ok(())
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        for task in &self.background {
            task.abort();
        }
        self.server.abort();
        if let Some(state) = &self.state {
            state.clear_running();
        }
        if let Some(file) = &self.stray_keys {
            // Nobody reads it any more; what cannot be removed is in a directory that is swept.
            drop(std::fs::remove_file(file));
        }
    }
}

/// The engine of the cloud's own, and where it answers containers.
async fn start_engine(
    file: Option<&Path>,
    secrets: &Secrets,
    options: &Options,
) -> Result<(Engine, Option<SocketAddr>), Error> {
    let mut engine = Engine::start(file, &secrets.dynamodb_access_key).await?;
    let containers = match options.dynamodb_listen {
        Some(address) => Some(engine.listen_at(address).await?),
        None => None,
    };
    Ok((engine, containers))
}

/// The template's functions, with what only a local cloud sets in their environment.
pub(crate) fn functions(
    template: &Template,
    options: &Options,
    dynamodb: &DynamoDb,
    token_keys: &Path,
) -> Vec<Arc<Function>> {
    let endpoint = options
        .function_dynamodb_endpoint
        .as_deref()
        .unwrap_or(dynamodb.url());
    let local = [
        ("AWS_ACCESS_KEY_ID", dynamodb.access_key()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("HOLDFAST_LOOPBACK_JWKS", "true"),
    ];
    let intelligence = options
        .intelligence
        .iter()
        .map(|paths| ("HOLDFAST_INTELLIGENCE".to_owned(), paths.clone()));
    let none = BTreeMap::new();
    template
        .functions
        .iter()
        .map(|spec| {
            let own = ["*", spec.package.as_str()]
                .into_iter()
                .flat_map(|name| options.environment.get(name).unwrap_or(&none).clone());
            let local = local
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            // The template has a secret there, and there is no Secrets Manager here.
            let has_keys = spec.environment.contains_key(TokenKeys::VARIABLE);
            let token_keys = has_keys.then(|| {
                let path = std::path::absolute(token_keys).unwrap_or(token_keys.to_owned());
                let path = path.to_string_lossy().into_owned();
                (TokenKeys::VARIABLE.to_owned(), path)
            });
            let environment = local.chain(intelligence.clone()).chain(token_keys).chain(own);
            let (binaries, log) = (&options.binaries, options.log.clone());
            Arc::new(Function::new(
                spec.clone(),
                binaries,
                environment,
                options.max_instances,
                log,
            ))
        })
        .collect()
}

/// Where functions find the keys of telemetry tokens, and the same again where that is not in the state directory.
fn token_keys(state: Option<&State>, secrets: &Secrets) -> Result<(PathBuf, Option<PathBuf>), Error> {
    if let Some(state) = state {
        return Ok((state.token_keys(), None));
    }
    let file = std::env::temp_dir().join(format!("holdfast-{}.json", ids::request_id()));
    write_text(&file, &secrets.token_keys)?;
    Ok((file.clone(), Some(file)))
}

fn client_ip_header(options: &Options) -> Result<Option<HeaderName>, Error> {
    options
        .client_ip_header
        .as_deref()
        .map(|name| name.to_ascii_lowercase().parse())
        .transpose()
        .map_err(|_| Error::Instance("the client IP header is no header name".to_owned()))
}
