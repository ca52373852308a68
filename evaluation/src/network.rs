//! The Bayesian network of browsers: what a user agent makes likely.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::Result;
use crate::random::Random;

/// Reads as JSON what the network keeps as text.
const STRINGIFIED: &str = "*STRINGIFIED*";
const MISSING: &str = "*MISSING_VALUE*";

/// User agents, and the components that depend on each.
pub(crate) struct Network {
    /// The user agents.
    pub(crate) agents: Vec<String>,
    shares: Shares,
    tables: HashMap<String, Table>,
}

/// Values with their likelihoods, given the user agent.
struct Table {
    values: Vec<Value>,
    /// By number of the user agent.
    shares: Vec<Shares>,
}

/// Numbers of values with the sum of likelihoods up to and with each.
type Shares = Vec<(usize, f64)>;

impl Network {
    /// Reads the network.
    ///
    /// # Errors
    /// When the file is not there or no such network.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}; run tools/fetch-evaluation-data", path.display()))?;
        let document: Value = serde_json::from_str(&text)?;
        let nodes = document["nodes"].as_array().ok_or("the network has no nodes")?;
        let find = |name: &str| {
            let node = nodes.iter().find(|node| node["name"] == name);
            node.ok_or_else(|| format!("the network has no node {name}"))
        };

        let root = object(&find("userAgent")?["conditionalProbabilities"])?;
        let agents: Vec<String> = root.keys().cloned().collect();
        let shares = cumulative(root.values().enumerate())?;
        let mut tables = HashMap::new();
        for name in Self::COMPONENTS {
            let node = find(name)?;
            tables.insert((*name).to_owned(), Table::read(node, &agents)?);
        }
        Ok(Self {
            agents,
            shares,
            tables,
        })
    }

    const COMPONENTS: &[&str] = &[
        "userAgentData",
        "extraProperties",
        "maxTouchPoints",
        "deviceMemory",
        "hardwareConcurrency",
        "vendor",
        "platform",
        "screen",
        "pluginsData",
        "videoCard",
        "fonts",
    ];

    /// A user agent, by its number.
    pub(crate) fn agent(&self, random: &mut Random) -> usize {
        draw(&self.shares, random).unwrap_or_default()
    }

    /// A component's value for a user agent; null where it has none.
    pub(crate) fn component(&self, name: &str, agent: usize, random: &mut Random) -> &Value {
        let drawn = self.tables.get(name).and_then(|table| {
            let number = draw(table.shares.get(agent)?, random)?;
            table.values.get(number)
        });
        drawn.unwrap_or(&Value::Null)
    }
}

impl Table {
    fn read(node: &Value, agents: &[String]) -> Result<Self> {
        let mut values = Vec::new();
        let mut numbers = HashMap::new();
        let given = object(&node["conditionalProbabilities"]["deeper"])?;
        let mut shares = Vec::with_capacity(agents.len());
        for agent in agents {
            let likely = object(given.get(agent).ok_or("a user agent has no table")?)?;
            let mut row = Vec::with_capacity(likely.len());
            for (value, share) in likely {
                let number = *numbers.entry(value.clone()).or_insert(values.len());
                if number == values.len() {
                    values.push(decode(value)?);
                }
                row.push((number, share));
            }
            shares.push(cumulative(row)?);
        }
        Ok(Self { values, shares })
    }
}

fn decode(value: &str) -> Result<Value> {
    match value.strip_prefix(STRINGIFIED) {
        Some(json) => Ok(serde_json::from_str(json)?),
        None if value == MISSING => Ok(Value::Null),
        None => Ok(Value::String(value.to_owned())),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| "no object where the network has one".into())
}

fn cumulative<'a>(shares: impl IntoIterator<Item = (usize, &'a Value)>) -> Result<Shares> {
    let mut sum = 0.0;
    shares
        .into_iter()
        .map(|(number, share)| {
            sum += share.as_f64().ok_or("a likelihood is no number")?;
            Ok((number, sum))
        })
        .collect()
}

fn draw(shares: &Shares, random: &mut Random) -> Option<usize> {
    let (_, all) = shares.last()?;
    let wanted = random.unit() * all;
    let at = shares.partition_point(|(_, sum)| *sum <= wanted);
    shares.get(at).or(shares.last()).map(|(number, _)| *number)
}
