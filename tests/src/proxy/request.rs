//! A DynamoDB request as the proxy sees it, and what of it is counted and granted.

use std::collections::BTreeSet;

use serde_json::Value;

/// Operations that report capacity when asked for it.
const METERED: [&str; 10] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

/// One request of a function, before it is forwarded.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who sent it: the path of the endpoint URL it was sent to, empty without one.
    pub tag: String,
    /// The operation's name as the API spells it, such as `UpdateItem`.
    pub operation: String,
    /// The request's body, as the caller wrote it.
    pub body: Value,
}

impl Request {
    /// The table, of an operation on one table or a batch on one.
    pub fn table(&self) -> Option<&str> {
        let batch = || self.body.get("RequestItems")?.as_object()?.keys().next();
        self.body
            .get("TableName")
            .and_then(Value::as_str)
            .or_else(|| batch().map(String::as_str))
    }

    /// The index, of a Query or Scan on one.
    pub fn index(&self) -> Option<&str> {
        self.body.get("IndexName")?.as_str()
    }

    /// A string attribute of the item's key, such as `pk`, of an operation on one item.
    pub fn key(&self, attribute: &str) -> Option<&str> {
        let key = self.body.get("Key").or_else(|| self.body.get("Item"))?;
        key.get(attribute)?.get("S")?.as_str()
    }

    /// The partition keys it names, those of an index where it asks one: what IAM knows as `dynamodb:LeadingKeys`.
    pub(super) fn leading_keys(&self) -> BTreeSet<String> {
        let text = |value: &Value| value.get("S").and_then(Value::as_str).map(str::to_owned);
        let queried = || {
            let condition = self.body.get("KeyConditionExpression")?.as_str()?;
            let (_, after) = condition.split_once("= ")?;
            let name = after.split_whitespace().next()?;
            text(self.body.get("ExpressionAttributeValues")?.get(name)?)
        };
        let batch = self.body.get("RequestItems").and_then(Value::as_object);
        let batch = batch.into_iter().flat_map(|tables| tables.values());
        let batch = batch.filter_map(|it| it.get("Keys").and_then(Value::as_array));
        let batch = batch.flatten().filter_map(|key| text(key.get("pk")?));
        let one = self.key("pk").map(str::to_owned);
        batch.chain(one.or_else(queried)).collect()
    }

    /// Whether every read in it is strongly consistent; false for writes.
    pub fn is_consistent(&self) -> bool {
        let strong = |read: &Value| read.get("ConsistentRead").and_then(Value::as_bool) == Some(true);
        match self.operation.as_str() {
            "BatchGetItem" => self
                .body
                .get("RequestItems")
                .and_then(Value::as_object)
                .is_some_and(|tables| tables.values().all(strong)),
            "TransactGetItems" => true,
            _ => strong(&self.body),
        }
    }

    /// Whether it reads only, and may be answered from a moment ago.
    pub(super) fn may_be_stale(&self) -> bool {
        matches!(
            self.operation.as_str(),
            "GetItem" | "BatchGetItem" | "Query" | "Scan"
        ) && !self.is_consistent()
    }

    pub(super) fn is_metered(&self) -> bool {
        METERED.contains(&self.operation.as_str())
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(
            self.operation.as_str(),
            "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
        )
    }

    /// The names IAM asks for: a transaction needs those of its parts.
    pub(super) fn actions(&self) -> BTreeSet<String> {
        let parts = self.body.get("TransactItems").and_then(Value::as_array);
        match parts {
            Some(parts) => parts
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|part| part.keys())
                .map(|kind| match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    kind => format!("{kind}Item"),
                })
                .collect(),
            None => BTreeSet::from([self.operation.clone()]),
        }
    }
}
