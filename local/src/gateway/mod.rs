//! The HTTP API: requests in, events to functions, answers out.

mod event;
mod reply;
mod routes;
mod throttle;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::Value;
use shared::clock::{Clock, System};
use tokio::net::TcpStream;

use crate::demo::Demo;
use crate::function::{Failure, Function, rounded_ms};
use crate::guard;
use crate::ids;
use crate::log::Log;
use crate::template;
use event::Arrival;
use routes::Routes;
use throttle::Bucket;

pub(crate) use event::Received;
pub(crate) use reply::json_body;

/// Where the development issuer's keys are, outside the template's routes.
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";
/// Largest request body.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// How long the gateway waits for a function, whatever the function's own timeout.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// An API: its routes, and the functions behind them.
#[derive(Debug)]
pub(crate) struct Gateway {
    routes: Routes,
    targets: Vec<Target>,
    client_ip_header: Option<HeaderName>,
    jwks: Value,
    demo: Demo,
    log: Log,
}

#[derive(Debug)]
struct Target {
    key: String,
    function: Arc<Function>,
    bucket: Option<Bucket>,
}

impl Gateway {
    /// An API whose routes lead to `functions` by their logical id.
    pub(crate) fn new(
        routes: &[template::Route],
        functions: &[Arc<Function>],
        client_ip_header: Option<HeaderName>,
        jwks: Value,
        demo: Demo,
        log: Log,
    ) -> Self {
        let known: Vec<(template::Route, Target)> = routes
            .iter()
            .filter_map(|route| {
                let function = functions
                    .iter()
                    .find(|it| it.spec().logical_id == route.function)?;
                let target = Target {
                    key: route.key.clone(),
                    function: Arc::clone(function),
                    bucket: route.throttle.map(|it| Bucket::new(it, Instant::now())),
                };
                Some((route.clone(), target))
            })
            .collect();
        let (routes, targets): (Vec<_>, Vec<_>) = known.into_iter().unzip();
        Self {
            routes: Routes::new(&routes),
            targets,
            client_ip_header,
            jwks,
            demo,
            log,
        }
    }

    /// The service that answers every request.
    pub(crate) fn into_service(self) -> Router {
        Router::new().fallback(serve).with_state(Arc::new(self))
    }

    async fn answer(&self, peer: SocketAddr, request: Request, request_id: &str) -> Response<Body> {
        let (parts, body) = request.into_parts();
        // Read to its end whatever the answer will be: else the connection could not be used again.
        let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
            return reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        if parts.uri.path() == JWKS_PATH && parts.method == Method::GET {
            // Public keys, but only functions and curious people of this machine need them.
            return match guard::visitor(&parts.uri, &parts.headers) {
                Ok(()) => reply::json_body(StatusCode::OK, &self.jwks),
                Err(foreign) => foreign.into_response(),
            };
        }
        let received = Received {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            body: &body,
            peer: peer.ip(),
        };
        let named = self.client_ip_header.as_ref();
        let source_ip = event::source_ip(&received, named);
        if let Some(answer) = self.demo.answer(&received, source_ip).await {
            return answer;
        }
        let Some(path) = event::decoded_path(&parts.uri) else {
            return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let Some(found) = self.routes.find(parts.method.as_str(), &path) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let Some(target) = self.targets.get(found.route) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let began = Instant::now();
        if target.bucket.as_ref().is_some_and(|it| !it.admits(began)) {
            return reply::message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }

        let trace_id = ids::trace_id(System.now());
        let arrival = Arrival {
            request_id,
            at: System.now(),
            trace_id: &trace_id,
        };
        let event = event::event(
            &received,
            &arrival,
            (&target.key, &path),
            &found.parameters,
            (source_ip, named),
        );
        let invocation = target
            .function
            .invoke(Bytes::from(event.to_string()), Some(trace_id));
        let response = match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Ok(Ok(output)) => reply::of_output(&output),
            Ok(Err(failure)) => reply::of_failure(&failure),
            Err(_) => reply::of_failure(&Failure::TimedOut),
        };
        self.log.line(format!(
            "{} {} in {} ms",
            target.key,
            response.status().as_u16(),
            rounded_ms(began.elapsed())
        ));
        response
    }
}

/// Answers go out at once: small packets that wait for one another cost 40 ms on a connection that is used again.
pub(crate) fn undelayed(stream: &mut TcpStream) {
    // Without it answers are late, not wrong.
    drop(stream.set_nodelay(true));
}

async fn serve(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let request_id = ids::gateway_request_id();
    let mut response = gateway.answer(peer, request, &request_id).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("apigw-requestid"), value);
        // A refused body is not read to its end, so the connection cannot be used again.
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
    response
}
