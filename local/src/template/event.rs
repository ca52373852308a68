//! What invokes a function: routes, schedules and streams.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::intrinsics::{Names, scalar};
use super::{Error, merge, number};

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Logical id of its function.
    pub function: String,
    /// Its key: `POST /api/v1/sessions`, `ANY /x/{proxy+}` or `$default`.
    pub key: String,
    /// Its throttle, when the template sets one.
    pub throttle: Option<Throttle>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests a second in the long run.
    pub rate: f64,
    /// Most requests at once.
    pub burst: f64,
}

/// An invocation at intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name in the template.
    pub name: String,
    /// Logical id of its function.
    pub function: String,
    /// The template's expression.
    pub expression: String,
    /// The interval; `None` when it is switched off or its expression is not `rate(...)`.
    pub every: Option<Duration>,
    /// The event.
    pub input: Value,
}

/// A stream that feeds a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Logical id of its function.
    pub function: String,
    /// Logical id of the table.
    pub table: String,
    /// Most records of one invocation.
    pub batch_size: usize,
    /// Where a mapping without a stored position starts.
    pub start: Start,
    /// Patterns of which a record must match one; empty takes every record.
    pub filters: Vec<Value>,
    /// Whether the function's answer may name the records that failed.
    pub reports_item_failures: bool,
    /// Whether a failed batch is split in two.
    pub bisects: bool,
    /// How often a failed batch is tried again; `None` is for ever.
    pub retries: Option<u32>,
}

/// Where a mapping starts reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record.
    TrimHorizon,
    /// With the next record.
    Latest,
}

/// Route settings of the template's APIs: the default under the empty key.
pub(super) struct Apis(BTreeMap<String, Throttle>);

impl Apis {
    pub(super) fn read(
        names: &Names,
        document: &Value,
        resources: &[(String, Value)],
    ) -> Result<Self, Error> {
        let mut throttles = BTreeMap::new();
        let global = document.pointer("/Globals/HttpApi");
        let empty = Value::Object(Map::new());
        let mut apis: Vec<Value> = resources
            .iter()
            .filter(|(_, it)| it.get("Type").and_then(Value::as_str) == Some("AWS::Serverless::HttpApi"))
            .map(|(_, it)| merge(global, it.get("Properties").unwrap_or(&empty)))
            .collect();
        if apis.len() > 1 {
            return Err(Error::new("more than one HttpApi does not fit on one port"));
        }
        if apis.is_empty() {
            apis.extend(global.cloned());
        }
        for api in apis {
            if api.get("DefinitionBody").or(api.get("DefinitionUri")).is_some() {
                return Err(Error::new(
                    "routes are read from functions' events, not from a definition",
                ));
            }
            if let Some(default) = settings(names, api.get("DefaultRouteSettings"))? {
                throttles.insert(String::new(), default);
            }
            for (key, value) in api
                .get("RouteSettings")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                throttles.extend(settings(names, Some(value))?.map(|it| (key.clone(), it)));
            }
        }
        Ok(Self(throttles))
    }
}

fn settings(names: &Names, value: Option<&Value>) -> Result<Option<Throttle>, Error> {
    let value = names.resolve(value.unwrap_or(&Value::Null))?.unwrap_or_default();
    throttle(&value)
}

fn throttle(settings: &Value) -> Result<Option<Throttle>, Error> {
    let rate = settings.get("ThrottlingRateLimit");
    let burst = settings.get("ThrottlingBurstLimit");
    if rate.is_none() && burst.is_none() {
        return Ok(None);
    }
    // The account's limits stand in for the one that is missing.
    Ok(Some(Throttle {
        rate: number(rate, 10_000.0)?,
        burst: number(burst, 5_000.0)?,
    }))
}

pub(super) fn route(function: &str, properties: &Value, apis: &Apis) -> Result<Route, Error> {
    let method = properties.get("Method").map(scalar).unwrap_or_default();
    let path = properties.get("Path").map(scalar).unwrap_or_default();
    let key = match (method.to_ascii_uppercase().as_str(), path.as_str()) {
        ("" | "ANY" | "X-AMAZON-APIGATEWAY-ANY-METHOD", "" | "$default") => "$default".to_owned(),
        ("" | "ANY" | "X-AMAZON-APIGATEWAY-ANY-METHOD", path) => format!("ANY {path}"),
        (method, path) if path.starts_with('/') => format!("{method} {path}"),
        _ => return Err(Error::new(format!("{method} {path} is no route"))),
    };
    let own = throttle(properties.get("RouteSettings").unwrap_or(&Value::Null))?;
    let throttle = own
        .or_else(|| apis.0.get(&key).copied())
        .or_else(|| apis.0.get("").copied());
    Ok(Route {
        function: function.to_owned(),
        key,
        throttle,
    })
}

pub(super) fn schedule(function: &str, name: &str, properties: &Value) -> Result<Schedule, Error> {
    let expression = properties
        .get("ScheduleExpression")
        .or_else(|| properties.get("Schedule"))
        .map(scalar)
        .unwrap_or_default();
    let off = properties.get("State").is_some_and(|it| scalar(it) == "DISABLED")
        || properties.get("Enabled").is_some_and(|it| scalar(it) == "false");
    let input = match properties.get("Input") {
        Some(Value::String(text)) => {
            serde_json::from_str(text).map_err(|it| Error::new(format!("Input is not JSON: {it}")))?
        }
        Some(other) => other.clone(),
        None => Value::Object(Map::new()),
    };
    Ok(Schedule {
        name: name.to_owned(),
        function: function.to_owned(),
        every: rate(&expression).filter(|_| !off),
        expression,
        input,
    })
}

fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression
        .strip_prefix("rate(")?
        .strip_suffix(')')?
        .split_once(' ')?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|it| *it > 0)?;
    Some(Duration::from_secs(count.saturating_mul(seconds)))
}

pub(super) fn mapping(function: &str, properties: &Value) -> Result<Mapping, Error> {
    let text = |name: &str| properties.get(name).map(scalar).unwrap_or_default();
    let stream = text("Stream");
    let table = stream
        .strip_suffix(".StreamArn")
        .ok_or_else(|| Error::new("Stream must be !GetAtt of a table's StreamArn"))?;
    let mut filters = Vec::new();
    let patterns = properties
        .pointer("/FilterCriteria/Filters")
        .and_then(Value::as_array);
    for filter in patterns.into_iter().flatten() {
        let pattern = filter.get("Pattern").map(scalar).unwrap_or_default();
        filters.push(
            serde_json::from_str(&pattern).map_err(|it| Error::new(format!("filter {pattern}: {it}")))?,
        );
    }
    let reports = properties
        .get("FunctionResponseTypes")
        .and_then(Value::as_array)
        .is_some_and(|it| it.iter().any(|it| it == "ReportBatchItemFailures"));
    Ok(Mapping {
        function: function.to_owned(),
        table: table.to_owned(),
        batch_size: number(properties.get("BatchSize"), 100)?,
        start: match text("StartingPosition").as_str() {
            "LATEST" => Start::Latest,
            "TRIM_HORIZON" => Start::TrimHorizon,
            other => return Err(Error::new(format!("StartingPosition {other} is not known"))),
        },
        filters,
        reports_item_failures: reports,
        bisects: text("BisectBatchOnFunctionError") == "true",
        retries: u32::try_from(number(properties.get("MaximumRetryAttempts"), -1_i64)?).ok(),
    })
}
