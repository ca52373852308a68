//! The table as it was a moment ago: a second engine fed by the first one's stream, late.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::upstream::Upstream;
use crate::engine::Engine;

/// How often the stream is read.
const POLL: Duration = Duration::from_millis(10);

/// A copy of one table that runs behind by at least the lag it was started with.
#[derive(Debug)]
pub(super) struct Replica {
    engine: Arc<Engine>,
    /// Everything committed before this instant has been applied.
    applied: watch::Receiver<Instant>,
    _feed: JoinSet<()>,
}

impl Replica {
    /// Copies the table's form and its present content, then follows.
    pub(super) async fn start(upstream: Upstream, url: &str, table: &str, lag: Duration) -> Self {
        let engine = Arc::new(Engine::start().await);
        let source = Source::open(upstream, url.to_owned(), table, &engine).await;
        let mut feed = Feed {
            source,
            table: table.to_owned(),
            engine: Arc::clone(&engine),
            lag,
            pending: VecDeque::new(),
        };
        let started = Instant::now();
        feed.read(started).await;
        feed.apply(None);
        let (progress, applied) = watch::channel(started);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { feed.follow(&progress).await });
        Self {
            engine,
            applied,
            _feed: tasks,
        }
    }

    pub(super) fn url(&self) -> &str {
        self.engine.url()
    }

    /// Waits until everything committed before now has been applied.
    pub(super) async fn catch_up(&self) {
        let now = Instant::now();
        let mut applied = self.applied.clone();
        applied
            .wait_for(|instant| now <= *instant)
            .await
            .expect("the replica is fed as long as it lives");
    }
}

struct Feed {
    source: Source,
    table: String,
    engine: Arc<Engine>,
    lag: Duration,
    pending: VecDeque<Change>,
}

struct Change {
    /// Not committed before this instant.
    after: Instant,
    /// Committed before this instant; from here the lag is counted.
    seen: Instant,
    record: Value,
}

impl Feed {
    async fn follow(mut self, progress: &watch::Sender<Instant>) {
        let mut last_read = Instant::now();
        loop {
            tokio::time::sleep(POLL).await;
            let reading = Instant::now();
            self.read(last_read).await;
            last_read = reading;
            self.apply(reading.checked_sub(self.lag));
            let applied = self.pending.front().map_or(reading, |change| change.after);
            progress.send_replace(applied);
        }
    }

    /// Reads what is new in the stream; `after` is when it was read last.
    async fn read(&mut self, after: Instant) {
        for record in self.source.next().await {
            self.pending.push_back(Change {
                after,
                seen: Instant::now(),
                record,
            });
        }
    }

    /// Applies what was seen by an instant, or everything.
    fn apply(&mut self, until: Option<Instant>) {
        while let Some(change) = self.pending.pop_front() {
            if until.is_some_and(|until| until < change.seen) {
                self.pending.push_front(change);
                return;
            }
            let images = change.record.get("dynamodb");
            let image = |name| images.and_then(|images: &Value| images.get(name));
            match (image("NewImage"), image("Keys")) {
                (Some(item), _) => self.engine.put(&self.table, item),
                (None, Some(key)) => self.engine.delete(&self.table, key),
                (None, None) => {}
            }
        }
    }
}

/// The stream of the first engine, read over its port as any client would.
struct Source {
    upstream: Upstream,
    url: String,
    iterator: Value,
}

impl Source {
    /// Finds the stream, and creates the table in the copy.
    async fn open(upstream: Upstream, url: String, table: &str, copy: &Engine) -> Self {
        let mut source = Self {
            upstream,
            url,
            iterator: Value::Null,
        };
        let described = source
            .ask("DynamoDB_20120810.DescribeTable", &json!({"TableName": table}))
            .await;
        let description = described.get("Table").expect("the table's description");
        copy.create(form(description));

        let arn = description
            .get("LatestStreamArn")
            .expect("the table has a stream");
        let stream = source
            .ask(
                "DynamoDBStreams_20120810.DescribeStream",
                &json!({"StreamArn": arn}),
            )
            .await;
        let shard = stream.pointer("/StreamDescription/Shards/0/ShardId");
        let place = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        let place = source
            .ask("DynamoDBStreams_20120810.GetShardIterator", &place)
            .await;
        source.iterator = place.get("ShardIterator").cloned().unwrap_or_default();
        source
    }

    /// What has been written since the last call, oldest first.
    async fn next(&mut self) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let place = json!({"ShardIterator": self.iterator});
            let mut page = self.ask("DynamoDBStreams_20120810.GetRecords", &place).await;
            self.iterator = page.get("NextShardIterator").cloned().unwrap_or_default();
            match page.get_mut("Records").and_then(Value::as_array_mut) {
                Some(page) if !page.is_empty() => records.append(page),
                _ => return records,
            }
        }
    }

    async fn ask(&self, target: &str, body: &Value) -> Value {
        let answer = self.upstream.ask(&self.url, target, body).await;
        answer.expect("the engine answers the replica")
    }
}

/// What creates a table of the same keys and indexes.
fn form(description: &Value) -> Value {
    let pick = |from: &Value, names: &[&str]| -> Map<String, Value> {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone())))
            .collect()
    };
    let mut table = pick(description, &["TableName", "KeySchema", "AttributeDefinitions"]);
    table.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    if let Some(indexes) = description
        .get("GlobalSecondaryIndexes")
        .and_then(Value::as_array)
    {
        let indexes = indexes
            .iter()
            .map(|index| Value::Object(pick(index, &["IndexName", "KeySchema", "Projection"])))
            .collect();
        table.insert("GlobalSecondaryIndexes".to_owned(), Value::Array(indexes));
    }
    Value::Object(table)
}
