//! Which route a request belongs to.

use crate::template;

/// The routes of an API, asked by method and decoded path.
#[derive(Debug, Clone)]
pub(crate) struct Routes(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    /// Place of the route in the template's list.
    route: usize,
    pattern: Pattern,
}

#[derive(Debug, Clone)]
enum Pattern {
    Default,
    Path {
        method: Option<String>,
        segments: Vec<Segment>,
    },
}

/// In order of precedence: a literal is more specific than a variable, a greedy variable comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Greedy(String),
    Variable(String),
    Literal(String),
}

/// How closely a route matched; larger is closer. Segments decide first, then the method.
type Closeness = (Vec<u8>, bool);

/// A route that matched, and its path variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) route: usize,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Routes {
    pub(crate) fn new(routes: &[template::Route]) -> Self {
        let entries = routes.iter().enumerate().map(|(route, it)| Entry {
            route,
            pattern: pattern(&it.key),
        });
        Self(entries.collect())
    }

    /// The most specific route for `method` and `path`; `$default` when no other matches.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Match> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        self.0
            .iter()
            .filter_map(|entry| {
                let (closeness, parameters) = entry.pattern.matches(method, &segments)?;
                let route = entry.route;
                Some((closeness, Match { route, parameters }))
            })
            .max_by(|(left, _), (right, _)| left.cmp(right))
            .map(|(_, found)| found)
    }
}

impl Pattern {
    fn matches(&self, method: &str, path: &[&str]) -> Option<(Closeness, Vec<(String, String)>)> {
        let (own, segments) = match self {
            Self::Default => return Some(((Vec::new(), false), Vec::new())),
            Self::Path { method, segments } => (method, segments),
        };
        if own.as_deref().is_some_and(|it| it != method) {
            return None;
        }
        let mut closeness = Vec::new();
        let mut parameters = Vec::new();
        let mut rest = path;
        for segment in segments {
            let (value, tail) = rest.split_first()?;
            rest = tail;
            match segment {
                Segment::Literal(literal) if literal == value => closeness.push(3),
                Segment::Variable(name) if !value.is_empty() => {
                    closeness.push(2);
                    parameters.push((name.clone(), (*value).to_owned()));
                }
                Segment::Greedy(name) if !value.is_empty() || !tail.is_empty() => {
                    let whole = std::iter::once(value).chain(tail).copied();
                    closeness.push(1);
                    parameters.push((name.clone(), whole.collect::<Vec<_>>().join("/")));
                    rest = &[];
                }
                _ => return None,
            }
        }
        rest.is_empty()
            .then_some(((closeness, own.is_some()), parameters))
    }
}

fn pattern(key: &str) -> Pattern {
    let Some((method, path)) = key.split_once(' ') else {
        return Pattern::Default;
    };
    let segment = |text: &str| match text.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
        Some(name) => match name.strip_suffix('+') {
            Some(greedy) => Segment::Greedy(greedy.to_owned()),
            None => Segment::Variable(name.to_owned()),
        },
        None => Segment::Literal(text.to_owned()),
    };
    Pattern::Path {
        method: (method != "ANY").then(|| method.to_owned()),
        segments: path.trim_start_matches('/').split('/').map(segment).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_wins() {
        let keys = [
            "GET /sessions",
            "GET /sessions/{id}",
            "GET /sessions/active",
            "ANY /sessions/{id}",
            "ANY /files/{proxy+}",
            "GET /files/readme",
            "$default",
        ];
        let routes: Vec<template::Route> = keys
            .iter()
            .map(|key| template::Route {
                function: "F".to_owned(),
                key: (*key).to_owned(),
                throttle: None,
            })
            .collect();
        let routes = Routes::new(&routes);
        let table = [
            ("GET", "/sessions", "GET /sessions", ""),
            ("GET", "/sessions/", "$default", ""),
            ("POST", "/sessions", "$default", ""),
            ("GET", "/sessions/active", "GET /sessions/active", ""),
            ("GET", "/sessions/Active", "GET /sessions/{id}", "Active"),
            ("GET", "/sessions/b#1", "GET /sessions/{id}", "b#1"),
            ("DELETE", "/sessions/active", "ANY /sessions/{id}", "active"),
            ("GET", "/sessions/a/b", "$default", ""),
            ("GET", "/files/a/b", "ANY /files/{proxy+}", "a/b"),
            ("GET", "/files/readme", "GET /files/readme", ""),
            ("PUT", "/files/readme", "ANY /files/{proxy+}", "readme"),
            ("GET", "/files", "$default", ""),
            ("GET", "/files/", "$default", ""),
            ("GET", "/", "$default", ""),
        ];
        for (method, path, key, value) in table {
            let found = routes.find(method, path).unwrap();
            assert_eq!(keys[found.route], key, "{method} {path}");
            let values: Vec<&str> = found.parameters.iter().map(|(_, it)| it.as_str()).collect();
            assert_eq!(values.join(" "), value, "{method} {path}");
        }
        let none = Routes::new(&[]);
        assert_eq!(none.find("GET", "/sessions"), None);
    }
}
