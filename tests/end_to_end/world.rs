//! A cloud of one test's own: the real binaries behind the real template, with a proxy before the engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::template::Template;
use local::{Claims, Cloud, Log, Options};
use serde_json::{Map, Value, json};
use shared::clock::{Clock, System};
use shared::model::{Facts, Partition, SessionId, Subject, TenantId};
use shared::policy::{AbsoluteTimeout, Policy, Tenant};
use shared::runtime::TokenKeys;
use shared::service::{Open, Outcome, Sessions, context};
use shared::store::Store;
use tests::engine::{Engine, StreamPosition};
use tests::proxy::Proxy;

use crate::client::{Answer, Call, Client};
use crate::granted::refused;

pub(crate) const IP: &str = "198.51.100.7";
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
/// The same browser on another system: nobody's laptop changes that.
pub(crate) const OTHER_USER_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

pub(crate) const FINGERPRINT: &str = "/api/v1/sessions/fingerprint";
pub(crate) const CREATE: &str = "/api/v1/sessions/create";
pub(crate) const VALIDATE: &str = "/api/v1/sessions/validate";
pub(crate) const ACTIVE: &str = "/api/v1/sessions/active";
pub(crate) const LOGOUT: &str = "/api/v1/sessions/logout";
pub(crate) const CLEANUP: &str = "/api/v1/sessions/cleanup";

/// A running cloud and everything a test looks at it with.
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) proxy: Proxy,
    /// What the cloud and its functions wrote.
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    client: Client,
    engine: Engine,
    position: Mutex<StreamPosition>,
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in the workspace")
}

/// Where the functions' binaries are: two folders above this test's own, `target/debug/deps`.
pub(crate) fn binaries() -> PathBuf {
    let program = std::env::current_exe().expect("this test's own file");
    program
        .ancestors()
        .nth(2)
        .expect("cargo builds tests into deps")
        .to_owned()
}

impl World {
    /// A cloud as the template has it.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A cloud with other values for some of the template's parameters.
    pub(crate) async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::build(parameters, |_| {}).await
    }

    /// A cloud whose functions find the data about addresses there.
    pub(crate) async fn with_data(path: &Path) -> Self {
        let path = path.display().to_string();
        Self::build(&[], |options| options.intelligence = Some(path)).await
    }

    /// A cloud whose site has more origins.
    pub(crate) async fn with_origins(origins: &[&str]) -> Self {
        let origins = origins.iter().map(|it| (*it).to_owned()).collect();
        Self::build(&[], |options| options.site_origins = origins).await
    }

    /// A cloud whose gateway takes a request's address from this header.
    pub(crate) async fn behind(header: &str) -> Self {
        Self::build(&[], |options| options.client_ip_header = Some(header.to_owned())).await
    }

    /// A cloud whose functions are told that the keys of telemetry tokens are there.
    pub(crate) async fn with_token_keys(place: &str) -> Self {
        let told = (TokenKeys::VARIABLE.to_owned(), place.to_owned());
        let told = ("*".to_owned(), BTreeMap::from([told]));
        Self::build(&[], |options| options.environment.extend([told])).await
    }

    /// A cloud whose functions send their dead letters there, with nobody reading the stream but the test.
    pub(crate) async fn unsettled_with_letters(queue: &str) -> Self {
        let named = |it: &str| (it.to_owned(), queue.to_owned());
        let told = BTreeMap::from([named("HOLDFAST_DEAD_LETTERS"), named("AWS_ENDPOINT_URL_SQS")]);
        Self::build(&[], |options| {
            options.streams = false;
            options.environment.extend([("*".to_owned(), told)]);
        })
        .await
    }

    /// The same, with nobody reading the stream but the test.
    pub(crate) async fn unsettled(parameters: &[(&str, &str)]) -> Self {
        Self::build(parameters, |options| options.streams = false).await
    }

    async fn build(parameters: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Self {
        let engine = Engine::start().await;
        let proxy = Proxy::start(engine.url()).await;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let mut options = Options::new(root().join("template.yaml"), binaries());
        options.dynamodb_endpoint = Some(engine.url().to_owned());
        options.parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        change(&mut options);
        options.log = Log::to(move |line| sink.lock().unwrap().push(line.to_owned()));
        for function in Template::load(&options.template, &options.parameters)
            .unwrap()
            .functions
        {
            let package = function.package;
            assert!(
                options.binaries.join(&package).exists(),
                "the binary of {package} is not in {}: `cargo build --workspace --bins` builds it",
                options.binaries.display()
            );
            let endpoint = ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), proxy.url(&package));
            options.environment.insert(package, BTreeMap::from([endpoint]));
        }
        let cloud = Cloud::start(options).await.unwrap();
        let world = Self {
            client: Client::of(cloud.url()),
            cloud,
            proxy,
            lines,
            engine,
            position: Mutex::default(),
        };
        // The first cleanup of a table looks back a month; this table is new.
        let hour = Store::hour_of(System.now()) - 3;
        world.store().advance_watermark(hour).await.unwrap();
        world
    }

    /// Ends it, with all its processes. Whatever the test was about, its functions kept to what the template grants.
    pub(crate) async fn end(self) {
        let refused = refused(&self.proxy.asked());
        assert!(
            refused.is_empty(),
            "IAM would not have let functions do this: {refused:#?}"
        );
        self.cloud.shutdown().await;
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Call {
        self.client.request(method, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.request("POST", path)
    }

    /// A user's token.
    pub(crate) fn token(&self, subject: &str) -> String {
        self.cloud.token(subject).unwrap()
    }

    /// A token that says more.
    pub(crate) fn token_with(&self, tenant: &str, subject: &str, more: Value) -> String {
        let claims = Claims {
            subject: subject.to_owned(),
            tenant: tenant.parse().unwrap(),
            scope: String::new(),
            lifetime: Duration::from_hours(1),
            more: serde_json::from_value::<Map<String, Value>>(more).unwrap(),
        };
        self.cloud.issue(&claims).unwrap()
    }

    pub(crate) async fn try_create(&self, token: &str) -> Answer {
        self.post(CREATE).bearer(token).json(&opening()).send().await
    }

    /// Opens a session that must open; gives its id.
    pub(crate) async fn create(&self, token: &str) -> String {
        let answer = self.try_create(token).await;
        let id = answer.json()["session_id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Opens a session with another body; gives its id.
    pub(crate) async fn create_with(&self, token: &str, body: &Value) -> String {
        let answer = self.post(CREATE).bearer(token).json(body).send().await;
        let id = answer.json()["session_id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("{answer:?}"))
    }

    pub(crate) async fn validate(&self, token: &str, id: &str) -> Answer {
        self.post(VALIDATE).bearer(token).json(&sighting(id)).send().await
    }

    pub(crate) async fn is_valid(&self, token: &str, id: &str) -> bool {
        let answer = self.validate(token, id).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["is_valid"].as_bool().expect("is_valid")
    }

    /// Ids of the live sessions, as the service lists them.
    pub(crate) async fn active(&self, token: &str) -> Vec<String> {
        let answer = self.request("GET", ACTIVE).bearer(token).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let list = answer.json();
        let sessions = list["sessions"].as_array().expect("sessions");
        assert_eq!(list["total_count"], sessions.len());
        sessions
            .iter()
            .map(|it| it["session_id"].as_str().expect("session_id").to_owned())
            .collect()
    }

    pub(crate) async fn logout(&self, token: &str, id: &str, all: bool) -> Answer {
        let body = json!({"session_id": id, "revoke_all": all});
        self.post(LOGOUT).bearer(token).json(&body).send().await
    }

    pub(crate) async fn revoke(&self, token: &str, id: &str) -> Answer {
        let path = format!("/api/v1/sessions/{id}");
        self.request("DELETE", &path)
            .bearer(token)
            .json(&json!({}))
            .send()
            .await
    }

    /// Runs some work and tells how many requests a function made of the table meanwhile, without holding any back.
    pub(crate) async fn counting<T>(&self, package: &str, work: impl Future<Output = T>) -> (T, usize) {
        let before = self.proxy.requests(package);
        let done = work.await;
        (done, self.proxy.requests(package) - before)
    }

    /// The table, past the proxy.
    pub(crate) fn store(&self) -> Store {
        let client = tests::engine::client(self.engine.url());
        Store::new(client, self.cloud.table().to_owned())
    }

    /// The use cases over the table, past the proxy: for a past that the binaries' clock does not have.
    pub(crate) fn sessions(&self) -> Sessions {
        Sessions::new(self.store(), Arc::new(System), Duration::from_hours(90 * 24))
    }

    /// A client of the table, past the proxy.
    pub(crate) fn table(&self) -> aws_sdk_dynamodb::Client {
        self.engine.client()
    }

    /// What the table's stream brought of guards since the last look, as `settle-sessions` is sent it.
    pub(crate) fn guard_changes(&self) -> Vec<Value> {
        let mut position = self.position.lock().unwrap();
        let mut records = self.engine.stream(self.cloud.table(), &mut position);
        records.retain(|it| it["dynamodb"]["Keys"]["sk"]["S"] == "guard");
        records
    }

    /// A session opened some time `ago`; with a short enough timeout it has expired since.
    pub(crate) async fn opened(
        &self,
        subject: &str,
        ago: Duration,
        idle_timeout: Duration,
        absolute: AbsoluteTimeout,
    ) -> SessionId {
        let (now, mut tenant) = (System.now() - ago, self.tenant().await);
        tenant.policy.absolute_timeout = absolute;
        let (context, fingerprint) = context(IP, USER_AGENT, None, true, Facts::default());
        let request = Open {
            telemetry: None,
            tenant: &tenant,
            subject: &Subject::new(subject).unwrap(),
            id: SessionId::draw(now, &System).unwrap(),
            context: &context,
            fingerprint: &fingerprint,
            user_agent: USER_AGENT,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout,
            issued: None,
            now,
            resumed: None,
        };
        match self.sessions().open(&request).await.unwrap() {
            Outcome::Opened { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn tenant(&self) -> Tenant {
        let id: TenantId = self.cloud.tenant().parse().unwrap();
        let credentials = self.store().credentials();
        let found = credentials.tenant(&id, &Policy::default()).await.unwrap();
        found.expect("the cloud's own tenant")
    }

    pub(crate) async fn partition(&self) -> Partition {
        self.tenant().await.partition
    }

    /// The record of a session, as it is stored.
    pub(crate) async fn record(&self, id: &str) -> Option<shared::model::SessionRecord> {
        let tenant = self.tenant().await;
        let id = SessionId::parse(id, tenant.partition).unwrap();
        self.store().record(&tenant.id, id).await.unwrap()
    }

    /// How many session records a subject has, live or ended.
    pub(crate) async fn records_of(&self, subject: &str) -> usize {
        let client = tests::engine::client(self.engine.url());
        let key = Subject::new(subject).unwrap().key(&self.tenant().await.id);
        let found = client
            .query()
            .table_name(self.cloud.table())
            .index_name("history")
            .key_condition_expression("hk = :hk")
            .expression_attribute_values(
                ":hk",
                aws_sdk_dynamodb::types::AttributeValue::S(format!(
                    "{}#{}",
                    self.cloud.tenant(),
                    key.as_str()
                )),
            )
            .send()
            .await
            .unwrap();
        found.items().len()
    }

    /// Lines with `part` in them.
    pub(crate) fn lines_with(&self, part: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.contains(part)).cloned().collect()
    }
}

/// A body of create.
pub(crate) fn opening() -> Value {
    json!({"ip_address": IP, "user_agent": USER_AGENT})
}

/// A body of validate, seen from where [`opening`] was.
pub(crate) fn sighting(id: &str) -> Value {
    json!({"session_id": id, "current_ip": IP, "current_user_agent": USER_AGENT})
}
