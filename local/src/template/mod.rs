//! `template.yaml`, read as far as a local cloud needs it: functions, their events, tables.
//!
//! What SAM would do to the template (Globals merged, defaults filled in) is done here; policies, alarms, dashboards
//! and queues are not read. Not supported, and refused or logged rather than guessed: `DefinitionBody`, `cron(...)`.

mod event;
mod intrinsics;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use event::{Mapping, Route, Schedule, Start, Throttle};
pub(crate) use intrinsics::{ACCOUNT, REGION};
use intrinsics::{Names, scalar};

/// The stack's name locally; names CloudFormation would generate start with it.
const STACK: &str = "holdfast-local";

/// Why a template cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("template: {0}")]
pub struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    fn within(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

/// What `template.yaml` asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Functions, in the template's order.
    pub functions: Vec<Function>,
    /// Routes of the HTTP API.
    pub routes: Vec<Route>,
    /// What fires at intervals.
    pub schedules: Vec<Schedule>,
    /// Streams that feed functions.
    pub mappings: Vec<Mapping>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its id in the template: `CreateSessionFunction`.
    pub logical_id: String,
    /// Its name in the cloud.
    pub name: String,
    /// Its package and binary: `create-session`.
    pub package: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in MB, as the function is told; it is not enforced.
    pub memory_mb: u32,
    /// Most invocations at a time, when the template reserves them.
    pub reserved_concurrency: Option<usize>,
    /// The template's environment variables.
    pub environment: BTreeMap<String, String>,
    /// `LoggingConfig`: format, then level of the application's lines.
    pub log_format: Option<(String, Option<String>)>,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its id in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// The body of its `CreateTable` request.
    pub create: Value,
    /// Its time-to-live attribute.
    pub ttl_attribute: Option<String>,
}

impl Template {
    /// Reads the template in `file`; `parameters` override the defaults.
    pub fn load(file: &Path, parameters: &BTreeMap<String, String>) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(file).map_err(|it| Error::new(format!("{}: {it}", file.display())))?;
        Self::read(&text, parameters)
    }

    /// Reads a template; `parameters` override the defaults.
    pub fn read(text: &str, parameters: &BTreeMap<String, String>) -> Result<Self, Error> {
        let document = intrinsics::read(text)?;
        let (names, resources) = names(&document, parameters)?;
        let mut template = Self {
            functions: Vec::new(),
            routes: Vec::new(),
            schedules: Vec::new(),
            mappings: Vec::new(),
            tables: Vec::new(),
        };
        let apis = event::Apis::read(&names, &document, &resources)?;
        for (id, resource) in &resources {
            let properties = resource.get("Properties").cloned().unwrap_or_else(|| json!({}));
            let read = match resource.get("Type").and_then(Value::as_str) {
                Some("AWS::DynamoDB::Table") => {
                    table(&names, id, &properties).map(|it| template.tables.push(it))
                }
                Some("AWS::Serverless::Function") => {
                    let merged = merge(document.pointer("/Globals/Function"), &properties);
                    function(&names, id, resource, &merged)
                        .and_then(|it| template.add(it, &names, &apis, &properties))
                }
                _ => Ok(()),
            };
            read.map_err(|it| it.within(id))?;
        }
        Ok(template)
    }

    /// The function with this logical id, name or package.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|it| it.package == name || it.logical_id == name || it.name == name)
    }

    fn add(
        &mut self,
        function: Function,
        names: &Names,
        apis: &event::Apis,
        properties: &Value,
    ) -> Result<(), Error> {
        for (name, event) in properties
            .get("Events")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            self.add_event(&function, names, apis, name, event)
                .map_err(|it| it.within(name))?;
        }
        self.functions.push(function);
        Ok(())
    }

    fn add_event(
        &mut self,
        function: &Function,
        names: &Names,
        apis: &event::Apis,
        name: &str,
        event: &Value,
    ) -> Result<(), Error> {
        let kind = event.get("Type").map(scalar).unwrap_or_default();
        let properties = names
            .resolve(event.get("Properties").unwrap_or(&Value::Null))?
            .unwrap_or_default();
        match kind.as_str() {
            "HttpApi" => self
                .routes
                .push(event::route(&function.logical_id, &properties, apis)?),
            "ScheduleV2" | "Schedule" => {
                self.schedules
                    .push(event::schedule(&function.logical_id, name, &properties)?);
            }
            "DynamoDB" => self
                .mappings
                .push(event::mapping(&function.logical_id, &properties)?),
            other => return Err(Error::new(format!("events of type {other} do not run locally"))),
        }
        Ok(())
    }
}

/// Parameter values, names of resources, and the resources whose condition holds.
fn names(
    document: &Value,
    overrides: &BTreeMap<String, String>,
) -> Result<(Names, Vec<(String, Value)>), Error> {
    let section = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let known = section("Parameters");
    if let Some(unknown) = overrides.keys().find(|it| !known.contains_key(*it)) {
        return Err(Error::new(format!("there is no parameter {unknown}")));
    }
    let mut parameters = BTreeMap::new();
    for (name, parameter) in known {
        let text = match (overrides.get(&name), parameter.get("Default")) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => scalar(default),
            (None, None) => return Err(Error::new(format!("parameter {name} has no default"))),
        };
        let list = parameter.get("Type").map(scalar).unwrap_or_default();
        let value = if list == "CommaDelimitedList" || list.starts_with("List<") {
            text.split(',')
                .filter(|it| !it.is_empty())
                .map(|it| Value::from(it.trim()))
                .collect()
        } else {
            Value::String(text)
        };
        parameters.insert(name, value);
    }

    let mut names = Names {
        parameters,
        resources: BTreeMap::new(),
        conditions: section("Conditions"),
        mappings: document.get("Mappings").cloned().unwrap_or_default(),
        stack: STACK.to_owned(),
    };
    let mut resources = Vec::new();
    for (id, resource) in section("Resources") {
        // Every resource can be named, also one whose condition is false: only a true `!If` arm asks for it.
        names.resources.insert(id.clone(), format!("{STACK}-{id}"));
        let present = match resource.get("Condition").and_then(Value::as_str) {
            Some(condition) => names.condition(condition)?,
            None => true,
        };
        if present {
            resources.push((id, resource));
        }
    }
    let ids: HashSet<String> = names.resources.keys().cloned().collect();
    for (id, resource) in &resources {
        let own = ["TableName", "FunctionName"]
            .iter()
            .find_map(|it| resource.get("Properties")?.get(it));
        if let (Some(own), true) = (own, ids.contains(id))
            && let Some(name) = names.resolve(own)?
        {
            names.resources.insert(id.clone(), scalar(&name));
        }
    }
    Ok((names, resources))
}

/// SAM's merge of Globals: maps by key, lists one after the other, anything else replaced.
fn merge(global: Option<&Value>, own: &Value) -> Value {
    match (global, own) {
        (Some(Value::Object(global)), Value::Object(own)) => {
            let mut merged: Map<String, Value> = global.clone();
            for (key, value) in own {
                merged.insert(key.clone(), merge(global.get(key), value));
            }
            Value::Object(merged)
        }
        (Some(Value::Array(global)), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (_, own) => own.clone(),
    }
}

fn function(names: &Names, id: &str, resource: &Value, properties: &Value) -> Result<Function, Error> {
    let value = |name: &str| match properties.get(name) {
        Some(value) => names.resolve(value).map_err(|it| it.within(name)),
        None => Ok(None),
    };
    let code = value("CodeUri")?.map(|it| scalar(&it)).unwrap_or_default();
    let binary = resource
        .pointer("/Metadata/BuildProperties/Binary")
        .map(scalar)
        .or_else(|| code.trim_end_matches('/').rsplit('/').next().map(str::to_owned))
        .filter(|it| !it.is_empty() && it != ".")
        .ok_or_else(|| Error::new("neither CodeUri nor Metadata says which package it is"))?;
    let environment = value("Environment")?.unwrap_or_default();
    let environment = environment
        .get("Variables")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), scalar(value)))
        .collect();
    let logging = value("LoggingConfig")?.unwrap_or_default();
    Ok(Function {
        logical_id: id.to_owned(),
        name: value("FunctionName")?.map_or_else(|| format!("{STACK}-{id}"), |it| scalar(&it)),
        package: binary,
        timeout: Duration::from_secs(number(value("Timeout")?.as_ref(), 3)?),
        memory_mb: number(value("MemorySize")?.as_ref(), 128)?,
        reserved_concurrency: match value("ReservedConcurrentExecutions")? {
            Some(reserved) => Some(number(Some(&reserved), 0)?),
            None => None,
        },
        environment,
        log_format: logging
            .get("LogFormat")
            .map(|format| (scalar(format), logging.get("ApplicationLogLevel").map(scalar))),
    })
}

/// The parts of a table's properties that its `CreateTable` request has too. Protection against deletion, backups and
/// encryption mean nothing locally.
fn table(names: &Names, id: &str, properties: &Value) -> Result<Table, Error> {
    let value = |name: &str| match properties.get(name) {
        Some(value) => names.resolve(value).map_err(|it| it.within(name)),
        None => Ok(None),
    };
    let name = names.resources.get(id).cloned().unwrap_or_default();
    let mut create = Map::from_iter([("TableName".to_owned(), Value::from(name.as_str()))]);
    for part in [
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "LocalSecondaryIndexes",
    ] {
        if let Some(value) = value(part)? {
            create.insert(part.to_owned(), value);
        }
    }
    if let Some(Value::Array(indexes)) = value("GlobalSecondaryIndexes")? {
        let known = ["IndexName", "KeySchema", "Projection", "ProvisionedThroughput"];
        let indexes = indexes
            .iter()
            .map(|index| {
                known
                    .iter()
                    .filter_map(|it| Some(((*it).to_owned(), index.get(it)?.clone())))
                    .collect::<Map<_, _>>()
            })
            .map(Value::Object);
        create.insert("GlobalSecondaryIndexes".to_owned(), indexes.collect());
    }
    if let Some(stream) = value("StreamSpecification")? {
        let view = stream.get("StreamViewType").cloned().unwrap_or_default();
        create.insert(
            "StreamSpecification".to_owned(),
            json!({"StreamEnabled": true, "StreamViewType": view}),
        );
    }
    let ttl = value("TimeToLiveSpecification")?.unwrap_or_default();
    let enabled = ttl.get("Enabled").is_some_and(|it| scalar(it) == "true");
    Ok(Table {
        logical_id: id.to_owned(),
        name,
        create: Value::Object(create),
        ttl_attribute: ttl.get("AttributeName").filter(|_| enabled).map(scalar),
    })
}

/// A number that may be written as text, as parameters are.
fn number<T: std::str::FromStr>(value: Option<&Value>, default: T) -> Result<T, Error> {
    match value {
        Some(value) => scalar(value)
            .parse()
            .map_err(|_| Error::new(format!("{value} is not a number in range"))),
        None => Ok(default),
    }
}

#[cfg(test)]
mod tests;
