//! Event filter patterns, as far as stream mappings need them.

use serde_json::Value;

/// Whether `record` matches one of `patterns`; no pattern matches everything.
pub(super) fn admits(patterns: &[Value], record: &Value) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, Some(record)))
}

/// Objects match when each of their members does, lists when one of their rules does.
fn matches(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(members) => members
            .iter()
            .all(|(name, inner)| matches(inner, value.and_then(|it| it.get(name)))),
        Value::Array(rules) => rules.iter().any(|rule| rule_matches(rule, value)),
        _ => false,
    }
}

fn rule_matches(rule: &Value, value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str);
    let Some((name, operand)) = rule.as_object().and_then(|it| it.iter().next()) else {
        return value == Some(rule);
    };
    let operand_text = operand.as_str().unwrap_or_default();
    match name.as_str() {
        "exists" => operand.as_bool() == Some(value.is_some()),
        "prefix" => text.is_some_and(|it| it.starts_with(operand_text)),
        "suffix" => text.is_some_and(|it| it.ends_with(operand_text)),
        "equals-ignore-case" => text.is_some_and(|it| it.eq_ignore_ascii_case(operand_text)),
        "anything-but" => match operand {
            Value::Array(excluded) => value.is_some_and(|it| !excluded.contains(it)),
            excluded => value.is_some_and(|it| it != excluded),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_passes_when_one_pattern_matches_it() {
        let record = json!({"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "acme#U#a"}, "sk": {"S": "guard"}}}});
        let table = [
            (json!([]), true),
            (json!([{"dynamodb": {"Keys": {"sk": {"S": ["guard"]}}}}]), true),
            (
                json!([{"dynamodb": {"Keys": {"sk": {"S": ["session", "guard"]}}}}]),
                true,
            ),
            (json!([{"dynamodb": {"Keys": {"sk": {"S": ["session"]}}}}]), false),
            (
                json!([{"eventName": ["REMOVE"]}, {"eventName": ["MODIFY"]}]),
                true,
            ),
            (
                json!([{"eventName": ["MODIFY"], "dynamodb": {"Keys": {"sk": {"S": ["x"]}}}}]),
                false,
            ),
            (
                json!([{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "acme#"}]}}}}]),
                true,
            ),
            (json!([{"eventName": [{"anything-but": ["REMOVE"]}]}]), true),
            (json!([{"userIdentity": {"type": [{"exists": false}]}}]), true),
            (json!([{"dynamodb": {"OldImage": [{"exists": true}]}}]), false),
        ];
        for (patterns, expected) in table {
            assert_eq!(
                admits(patterns.as_array().unwrap(), &record),
                expected,
                "{patterns}"
            );
        }
    }
}
