//! An embedded DynamoDB in memory, behind its own HTTP port, and SDK clients for any port.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A database of its own in memory, served on a free port of 127.0.0.1 until it is dropped.
///
/// Its reads are always consistent and it never throttles; both come from [`crate::proxy::Proxy`].
#[derive(Debug)]
pub struct Engine {
    database: DatabaseHandle,
    url: String,
    _server: JoinSet<()>,
}

impl Engine {
    /// Starts an empty database.
    pub async fn start() -> Self {
        let database = Database::memory().expect("a database in memory");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let mut server = JoinSet::new();
        server.spawn(dynoxide::server::serve_on(listener, database.clone()));
        Self {
            database: DatabaseHandle(database),
            url: format!("http://{address}"),
            _server: server,
        }
    }

    /// Starts a database that has the service's table under `table`.
    pub async fn with_table(table: &str) -> Self {
        let engine = Self::start().await;
        create_table(&engine.client(), table).await;
        engine
    }

    /// Where the engine listens, as `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An SDK client that talks to the engine itself, past any proxy.
    pub fn client(&self) -> Client {
        client(&self.url)
    }

    /// Deletes what has expired by the machine's clock; the server never does by itself. Returns how many.
    ///
    /// Unlike AWS it also deletes what expired over five years ago.
    pub fn sweep_expired(&self) -> usize {
        self.database.0.sweep_ttl().expect("a sweep of the database")
    }

    /// The stream of `table` after `position`, oldest first, each record as a Lambda stream event carries it
    /// (`eventSourceARN`, `eventName`, `dynamodb.Keys`, `NewImage`, `OldImage`, `SequenceNumber`, `userIdentity` on TTL
    /// deletions). Advances `position` past the last one.
    ///
    /// A put that changes nothing also leaves a MODIFY record, which AWS does not write.
    pub fn stream(&self, table: &str, position: &mut StreamPosition) -> Vec<Value> {
        let stream_arn = self.stream_arn(table);
        let mut records = Vec::new();
        loop {
            let iterator = match position.0.take() {
                Some(iterator) => iterator,
                None => self.stream_start(table),
            };
            let page = self
                .database
                .0
                .get_records(GetRecordsRequest {
                    shard_iterator: iterator,
                    limit: None,
                })
                .expect("a page of the stream");
            position.0 = page.next_shard_iterator;
            if page.records.is_empty() {
                return records;
            }
            for record in page.records {
                let mut record = serde_json::to_value(record).expect("a record is JSON");
                let members = record.as_object_mut().expect("a record has members");
                members.insert("eventSourceARN".to_owned(), stream_arn.clone().into());
                records.push(record);
            }
        }
    }

    /// Puts an item in DynamoDB's JSON, as the stream and exports have it.
    pub fn put(&self, table: &str, item: &Value) {
        let request = serde_json::from_value(json!({"TableName": table, "Item": item}));
        self.database
            .0
            .put_item(request.expect("an image of the stream is an item"))
            .expect("a write to the replica");
    }

    pub(crate) fn delete(&self, table: &str, key: &Value) {
        let request = serde_json::from_value(json!({"TableName": table, "Key": key}));
        self.database
            .0
            .delete_item(request.expect("keys of the stream are a key"))
            .expect("a deletion in the replica");
    }

    pub(crate) fn create(&self, request: Value) {
        let request = serde_json::from_value(request).expect("a table description");
        self.database.0.create_table(request).expect("a new table");
    }

    fn stream_arn(&self, table: &str) -> String {
        let described = self
            .database
            .0
            .describe_table(DescribeTableRequest {
                table_name: table.to_owned(),
            })
            .expect("the table exists");
        described.table.latest_stream_arn.expect("the table has a stream")
    }

    fn stream_start(&self, table: &str) -> String {
        let stream_arn = self.stream_arn(table);
        let stream = self
            .database
            .0
            .describe_stream(DescribeStreamRequest {
                stream_arn: stream_arn.clone(),
                ..DescribeStreamRequest::default()
            })
            .expect("the stream exists");
        // The engine keeps one shard for the life of a table.
        let shard = stream.stream_description.shards.into_iter().next();
        self.database
            .0
            .get_shard_iterator(GetShardIteratorRequest {
                stream_arn,
                shard_id: shard.expect("a stream has a shard").shard_id,
                shard_iterator_type: "TRIM_HORIZON".to_owned(),
                sequence_number: None,
            })
            .expect("a place in the stream")
            .shard_iterator
            .expect("a place in the stream")
    }
}

/// How far a reader has come in a stream; the default is its oldest record.
#[derive(Clone, Debug, Default)]
pub struct StreamPosition(Option<String>);

/// An SDK client for a DynamoDB at `url`, with the SDK's standard retries.
///
/// A path in the URL is kept: a [`crate::proxy::Proxy`] reads the caller's tag from it.
pub fn client(url: &str) -> Client {
    Client::from_conf(config(url).build())
}

/// What [`client`] is built from, for a test that needs other retries or timeouts.
///
/// Backoff starts at 10 ms instead of a second, so that a test of retries does not take seconds.
pub fn config(url: &str) -> Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(
            Credentials::builder()
                .access_key_id("local")
                .secret_access_key("local")
                .provider_name("tests")
                .build(),
        )
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(10)))
        // The engine shares the cores with what asks it: on a busy machine it is slow to answer, and never stuck.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .endpoint_url(url)
}

/// Creates the service's table: keys, both indexes, stream with both images, TTL.
pub async fn create_table(client: &Client, name: &str) {
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            [
                ("pk", ScalarAttributeType::S),
                ("sk", ScalarAttributeType::S),
                ("hk", ScalarAttributeType::S),
                ("hr", ScalarAttributeType::S),
                ("dh", ScalarAttributeType::S),
                ("dt", ScalarAttributeType::N),
            ]
            .map(|(name, kind)| attribute(name, kind))
            .into(),
        ))
        .set_key_schema(Some(key("pk", "sk")))
        .global_secondary_indexes(index("history", key("hk", "hr"), ProjectionType::All))
        .global_secondary_indexes(index("due", key("dh", "dt"), ProjectionType::KeysOnly))
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .expect("a complete stream specification"),
        )
        .send()
        .await
        .expect("a new table");
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(
            TimeToLiveSpecification::builder()
                .enabled(true)
                .attribute_name("t")
                .build()
                .expect("a complete TTL specification"),
        )
        .send()
        .await
        .expect("time to live on the new table");
}

/// Size of an item in DynamoDB's own form, in bytes, as its capacity units are counted.
pub(crate) fn item_size(item: &Value) -> usize {
    serde_json::from_value(item.clone()).map_or(0, |item| dynoxide::types::item_size(&item))
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(kind)
        .build()
        .expect("a complete attribute")
}

fn key(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .expect("a complete key")
        })
        .into()
}

fn index(name: &str, key: Vec<KeySchemaElement>, projection: ProjectionType) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(key))
        .projection(Projection::builder().projection_type(projection).build())
        .build()
        .expect("a complete index")
}

/// The engine's handle, which has no `Debug` of its own.
struct DatabaseHandle(Database);

impl std::fmt::Debug for DatabaseHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Database")
    }
}
