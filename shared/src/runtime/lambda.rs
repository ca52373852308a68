//! Lambda events in, replies out: the one place that meets the gateway's format, logs failures and keeps deadlines.

use std::convert::Infallible;
use std::time::Duration;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

use super::front::{Bypassed, Front};
use super::http::{MalformedEvent, Reply, Request};
use super::metrics::{self, Metric};
use crate::clock::{Clock, System};
use crate::face::{Failure, bitcain, corsa, cside, prefactor};
use crate::model::Instant;

/// What every function keeps back from its timeout to say that it ran out of time.
const RESERVE: Duration = Duration::from_millis(500);
/// For an invocation whose deadline makes no sense, as some emulators send it.
const WITHOUT_DEADLINE: Duration = Duration::from_millis(9_500);

/// What can go wrong before or beside a handler.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The event is no request.
    #[error(transparent)]
    MalformedEvent(#[from] MalformedEvent),
    /// The handler did not answer before its deadline.
    #[error("out of time")]
    OutOfTime,
    /// The request did not come through what stands before the gateway.
    #[error("{cause}")]
    Bypassed {
        /// Where it went.
        path: String,
        /// What was found.
        cause: Bypassed,
    },
}

/// What is said to who comes past the front, which is nobody who was told the service's address.
const BYPASSED: &str = "requests are answered at the service's public address alone";

// Here and not in the face: a face knows nothing of what runs it.
impl From<Fault> for bitcain::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MalformedEvent(_) => Self::Unreadable,
            Fault::Bypassed { .. } => Self::Forbidden(BYPASSED),
            Fault::OutOfTime => Self::Unavailable(Box::new(fault)),
        }
    }
}

impl From<Fault> for corsa::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MalformedEvent(_) => Self::Malformed("The body cannot be read".to_owned()),
            Fault::Bypassed { .. } => Self::Forbidden(BYPASSED),
            Fault::OutOfTime => Self::Unavailable(Box::new(fault)),
        }
    }
}

impl From<Fault> for prefactor::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MalformedEvent(_) => Self::BadRequest("the request cannot be read"),
            Fault::Bypassed { .. } => Self::NotPermitted(BYPASSED),
            Fault::OutOfTime => Self::Unknown(Box::new(fault)),
        }
    }
}

impl From<Fault> for cside::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MalformedEvent(_) => Self::invalid("body", "cannot be read"),
            Fault::Bypassed { .. } => Self::Forbidden(BYPASSED),
            Fault::OutOfTime => Self::Unavailable(Box::new(fault)),
        }
    }
}

impl From<Fault> for cside::Textual {
    fn from(fault: Fault) -> Self {
        Self(fault.into())
    }
}

impl From<Fault> for cside::AtPage {
    fn from(fault: Fault) -> Self {
        cside::Error::from(fault).into()
    }
}

/// When a function must have answered.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    fn of(context: &Context, now: Instant) -> Self {
        let at = Instant::from_millis(i64::try_from(context.deadline).unwrap_or(i64::MAX)) - RESERVE;
        Self(if now < at { at } else { now + WITHOUT_DEADLINE })
    }

    /// Time left at `now`.
    pub fn left(self, now: Instant) -> Duration {
        self.0.since(now)
    }

    /// The instant itself.
    pub const fn at(self) -> Instant {
        self.0
    }
}

/// Serves an HTTP endpoint until Lambda ends the process.
///
/// # Errors
/// When the environment says what no front is, or the Runtime API is gone.
pub async fn serve<E: Failure + From<Fault>>(
    handle: impl AsyncFn(Request, Deadline) -> Result<Reply, E>,
) -> Result<(), Error> {
    let front = Front::from_environment()?;
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let deadline = Deadline::of(&event.context, System.now());
        // Boxed, so that the size and depth of a handler's future stop here.
        Ok::<_, Infallible>(Box::pin(answer(event.payload.get(), deadline, &front, &handle)).await)
    }))
    .await
}

/// Serves events that are no, or not only, HTTP requests. An error makes Lambda try the event again.
///
/// # Errors
/// When the Runtime API is gone.
pub async fn serve_events(handle: impl AsyncFn(&str, Deadline) -> Result<Value, Error>) -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let deadline = Deadline::of(&event.context, System.now());
        Box::pin(handle(event.payload.get(), deadline)).await
    }))
    .await
}

/// Answers one event of the gateway, whatever it holds, before its deadline. What came past `front` reaches no handler.
pub async fn answer<E: Failure + From<Fault>>(
    event: &str,
    deadline: Deadline,
    front: &Front,
    handle: &impl AsyncFn(Request, Deadline) -> Result<Reply, E>,
) -> ApiGatewayV2httpResponse {
    let request = Request::read(event);
    let asked = request.as_ref().ok().cloned();
    let handled = async {
        match request {
            Ok(mut request) => match front.admit(&mut request) {
                Ok(()) => handle(request, deadline).await,
                Err(cause) => Err(E::from(Fault::Bypassed {
                    path: request.path,
                    cause,
                })),
            },
            Err(error) => Err(E::from(Fault::from(error))),
        }
    };
    let result = tokio::time::timeout(deadline.left(System.now()), handled).await;
    let reply = match result.unwrap_or_else(|_| Err(E::from(Fault::OutOfTime))) {
        Ok(reply) => {
            tracing::debug!(http.status = reply.status, "answered");
            reply
        }
        Err(failure) => {
            let status = failure.status();
            let error = &failure as &dyn std::error::Error;
            if status == 401 {
                metrics::count(Metric::AuthRefused, System.now());
            }
            if 500 <= status {
                tracing::error!(
                    error,
                    cause = causes(error),
                    http.status = status,
                    "request failed"
                );
            } else {
                tracing::debug!(error, http.status = status, "request refused");
            }
            Reply {
                status,
                content_type: failure.content_type(),
                headers: failure.headers(),
                body: failure.body(),
            }
        }
    };
    let to_page = asked.map(|it| it.page_headers()).unwrap_or_default();
    response(reply.with_headers(to_page))
}

fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(error.source(), |it| it.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn response(reply: Reply) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(reply.status);
    let fixed = [
        ("content-type", reply.content_type),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-content-type-options", "nosniff"),
    ];
    let headers = fixed
        .into_iter()
        // An answer without a body has no type.
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .chain(reply.headers);
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers.insert(name, value);
        }
    }
    response.body = Some(lambda_http::Body::Text(reply.body));
    response
}
