//! The table in memory: DynamoDB's operations and conditions as far as the store uses them.
//!
//! `differential.rs` holds it against the embedded engine.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::expression::{Condition, Invalid, Item, Placeholders, Update, compared};

type Key = (String, String);

/// All items, and every write to a guard in its order.
#[derive(Debug, Default)]
pub(crate) struct Table {
    items: BTreeMap<Key, Item>,
    /// The stream, as far as settle-sessions reads it.
    pub(crate) changes: Vec<Change>,
    writes: u64,
}

/// One write to a guard.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) old: Option<Item>,
    pub(crate) new: Option<Item>,
    pub(crate) sequence: u64,
}

/// An error as DynamoDB answers it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    kind: &'static str,
    message: String,
    item: Option<Item>,
}

impl Refusal {
    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let space = "com.amazonaws.dynamodb.v20120810";
        let mut body = json!({"__type": format!("{space}#{}", self.kind), "message": self.message});
        if let Some(item) = &self.item {
            body["Item"] = Value::Object(item.clone());
        }
        body
    }
}

impl From<Invalid> for Refusal {
    fn from(Invalid(message): Invalid) -> Self {
        Self {
            kind: "ValidationException",
            message,
            item: None,
        }
    }
}

thread_local! {
    static CONDITIONS: RefCell<HashMap<String, Rc<Condition>>> = RefCell::default();
    static UPDATES: RefCell<HashMap<String, Rc<Update>>> = RefCell::default();
}

fn condition(text: &str) -> Result<Rc<Condition>, Invalid> {
    if let Some(known) = CONDITIONS.with_borrow(|it| it.get(text).cloned()) {
        return Ok(known);
    }
    let parsed = Rc::new(Condition::parse(text)?);
    CONDITIONS.with_borrow_mut(|it| it.insert(text.to_owned(), Rc::clone(&parsed)));
    Ok(parsed)
}

fn update(text: &str) -> Result<Rc<Update>, Invalid> {
    if let Some(known) = UPDATES.with_borrow(|it| it.get(text).cloned()) {
        return Ok(known);
    }
    let parsed = Rc::new(Update::parse(text)?);
    UPDATES.with_borrow_mut(|it| it.insert(text.to_owned(), Rc::clone(&parsed)));
    Ok(parsed)
}

fn key_of(item: &Value) -> Result<Key, Invalid> {
    let text = |name: &str| item[name]["S"].as_str().map(str::to_owned);
    text("pk").zip(text("sk")).ok_or(Invalid("no key".to_owned()))
}

/// An index: its keys, and whether it has nothing but keys.
fn index(name: &str) -> Result<(&'static str, &'static str, bool), Invalid> {
    match name {
        "history" => Ok(("hk", "hr", false)),
        "due" => Ok(("dh", "dt", true)),
        other => Err(Invalid(format!("no index {other}"))),
    }
}

impl Table {
    /// One operation.
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        match operation {
            "GetItem" => {
                let item = self.items.get(&key_of(&request["Key"])?);
                Ok(item.map_or_else(|| json!({}), |it| json!({"Item": it})))
            }
            "BatchGetItem" => self.batch(request),
            "PutItem" => {
                let Some(item) = request["Item"].as_object() else {
                    return Err(Invalid("no item".to_owned()).into());
                };
                self.write(request, &request["Item"], |_| Ok(Some(item.clone())))
            }
            "DeleteItem" => self.write(request, &request["Key"], |_| Ok(None)),
            "UpdateItem" => {
                let change = update(request["UpdateExpression"].as_str().unwrap_or_default())?;
                self.write(request, &request["Key"], |old| {
                    let mut item = old.cloned().unwrap_or_default();
                    for name in ["pk", "sk"] {
                        item.insert(name.to_owned(), request["Key"][name].clone());
                    }
                    change.apply(&item, Placeholders::of(request)).map(Some)
                })
            }
            "Query" => self.query(request),
            other => Err(Invalid(format!("no operation {other}")).into()),
        }
    }

    /// The items of a kind, by their sort key.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Item> {
        let of_kind = self.items.iter().filter(move |((_, sk), _)| sk == kind);
        of_kind.map(|(_, item)| item)
    }

    fn batch(&self, request: &Value) -> Result<Value, Refusal> {
        let mut responses = Map::new();
        for (table, wanted) in request["RequestItems"].as_object().into_iter().flatten() {
            let mut found = Vec::new();
            for key in wanted["Keys"].as_array().into_iter().flatten() {
                found.extend(self.items.get(&key_of(key)?).cloned().map(Value::Object));
            }
            responses.insert(table.clone(), Value::Array(found));
        }
        Ok(json!({"Responses": responses, "UnprocessedKeys": {}}))
    }

    fn write(
        &mut self,
        request: &Value,
        key: &Value,
        next: impl FnOnce(Option<&Item>) -> Result<Option<Item>, Invalid>,
    ) -> Result<Value, Refusal> {
        let key = key_of(key)?;
        let old = self.items.get(&key).cloned();
        if let Some(text) = request["ConditionExpression"].as_str() {
            let empty = Item::new();
            let holds = condition(text)?.holds(old.as_ref().unwrap_or(&empty), Placeholders::of(request))?;
            if !holds {
                let wanted = request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
                return Err(Refusal {
                    kind: "ConditionalCheckFailedException",
                    message: "The conditional request failed".to_owned(),
                    item: old.filter(|_| wanted),
                });
            }
        }
        let new = next(old.as_ref())?;
        self.writes += 1;
        if key.1 == "guard" && old != new {
            self.changes.push(Change {
                old: old.clone(),
                new: new.clone(),
                sequence: self.writes,
            });
        }
        match new {
            Some(new) => drop(self.items.insert(key, new)),
            None => drop(self.items.remove(&key)),
        }
        let old = old.filter(|_| request["ReturnValues"] == "ALL_OLD");
        Ok(old.map_or_else(|| json!({}), |old| json!({"Attributes": old})))
    }

    fn query(&self, request: &Value) -> Result<Value, Refusal> {
        let (hash, range, keys_only) = index(request["IndexName"].as_str().unwrap_or_default())?;
        let wanted = condition(request["KeyConditionExpression"].as_str().unwrap_or_default())?;
        let words = Placeholders::of(request);
        let mut found = Vec::new();
        for item in self.items.values() {
            // Only what has both keys is in an index.
            if item.contains_key(hash) && item.contains_key(range) && wanted.holds(item, words)? {
                found.push(item);
            }
        }
        let place = |item: &Item| (item["pk"]["S"].to_string(), item["sk"]["S"].to_string());
        found.sort_by(|a, b| {
            let order = compared(&a[range], &b[range]).unwrap_or(std::cmp::Ordering::Equal);
            order.then_with(|| place(a).cmp(&place(b)))
        });
        if request["ScanIndexForward"] == json!(false) {
            found.reverse();
        }
        if let Some(start) = request["ExclusiveStartKey"].as_object() {
            let at = found.iter().position(|it| place(it) == place(start));
            found.drain(..at.map_or(0, |at| at + 1));
        }
        let limit = request["Limit"].as_u64().and_then(|it| usize::try_from(it).ok());
        let more = limit.is_some_and(|limit| limit < found.len());
        found.truncate(limit.unwrap_or(usize::MAX));
        let keys = |item: &Item| -> Item {
            let names = ["pk", "sk", hash, range];
            names
                .map(|name| (name.to_owned(), item[name].clone()))
                .into_iter()
                .collect()
        };
        let mut answer = json!({"Count": found.len(), "ScannedCount": found.len()});
        if let Some(last) = found.last().filter(|_| more) {
            answer["LastEvaluatedKey"] = Value::Object(keys(last));
        }
        let mut wanted = Vec::new();
        for word in request["ProjectionExpression"]
            .as_str()
            .into_iter()
            .flat_map(|it| it.split(','))
        {
            wanted.push(words.name(word.trim())?);
        }
        let show = |item: &Item| -> Item {
            let item = if keys_only { keys(item) } else { item.clone() };
            let shown = |name: &str| wanted.is_empty() || wanted.contains(&name);
            item.into_iter().filter(|(name, _)| shown(name)).collect()
        };
        let shown = found.into_iter().map(show);
        answer["Items"] = shown.map(Value::Object).collect();
        Ok(answer)
    }
}
