//! Reads one stream for one function.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::batch::{Progress, Work, first_failure, sequence_number};
use super::filter;
use crate::Error;
use crate::dynamodb::DynamoDb;
use crate::function::Function;
use crate::log::Log;
use crate::state::{Positions, State};
use crate::template::{ACCOUNT, Mapping, REGION, Start};

/// How often a stream without news is read, as Lambda does.
const POLL: Duration = Duration::from_millis(250);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);

/// Reads the stream of `table` and feeds a function.
#[derive(Debug)]
pub(crate) struct Poller {
    pub(crate) mapping: Mapping,
    pub(crate) table: String,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) function: Arc<Function>,
    pub(crate) state: Option<State>,
    pub(crate) positions: Arc<Mutex<Positions>>,
    pub(crate) longest_backoff: Duration,
    pub(crate) log: Log,
    /// How many looks at the whole stream found nothing new.
    pub(crate) quiet: watch::Sender<u64>,
}

impl Poller {
    /// Reads until it is dropped.
    pub(crate) async fn run(&self) {
        let mut iterators = HashMap::new();
        loop {
            match self.round(&mut iterators).await {
                Ok(true) => {}
                Ok(false) => {
                    self.quiet.send_modify(|rounds| *rounds += 1);
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => {
                    self.say(&format!("stream of {}: {error}", self.table));
                    // An iterator may have expired, or the engine may be new: begin again from the stored position.
                    iterators.clear();
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
        }
    }

    /// Waits until everything that is in the stream now has been worked on.
    pub(crate) async fn read_to_the_end(&self) {
        let mut quiet = self.quiet.subscribe();
        // A look that is under way may have begun before the last write; the one after it has not.
        let enough = *quiet.borrow() + 2;
        // The sender lives as long as `self`.
        drop(quiet.wait_for(|rounds| *rounds >= enough).await);
    }

    /// Reads each shard once; says whether there was anything.
    async fn round(&self, iterators: &mut HashMap<String, String>) -> Result<bool, Error> {
        if iterators.is_empty() {
            *iterators = self.iterators().await?;
        }
        let mut found = false;
        let mut closed = false;
        for (shard, iterator) in iterators.clone() {
            let input = json!({"ShardIterator": iterator, "Limit": self.mapping.batch_size.clamp(1, 1000)});
            let answer = self.dynamodb.streams("GetRecords", &input).await?;
            let records = answer.get("Records").and_then(Value::as_array).cloned();
            let records = records.unwrap_or_default();
            if let Some(last) = records.last().map(sequence_number).map(str::to_owned) {
                found = true;
                self.work_on(records).await;
                self.remember(&shard, last)?;
            }
            match answer.get("NextShardIterator").and_then(Value::as_str) {
                Some(next) => drop(iterators.insert(shard, next.to_owned())),
                None => closed = true,
            }
        }
        if closed {
            // The children of a closed shard are found when all are asked for again.
            iterators.clear();
        }
        Ok(found)
    }

    async fn iterators(&self) -> Result<HashMap<String, String>, Error> {
        let Some(arn) = self.dynamodb.stream_arn(&self.table).await? else {
            return Err(Error::Engine("the table has no stream".to_owned()));
        };
        let description = self
            .dynamodb
            .streams("DescribeStream", &json!({ "StreamArn": arn }))
            .await?;
        let shards = description.pointer("/StreamDescription/Shards");
        let mut iterators = HashMap::new();
        for shard in shards.and_then(Value::as_array).into_iter().flatten() {
            let id = shard.get("ShardId").and_then(Value::as_str).unwrap_or_default();
            let mut input = json!({"StreamArn": arn, "ShardId": id, "ShardIteratorType": match self.mapping.start {
                Start::TrimHorizon => "TRIM_HORIZON",
                Start::Latest => "LATEST",
            }});
            if let (Some(position), Value::Object(input)) = (self.position(id), &mut input) {
                input.insert("ShardIteratorType".to_owned(), "AFTER_SEQUENCE_NUMBER".into());
                input.insert("SequenceNumber".to_owned(), position.into());
            }
            let answer = self.dynamodb.streams("GetShardIterator", &input).await?;
            if let Some(iterator) = answer.get("ShardIterator").and_then(Value::as_str) {
                iterators.insert(id.to_owned(), iterator.to_owned());
            }
        }
        Ok(iterators)
    }

    async fn work_on(&self, records: Vec<Value>) {
        let arn = format!(
            "arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}/stream/local",
            self.table
        );
        let records: Vec<Value> = records
            .into_iter()
            .map(|record| as_lambda_sends_it(record, &arn))
            .filter(|record| filter::admits(&self.mapping.filters, record))
            .collect();
        if records.is_empty() {
            return;
        }
        let mut work = Work::new(records);
        while let Some(batch) = work.first().map(<[Value]>::to_vec) {
            let event = Bytes::from(json!({ "Records": batch }).to_string());
            let failed = match self.function.invoke(event, None).await {
                Ok(answer) => first_failure(&batch, &answer, self.mapping.reports_item_failures),
                Err(_) => Some(0),
            };
            match work.settle(failed, &self.mapping) {
                Progress::Done => {}
                Progress::Again => {
                    tokio::time::sleep(backoff(work.failures()).min(self.longest_backoff)).await;
                }
                Progress::GivenUp(batch) => self.say(&format!(
                    "gave up {} record(s), sequence numbers {} to {}, after {} retries",
                    batch.len(),
                    batch.first().map(sequence_number).unwrap_or_default(),
                    batch.last().map(sequence_number).unwrap_or_default(),
                    self.mapping.retries.unwrap_or_default(),
                )),
            }
        }
    }

    fn key(&self, shard: &str) -> String {
        format!("{} {shard}", self.mapping.function)
    }

    fn position(&self, shard: &str) -> Option<String> {
        let positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        positions.get(&self.key(shard)).cloned()
    }

    fn remember(&self, shard: &str, position: String) -> Result<(), Error> {
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        positions.insert(self.key(shard), position);
        match &self.state {
            Some(state) => state.set_positions(&positions),
            None => Ok(()),
        }
    }

    fn say(&self, what: &str) {
        self.log.line(format!("{}: {what}", self.function.spec().package));
    }
}

fn backoff(failures: u32) -> Duration {
    let times = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_BACKOFF.saturating_mul(times)
}

/// Engines differ from what Lambda hands to functions in a few members.
fn as_lambda_sends_it(mut record: Value, arn: &str) -> Value {
    let Value::Object(members) = &mut record else {
        return record;
    };
    members.insert("eventSourceARN".to_owned(), arn.into());
    members.insert("awsRegion".to_owned(), REGION.into());
    if let Some(Value::Object(identity)) = members.get_mut("userIdentity") {
        for (api, lambda) in [("Type", "type"), ("PrincipalId", "principalId")] {
            if let Some(value) = identity.remove(api) {
                identity.insert(lambda.to_owned(), value);
            }
        }
    }
    if let Some(time) = members
        .get_mut("dynamodb")
        .and_then(|it| it.get_mut("ApproximateCreationDateTime"))
    {
        let seconds = time.as_f64().unwrap_or_default();
        *time = format!("{seconds:.0}").parse::<i64>().unwrap_or_default().into();
    }
    record
}
