//! CloudFormation's functions (`!Ref`, `!Sub`, `!If` ...), evaluated with parameters' values and local names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Error;

/// The region every local name and signature carries.
pub(crate) const REGION: &str = "us-east-1";
/// The account of every local name.
pub(crate) const ACCOUNT: &str = "000000000000";

/// Reads YAML, turning short tags into their long form: `!Ref X` is `{"Ref": "X"}`, `!Sub x` is `{"Fn::Sub": "x"}`.
pub(super) fn read(text: &str) -> Result<Value, Error> {
    let yaml: serde_norway::Value = serde_norway::from_str(text).map_err(|it| Error::new(it.to_string()))?;
    long_form(yaml)
}

fn long_form(yaml: serde_norway::Value) -> Result<Value, Error> {
    use serde_norway::Value as Yaml;
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(it) => Value::Bool(it),
        Yaml::Number(it) => serde_json::to_value(it).map_err(|it| Error::new(it.to_string()))?,
        Yaml::String(it) => Value::String(it),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(long_form).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(scalar(&long_form(key)?), long_form(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(name, long_form(tagged.value)?)]))
        }
    })
}

/// A scalar as CloudFormation writes it into a string.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Everything names can stand for.
#[derive(Debug)]
pub(super) struct Names {
    /// Parameters and their values.
    pub(super) parameters: BTreeMap<String, Value>,
    /// What `!Ref` of a resource gives, by logical id.
    pub(super) resources: BTreeMap<String, String>,
    /// The template's `Conditions`, unevaluated.
    pub(super) conditions: Map<String, Value>,
    /// The template's `Mappings`.
    pub(super) mappings: Value,
    /// The stack's name.
    pub(super) stack: String,
}

impl Names {
    /// The value with every function evaluated; `AWS::NoValue` is `None` and leaves its parent.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, Error> {
        match value {
            Value::Object(object) => {
                if let Some((function, argument)) = call(object) {
                    return self.call(function, argument);
                }
                let mut resolved = Map::new();
                for (key, value) in object {
                    if let Some(value) = self.resolve(value)? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            Value::Array(items) => {
                let mut resolved = Vec::new();
                for item in items {
                    resolved.extend(self.resolve(item)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Whether the named condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, Error> {
        let condition = self
            .conditions
            .get(name)
            .ok_or_else(|| Error::new(format!("condition {name} is not defined")))?;
        self.truth(condition)
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Option<Value>, Error> {
        let text = |text: String| Ok(Some(Value::String(text)));
        match function {
            "Ref" => self.reference(&scalar(argument)),
            "Fn::GetAtt" => text(attribute(argument)),
            "Fn::Sub" => text(self.substitute(argument)?),
            "Fn::Join" => {
                let (separator, list) = self.pair(argument)?;
                let list: Vec<String> = list.as_array().into_iter().flatten().map(scalar).collect();
                text(list.join(&scalar(&separator)))
            }
            "Fn::Split" => {
                let (separator, whole) = self.pair(argument)?;
                let parts = scalar(&whole)
                    .split(&scalar(&separator))
                    .map(Value::from)
                    .collect();
                Ok(Some(Value::Array(parts)))
            }
            "Fn::Select" => {
                let (index, list) = self.pair(argument)?;
                let index: usize = scalar(&index)
                    .parse()
                    .map_err(|_| Error::new("Fn::Select needs a number"))?;
                Ok(list.get(index).cloned())
            }
            "Fn::If" => {
                let [name, yes, no] = arguments(argument)?;
                self.resolve(if self.condition(&scalar(name))? { yes } else { no })
            }
            "Fn::FindInMap" => {
                let [map, first, second] = arguments(argument)?;
                let key = |it| self.resolve(it).map(|it| scalar(&it.unwrap_or_default()));
                let (map, first, second) = (key(map)?, key(first)?, key(second)?);
                let found = self
                    .mappings
                    .get(&map)
                    .and_then(|it| it.get(&first))
                    .and_then(|it| it.get(&second));
                match found {
                    Some(value) => Ok(Some(value.clone())),
                    None => Err(Error::new(format!("no {map}.{first}.{second} in Mappings"))),
                }
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition" => {
                Ok(Some(Value::Bool(self.truth(&Value::Object(Map::from_iter(
                    [(function.to_owned(), argument.clone())],
                )))?)))
            }
            // What only the real cloud knows keeps its long form; nothing that runs locally asks for it.
            _ => Ok(Some(Value::Object(Map::from_iter([(
                function.to_owned(),
                argument.clone(),
            )])))),
        }
    }

    fn truth(&self, condition: &Value) -> Result<bool, Error> {
        let Some((function, argument)) = condition.as_object().and_then(call) else {
            return Ok(condition.as_bool().unwrap_or(scalar(condition) == "true"));
        };
        match function {
            "Fn::Equals" => {
                let (left, right) = self.pair(argument)?;
                Ok(scalar(&left) == scalar(&right))
            }
            "Fn::Not" => {
                let [inner] = arguments(argument)?;
                Ok(!self.truth(inner)?)
            }
            "Fn::And" | "Fn::Or" => {
                let wanted = function == "Fn::Or";
                for inner in argument.as_array().into_iter().flatten() {
                    if self.truth(inner)? == wanted {
                        return Ok(wanted);
                    }
                }
                Ok(!wanted)
            }
            "Condition" => self.condition(&scalar(argument)),
            other => Err(Error::new(format!("{other} is no condition"))),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, Error> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = self.resources.get(name) {
            return Ok(Some(Value::from(value.as_str())));
        }
        Ok(match name {
            "AWS::NoValue" => None,
            "AWS::Region" => Some(REGION.into()),
            "AWS::AccountId" => Some(ACCOUNT.into()),
            "AWS::Partition" => Some("aws".into()),
            "AWS::StackName" => Some(self.stack.as_str().into()),
            "AWS::URLSuffix" => Some("amazonaws.com".into()),
            _ => {
                return Err(Error::new(format!(
                    "{name} is neither a parameter nor a resource"
                )));
            }
        })
    }

    fn substitute(&self, argument: &Value) -> Result<String, Error> {
        let (text, own) = match argument {
            Value::Array(parts) => (
                parts.first().map(scalar).unwrap_or_default(),
                parts.get(1).cloned().unwrap_or_default(),
            ),
            other => (scalar(other), Value::Null),
        };
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| Error::new(format!("unclosed ${{ in {text}")))?;
            out.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.get(name) {
                out.push_str(&scalar(&self.resolve(value)?.unwrap_or_default()));
            } else if name.contains('.') {
                out.push_str(name);
            } else {
                out.push_str(&scalar(&self.reference(name)?.unwrap_or_default()));
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn pair(&self, argument: &Value) -> Result<(Value, Value), Error> {
        let [first, second] = arguments(argument)?;
        Ok((
            self.resolve(first)?.unwrap_or_default(),
            self.resolve(second)?.unwrap_or_default(),
        ))
    }
}

/// Attributes have no local values: `Table.StreamArn` stands for itself, which is enough to know what is meant.
fn attribute(argument: &Value) -> String {
    match argument {
        Value::Array(parts) => parts.iter().map(scalar).collect::<Vec<_>>().join("."),
        other => scalar(other),
    }
}

fn call(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((name, argument)), None)
            if name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string()) =>
        {
            Some((name, argument))
        }
        _ => None,
    }
}

fn arguments<const N: usize>(argument: &Value) -> Result<&[Value; N], Error> {
    argument
        .as_array()
        .and_then(|it| <&[Value; N]>::try_from(it.as_slice()).ok())
        .ok_or_else(|| Error::new(format!("a function needs {N} arguments, not {argument}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        let template = read(
            "Conditions:\n  Big: !Equals [!Ref Size, large]\n  Small: !Not [!Condition Big]\nMappings: {Sizes: {large: {Memory: 512}}}\n",
        )
        .unwrap();
        Names {
            parameters: BTreeMap::from([("Size".to_owned(), json!("large"))]),
            resources: BTreeMap::from([("Table".to_owned(), "local-Table".to_owned())]),
            conditions: template["Conditions"].as_object().unwrap().clone(),
            mappings: template["Mappings"].clone(),
            stack: "local".to_owned(),
        }
    }

    #[test]
    fn functions_have_the_values_cloudformation_gives_them() {
        let table = [
            ("!Ref Size", Some(json!("large"))),
            ("!Ref Table", Some(json!("local-Table"))),
            ("!Ref AWS::NoValue", None),
            ("!GetAtt Table.StreamArn", Some(json!("Table.StreamArn"))),
            ("Fn::GetAtt: [Table, StreamArn]", Some(json!("Table.StreamArn"))),
            (
                "!Sub '${AWS::StackName}-${Size}-${!literal}'",
                Some(json!("local-large-${literal}")),
            ),
            (
                "!Sub ['${a}/${Table}', {a: !Ref Size}]",
                Some(json!("large/local-Table")),
            ),
            ("!Sub 'no ${unclosed'", None),
            ("!If [Big, yes-it-is, no]", Some(json!("yes-it-is"))),
            ("!If [Small, a, !Ref AWS::NoValue]", None),
            ("!Join ['-', [a, !Ref Size]]", Some(json!("a-large"))),
            ("!Select [1, !Split [',', 'a,b']]", Some(json!("b"))),
            ("!FindInMap [Sizes, !Ref Size, Memory]", Some(json!(512))),
            (
                "{a: !Ref AWS::NoValue, b: [1, !Ref AWS::NoValue]}",
                Some(json!({"b": [1]})),
            ),
        ];
        for (yaml, expected) in table {
            let value = read(yaml).unwrap();
            assert_eq!(names().resolve(&value).unwrap_or_default(), expected, "{yaml}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_it() {
        let error = names().resolve(&json!({"Ref": "Tabel"})).unwrap_err();
        assert!(error.to_string().contains("Tabel"));
    }
}
