//! Condition, update and key expressions of DynamoDB, as far as the store uses them.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// An item, in DynamoDB's own JSON.
pub(crate) type Item = Map<String, Value>;

/// Why an expression cannot be evaluated, in DynamoDB's words as far as the store reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid(pub(crate) String);

fn invalid<T>(what: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid(what.into()))
}

/// What the placeholders of a request stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placeholders<'a> {
    pub(crate) names: Option<&'a Item>,
    pub(crate) values: Option<&'a Item>,
}

impl<'a> Placeholders<'a> {
    /// Those of a request.
    pub(crate) fn of(request: &'a Value) -> Self {
        Self {
            names: request["ExpressionAttributeNames"].as_object(),
            values: request["ExpressionAttributeValues"].as_object(),
        }
    }

    /// The attribute a word stands for.
    pub(crate) fn name(self, word: &'a str) -> Result<&'a str, Invalid> {
        if !word.starts_with('#') {
            return Ok(word);
        }
        let name = self.names.and_then(|it| it.get(word)).and_then(Value::as_str);
        name.map_or_else(|| invalid(format!("no name for {word}")), Ok)
    }

    fn value(self, word: &str) -> Result<&'a Value, Invalid> {
        let value = self.values.and_then(|it| it.get(word));
        value.map_or_else(|| invalid(format!("no value for {word}")), Ok)
    }
}

type Path = Vec<String>;

/// A value of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Path(Path),
    Value(String),
    Size(Path),
    IfNotExists(Path, Box<Operand>),
    Sum(Box<Operand>, Box<Operand>),
}

/// A condition.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(String, Operand, Operand),
    Exists(Path),
    Missing(Path),
    Contains(Path, Operand),
}

/// What an update does.
#[derive(Debug, Clone)]
enum Action {
    Set(Path, Operand),
    Remove(Path),
    Add(Path, String),
    Delete(Path, String),
}

/// An update.
#[derive(Debug, Clone)]
pub(crate) struct Update(Vec<Action>);

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn peek(&self) -> &'a str {
        let rest = self.rest.trim_start();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_#:.".contains(c);
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if 0 < end {
            return &rest[..end];
        }
        let double = rest.get(..2).filter(|it| ["<=", ">=", "<>"].contains(it));
        double.unwrap_or_else(|| &rest[..rest.len().min(1)])
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.rest = &self.rest.trim_start()[token.len()..];
        token
    }

    fn takes(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), Invalid> {
        if self.takes(token) {
            return Ok(());
        }
        invalid(format!("{token} expected before {}", self.rest))
    }

    fn path(&mut self) -> Path {
        self.next().split('.').map(str::to_owned).collect()
    }

    fn operand(&mut self) -> Result<Operand, Invalid> {
        let first = match self.peek() {
            "size" => {
                self.next();
                self.expect("(")?;
                let path = self.path();
                self.expect(")")?;
                Operand::Size(path)
            }
            "if_not_exists" => {
                self.next();
                self.expect("(")?;
                let path = self.path();
                self.expect(",")?;
                let other = self.operand()?;
                self.expect(")")?;
                Operand::IfNotExists(path, Box::new(other))
            }
            token if token.starts_with(':') => Operand::Value(self.next().to_owned()),
            _ => Operand::Path(self.path()),
        };
        if self.takes("+") {
            return Ok(Operand::Sum(Box::new(first), Box::new(self.operand()?)));
        }
        Ok(first)
    }

    fn condition(&mut self) -> Result<Condition, Invalid> {
        let mut left = self.conjunction()?;
        while self.takes("OR") {
            left = Condition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, Invalid> {
        let mut left = self.single()?;
        while self.takes("AND") {
            left = Condition::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Condition, Invalid> {
        if self.takes("NOT") {
            return Ok(Condition::Not(Box::new(self.single()?)));
        }
        if self.takes("(") {
            let inner = self.condition()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if let function @ ("attribute_exists" | "attribute_not_exists" | "contains") = self.peek() {
            self.next();
            self.expect("(")?;
            let path = self.path();
            let condition = match function {
                "attribute_exists" => Condition::Exists(path),
                "attribute_not_exists" => Condition::Missing(path),
                _ => {
                    self.expect(",")?;
                    Condition::Contains(path, self.operand()?)
                }
            };
            self.expect(")")?;
            return Ok(condition);
        }
        let left = self.operand()?;
        let operator = self.next().to_owned();
        if !["=", "<>", "<", "<=", ">", ">="].contains(&operator.as_str()) {
            return invalid(format!("no operator: {operator}"));
        }
        Ok(Condition::Compare(operator, left, self.operand()?))
    }

    fn update(&mut self) -> Result<Update, Invalid> {
        let (mut actions, mut clause) = (Vec::new(), "");
        while !self.peek().is_empty() {
            if let keyword @ ("SET" | "REMOVE" | "ADD" | "DELETE") = self.peek() {
                self.next();
                clause = keyword;
            } else {
                self.expect(",")?;
            }
            let path = self.path();
            actions.push(match clause {
                "SET" => {
                    self.expect("=")?;
                    Action::Set(path, self.operand()?)
                }
                "REMOVE" => Action::Remove(path),
                "ADD" => Action::Add(path, self.next().to_owned()),
                "DELETE" => Action::Delete(path, self.next().to_owned()),
                _ => return invalid("no clause"),
            });
        }
        Ok(Update(actions))
    }
}

fn find<'i>(item: &'i Item, path: &[String], words: Placeholders<'_>) -> Result<Option<&'i Value>, Invalid> {
    let mut at = None;
    for (depth, word) in path.iter().enumerate() {
        let name = words.name(word)?;
        let inside = if depth == 0 {
            Some(item)
        } else {
            at.and_then(|it: &Value| it["M"].as_object())
        };
        at = inside.and_then(|it| it.get(name));
        if at.is_none() {
            return Ok(None);
        }
    }
    Ok(at)
}

/// The map a path leads into, and the name in it.
fn into<'i>(
    item: &'i mut Item,
    path: &[String],
    words: Placeholders<'_>,
) -> Result<(&'i mut Item, String), Invalid> {
    let (last, way) = path.split_last().ok_or(Invalid("no path".to_owned()))?;
    let mut at = item;
    for word in way {
        let name = words.name(word)?;
        let inner = at.get_mut(name).and_then(|it| it.get_mut("M"));
        let Some(inner) = inner.and_then(Value::as_object_mut) else {
            return invalid("The document path provided in the update expression is invalid for update");
        };
        at = inner;
    }
    Ok((at, words.name(last)?.to_owned()))
}

fn typed(value: &Value) -> Option<(&str, &Value)> {
    let (kind, inner) = value.as_object()?.iter().next()?;
    Some((kind.as_str(), inner))
}

fn integer(value: &Value) -> Option<i128> {
    value.as_str()?.parse().ok()
}

/// The members of a set, in one order.
fn members(value: &Value) -> Vec<String> {
    let mut members: Vec<_> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    members.sort();
    members
}

fn same(left: &Value, right: &Value) -> bool {
    match (typed(left), typed(right)) {
        (Some((one, a)), Some((other, b))) if one == other => match one {
            "N" => integer(a).zip(integer(b)).map_or(a == b, |(a, b)| a == b),
            "SS" | "NS" | "BS" => members(a) == members(b),
            "M" => {
                let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
                    return false;
                };
                a.len() == b.len()
                    && a.iter()
                        .all(|(name, it)| b.get(name).is_some_and(|b| same(it, b)))
            }
            _ => a == b,
        },
        _ => false,
    }
}

/// The order of two values, where they have one.
pub(crate) fn compared(left: &Value, right: &Value) -> Option<Ordering> {
    match (typed(left)?, typed(right)?) {
        (("N", a), ("N", b)) => Some(integer(a)?.cmp(&integer(b)?)),
        (("S", a), ("S", b)) => Some(a.as_str()?.cmp(b.as_str()?)),
        _ => None,
    }
}

fn size(value: &Value) -> Option<usize> {
    let (kind, inner) = typed(value)?;
    Some(match kind {
        "S" => inner.as_str()?.len(),
        "B" => {
            let text = inner.as_str()?;
            text.len() / 4 * 3 - text.bytes().rev().take_while(|it| *it == b'=').count()
        }
        "M" => inner.as_object()?.len(),
        "L" | "SS" | "NS" | "BS" => inner.as_array()?.len(),
        _ => return None,
    })
}

impl Operand {
    fn value(&self, item: &Item, words: Placeholders<'_>) -> Result<Option<Value>, Invalid> {
        Ok(match self {
            Self::Path(path) => find(item, path, words)?.cloned(),
            Self::Value(word) => Some(words.value(word)?.clone()),
            Self::Size(path) => find(item, path, words)?
                .and_then(size)
                .map(|size| json!({"N": size.to_string()})),
            Self::IfNotExists(path, other) => match find(item, path, words)? {
                Some(value) => Some(value.clone()),
                None => other.value(item, words)?,
            },
            Self::Sum(left, right) => {
                let number = |it: Option<Value>| it.as_ref().and_then(|it| integer(&it["N"]));
                let (left, right) = (left.value(item, words)?, right.value(item, words)?);
                match number(left).zip(number(right)) {
                    Some((a, b)) => Some(json!({"N": (a + b).to_string()})),
                    None => return invalid("a sum of what are no numbers"),
                }
            }
        })
    }
}

impl Condition {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let mut tokens = Tokens { rest: text };
        let condition = tokens.condition()?;
        match tokens.peek() {
            "" => Ok(condition),
            rest => invalid(format!("{rest} left of {text}")),
        }
    }

    /// Whether it holds for an item.
    pub(crate) fn holds(&self, item: &Item, words: Placeholders<'_>) -> Result<bool, Invalid> {
        Ok(match self {
            Self::And(left, right) => left.holds(item, words)? && right.holds(item, words)?,
            Self::Or(left, right) => left.holds(item, words)? || right.holds(item, words)?,
            Self::Not(inner) => !inner.holds(item, words)?,
            Self::Exists(path) => find(item, path, words)?.is_some(),
            Self::Missing(path) => find(item, path, words)?.is_none(),
            Self::Contains(path, operand) => {
                let (Some(value), Some(wanted)) = (find(item, path, words)?, operand.value(item, words)?)
                else {
                    return Ok(false);
                };
                match (typed(value), typed(&wanted)) {
                    (Some(("BS", set)), Some(("B", one)))
                    | (Some(("SS", set)), Some(("S", one)))
                    | (Some(("NS", set)), Some(("N", one))) => {
                        set.as_array().is_some_and(|it| it.contains(one))
                    }
                    (Some(("S", text)), Some(("S", part))) => text
                        .as_str()
                        .zip(part.as_str())
                        .is_some_and(|(text, part)| text.contains(part)),
                    _ => false,
                }
            }
            Self::Compare(operator, left, right) => {
                let (Some(left), Some(right)) = (left.value(item, words)?, right.value(item, words)?) else {
                    return Ok(false);
                };
                match operator.as_str() {
                    "=" => same(&left, &right),
                    "<>" => !same(&left, &right),
                    other => compared(&left, &right).is_some_and(|order| match other {
                        "<" => order.is_lt(),
                        "<=" => order.is_le(),
                        ">" => order.is_gt(),
                        _ => order.is_ge(),
                    }),
                }
            }
        })
    }
}

impl Update {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        Tokens { rest: text }.update()
    }

    /// The item after it.
    pub(crate) fn apply(&self, item: &Item, words: Placeholders<'_>) -> Result<Item, Invalid> {
        let mut next = item.clone();
        for action in &self.0 {
            match action {
                Action::Set(path, operand) => {
                    let Some(value) = operand.value(item, words)? else {
                        return invalid("an attribute that does not exist");
                    };
                    let (map, name) = into(&mut next, path, words)?;
                    map.insert(name, value);
                }
                Action::Remove(path) => {
                    let (map, name) = into(&mut next, path, words)?;
                    map.shift_remove(&name);
                }
                Action::Add(path, word) => {
                    let added = words.value(word)?;
                    let (map, name) = into(&mut next, path, words)?;
                    let sum = match (map.get(&name), typed(added)) {
                        (None, _) => added.clone(),
                        (Some(old), Some(("N", number))) => {
                            let sum = integer(&old["N"]).zip(integer(number)).map(|(a, b)| a + b);
                            let Some(sum) = sum else {
                                return invalid("a sum of what are no numbers");
                            };
                            json!({"N": sum.to_string()})
                        }
                        (Some(old), Some((kind, set))) => {
                            let mut all = members(&old[kind]);
                            all.extend(members(set));
                            all.sort();
                            all.dedup();
                            json!({kind: all})
                        }
                        _ => return invalid("nothing to add"),
                    };
                    map.insert(name, sum);
                }
                Action::Delete(path, word) => {
                    let Some((kind, set)) = typed(words.value(word)?) else {
                        return invalid("nothing to delete");
                    };
                    let gone = members(set);
                    let (map, name) = into(&mut next, path, words)?;
                    let Some(old) = map.get(&name) else { continue };
                    let mut left = members(&old[kind]);
                    left.retain(|it| !gone.contains(it));
                    if left.is_empty() {
                        map.shift_remove(&name);
                    } else {
                        map.insert(name, json!({kind: left}));
                    }
                }
            }
        }
        Ok(next)
    }
}
