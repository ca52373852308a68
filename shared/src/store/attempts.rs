//! How often the SDK sent something: where it sent it more than once, one of the sendings may still be on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};

/// Counts the sendings of some requests, without the first of each.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<AtomicU32>);

impl Attempts {
    /// Whether any of them was sent more than once.
    pub fn were_repeated(&self) -> bool {
        0 < self.0.load(Ordering::Relaxed)
    }

    /// What counts the sendings of one of the requests.
    pub(super) fn of_one(&self) -> OfOne {
        OfOne {
            all: self.clone(),
            sent: AtomicBool::new(false),
        }
    }
}

/// Counts the sendings of one request.
#[derive(Debug)]
pub(super) struct OfOne {
    all: Attempts,
    sent: AtomicBool,
}

impl Intercept for OfOne {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_smithy_runtime_api::box_error::BoxError> {
        if self.sent.swap(true, Ordering::Relaxed) {
            self.all.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
