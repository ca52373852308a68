//! The demo page, the collector it loads, and the site's backend that it asks. They exist locally only.
//!
//! `web/demo/README.md` is the contract between page and server.

mod backend;
mod files;
mod problem;
mod sent;

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Map, Value};

use crate::gateway::{Received, json_body};
use crate::guard::{self, Names};
use crate::log::Log;
use crate::template::Template;
use backend::Backend;
use problem::Problem;

/// What the page works under.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Where the backend answers.
const API: &str = "/demo/api/";

/// The demo, asked before the template's routes are.
#[derive(Debug)]
pub(crate) struct Demo {
    backend: Backend,
    config: Value,
}

impl Demo {
    /// The demo of the cloud at `url`.
    ///
    /// # Parameters
    /// - `api_key`: `id:secret` of the demo's own key; no answer contains it.
    /// - `site_key`: the public key of the site that admits the cloud's own pages.
    pub(crate) fn new(url: &str, api_key: &str, site_key: &str, template: &Template, log: Log) -> Self {
        let mut config = Map::new();
        config.insert("siteKey".to_owned(), site_key.into());
        config.insert("subject".to_owned(), backend::SUBJECT.into());
        if let Some(thresholds) = thresholds(template) {
            config.insert("thresholds".to_owned(), thresholds);
        }
        Self {
            backend: Backend::new(url, api_key, log),
            config: config.into(),
        }
    }

    /// The answer to a request for the demo's addresses; nothing for all others.
    pub(crate) async fn answer(&self, received: &Received<'_>, source_ip: IpAddr) -> Option<Response<Body>> {
        let path = received.uri.path();
        let mut response = match (path.strip_prefix(API), files::find(path)) {
            (Some(what), _) => {
                let answer = match self.ask(what, received, source_ip).await {
                    Ok(answer) => json_body(StatusCode::OK, &answer),
                    Err(problem) => problem.into_response(),
                };
                with(answer, header::CACHE_CONTROL, "no-store")
            }
            (None, Some(file)) => {
                let admitted = if file.is_for_all() {
                    guard::host(received.uri, received.headers, Names::Loopback).map(drop)
                } else {
                    guard::visitor(received.uri, received.headers)
                };
                match admitted {
                    Ok(()) => file.answer(received.method),
                    Err(foreign) => foreign.into_response(),
                }
            }
            (None, None) => return None,
        };
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            response = with(response, name, value);
        }
        Some(response)
    }

    async fn ask(&self, what: &str, received: &Received<'_>, source_ip: IpAddr) -> Result<Value, Problem> {
        guard::own_page(received.uri, received.headers)?;
        let allowed = match what {
            "config" => Method::GET,
            "exchange" | "open" | "validate" | "end" => Method::POST,
            _ => return Err(Problem::NoSuchPath),
        };
        if *received.method != allowed {
            return Err(Problem::NoSuchMethod(allowed));
        }
        if allowed == Method::GET {
            return Ok(self.config.clone());
        }
        let body = sent::json(received.headers, received.body)?;
        let user_agent = received.headers.get(header::USER_AGENT);
        let visitor = backend::Visitor {
            address: source_ip,
            user_agent: &String::from_utf8_lossy(user_agent.map_or(&[], HeaderValue::as_bytes)),
        };
        match what {
            "exchange" => self.backend.exchange(backend::read(body)?).await,
            "open" => self.backend.open(backend::read(body)?, &visitor).await,
            "validate" => self.backend.validate(backend::read(body)?, &visitor).await,
            _ => self.backend.end(backend::read(body)?).await,
        }
    }
}

/// From which scores on a session is suspicious or stolen, as its functions are told.
fn thresholds(template: &Template) -> Option<Value> {
    let environment = &template.function("validate-session")?.environment;
    let number = |name: &str| environment.get(name)?.parse::<u8>().ok();
    Some(serde_json::json!({
        "suspicious": number("HOLDFAST_RISK_SUSPICIOUS")?,
        "stolen": number("HOLDFAST_RISK_STOLEN")?,
    }))
}

fn with(mut response: Response<Body>, name: header::HeaderName, value: &'static str) -> Response<Body> {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

#[cfg(test)]
mod tests;
