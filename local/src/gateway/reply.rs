//! Functions' answers as clients see them: the rules of payload format 2.0, and the gateway's own answers.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::function::Failure;

/// The answer for a function's output.
///
/// An object with a `statusCode` says everything; anything else that is JSON is the body of a 200. What follows
/// neither rule is the function's fault and answered as one.
pub(crate) fn of_output(output: &[u8]) -> Response<Body> {
    structured(output).unwrap_or_else(|| of_failure(&Failure::Crashed))
}

/// The gateway's answer when a function gave none.
pub(crate) fn of_failure(failure: &Failure) -> Response<Body> {
    match failure {
        Failure::Crashed | Failure::Reported(_) => {
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Failure::TimedOut | Failure::Throttled => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
    }
}

/// An answer of the gateway itself.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Body> {
    json_body(status, &json!({ "message": text }))
}

/// A JSON answer.
pub(crate) fn json_body(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn structured(output: &[u8]) -> Option<Response<Body>> {
    let value: Value = serde_json::from_slice(output).ok()?;
    let Some(status) = value.get("statusCode") else {
        return Some(inferred(&value));
    };
    let status = match status {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|it| it.as_u16() >= 200)?;

    let body = match value.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if value.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            STANDARD.decode(text).ok()?
        }
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(other) => other.to_string().into_bytes(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, values) in [("headers", false), ("multiValueHeaders", true)]
        .into_iter()
        .filter_map(|(field, many)| Some((value.get(field)?.as_object()?, many)))
        .flat_map(|(fields, many)| fields.iter().map(move |(name, value)| (name, list(value, many))))
    {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        // The length is that of the body, whatever the function says.
        if name == header::CONTENT_LENGTH || name == header::TRANSFER_ENCODING || name == header::CONNECTION {
            continue;
        }
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
    }
    for cookie in value
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("text/plain;charset=UTF-8"));
    Some(response)
}

fn inferred(value: &Value) -> Response<Body> {
    match value {
        Value::String(text) => {
            let mut response = json_body(StatusCode::OK, &Value::Null);
            *response.body_mut() = Body::from(text.clone());
            response
        }
        other => json_body(StatusCode::OK, other),
    }
}

fn list(value: &Value, many: bool) -> Vec<String> {
    let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    match value {
        Value::Array(values) if many => values.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn answered(output: &str) -> (u16, Vec<(String, String)>, String) {
        let (parts, body) = of_output(output.as_bytes()).into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        (
            parts.status.as_u16(),
            headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn outputs_become_answers_by_the_rules_of_format_2() {
        let json = "application/json";
        let table = [
            (
                r#"{"statusCode":201,"headers":{"Content-Type":"application/json"},"body":"{}"}"#,
                201,
                json,
                "{}",
            ),
            (r#"{"statusCode":"204"}"#, 204, "text/plain;charset=UTF-8", ""),
            (
                r#"{"statusCode":200,"body":"YWJj","isBase64Encoded":true}"#,
                200,
                "text/plain;charset=UTF-8",
                "abc",
            ),
            (
                r#"{"statusCode":200,"body":{"a":1}}"#,
                200,
                "text/plain;charset=UTF-8",
                r#"{"a":1}"#,
            ),
            (r#"{"message":"hi"}"#, 200, json, r#"{"message":"hi"}"#),
            (r#""hi""#, 200, json, "hi"),
            ("[1]", 200, json, "[1]"),
            ("no json", 500, json, r#"{"message":"Internal Server Error"}"#),
            (
                r#"{"statusCode":"many"}"#,
                500,
                json,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                r#"{"statusCode":99}"#,
                500,
                json,
                r#"{"message":"Internal Server Error"}"#,
            ),
            (
                r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
                500,
                json,
                r#"{"message":"Internal Server Error"}"#,
            ),
        ];
        for (output, status, kind, body) in table {
            let answer = answered(output).await;
            assert_eq!(answer.0, status, "{output}");
            assert_eq!(
                answer.1[0],
                ("content-type".to_owned(), kind.to_owned()),
                "{output}"
            );
            assert_eq!(answer.2, body, "{output}");
        }
    }

    #[tokio::test]
    async fn cookies_and_repeated_headers_stay_apart() {
        let output = r#"{"statusCode":200,"headers":{"x-a":1,"content-length":"9"},
            "multiValueHeaders":{"x-b":["1","2"]},"cookies":["a=1; Path=/","b=2"]}"#;
        let (_, headers, _) = answered(output).await;
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for expected in [
            ("x-a", "1"),
            ("x-b", "1"),
            ("x-b", "2"),
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "b=2"),
        ] {
            assert!(pairs.contains(&expected), "{expected:?} in {pairs:?}");
        }
        assert!(!pairs.iter().any(|(name, _)| *name == "content-length"));
    }

    #[tokio::test]
    async fn failures_have_the_gateways_words() {
        let table = [
            (Failure::Crashed, 500),
            (Failure::Reported("{}".into()), 500),
            (Failure::TimedOut, 503),
            (Failure::Throttled, 503),
        ];
        for (failure, status) in table {
            assert_eq!(of_failure(&failure).status().as_u16(), status, "{failure:?}");
        }
    }
}
