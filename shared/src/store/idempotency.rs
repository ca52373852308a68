//! Answers kept for requests that are sent again with the same `Idempotency-Key`.

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use super::attributes::{ANSWER, BODY_DIGEST, CREATED_AT, LEASE, SCHEMA, SESSION_ID, TTL, names};
use super::item::{Reader, SCHEMA_VERSION, bytes, number, text, time};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::clock::TOLERATED_SKEW;
use crate::model::{Instant, SessionId, TenantId};

/// How long an answer is kept.
const KEPT: Duration = Store::ANSWERS_KEPT;

/// A request that may have been sent before.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose request.
    pub tenant: &'a TenantId,
    /// SHA-256 of credential, subject, method, route and key.
    pub scope: &'a [u8; 32],
    /// SHA-256 of the body.
    pub body: &'a [u8; 32],
    /// The session id drawn for this sending.
    pub id: SessionId,
    /// When this sending began.
    pub now: Instant,
    /// Until when this sending may answer.
    pub lease: Instant,
}

/// What is known of a request that may have been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new, and now ours to answer.
    First,
    /// An earlier sending began and did not answer in time; this one goes on with its session id.
    Resumed {
        /// The id drawn then.
        id: SessionId,
        /// When it began.
        since: Instant,
    },
    /// It was answered.
    Answered(String),
    /// An earlier sending may still answer.
    Running,
    /// It had another body.
    OtherBody,
}

impl Store {
    /// How long answers are kept for requests that are sent again.
    pub const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 3600);

    /// Takes the lease of a request: one request to the table, two to resume one whose lease ran out.
    pub async fn begin(&self, request: &Request<'_>) -> Result<Begun, Error> {
        let condition = "attribute_not_exists(#pk) OR #created_at <= :forgotten";
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::idempotency(request.tenant, request.scope).attributes()))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(SESSION_ID, text(request.id.to_compact()))
            .item(CREATED_AT, time(request.now))
            .item(LEASE, time(request.lease))
            .item(BODY_DIGEST, bytes(request.body))
            .item(TTL, number((request.now + KEPT).secs()))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":forgotten", time(request.now - KEPT))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match Write::of(written)? {
            Write::Done(_) | Write::Refused(None) => return Ok(Begun::First),
            Write::Refused(Some(item)) => item,
        };
        let seen = Reader::open(&item)?;
        if seen.bytes::<32>(BODY_DIGEST)? != *request.body {
            return Ok(Begun::OtherBody);
        }
        if let Some(answer) = seen.opt_text(ANSWER)? {
            return Ok(Begun::Answered(answer.to_owned()));
        }
        let id =
            SessionId::from_compact(seen.text(SESSION_ID)?).map_err(|_| seen.corrupt("not a session id"))?;
        if id == request.id {
            return Ok(Begun::First);
        }
        let lease = seen.time(LEASE)?;
        // A lease beyond what one taken now would have comes from a clock that is ahead: nobody is to wait for that. Should
        // the earlier sending still run, what both of them write is conditional.
        if request.now < lease && lease <= request.lease + TOLERATED_SKEW {
            return Ok(Begun::Running);
        }
        let since = seen.time(CREATED_AT)?;
        self.take_over(request, lease, Begun::Resumed { id, since }).await
    }

    async fn take_over(&self, request: &Request<'_>, lease: Instant, resumed: Begun) -> Result<Begun, Error> {
        let (update, condition) = (
            "SET #lease = :lease",
            "#lease = :seen AND attribute_not_exists(#answer)",
        );
        let key = Key::idempotency(request.tenant, request.scope);
        let values = [(":lease", time(request.lease)), (":seen", time(lease))];
        let written = self.update(&key, update, condition, values).send().await;
        Ok(match Write::of(written)? {
            Write::Done(_) => resumed,
            Write::Refused(_) => Begun::Running,
        })
    }

    /// Keeps the answer of a request.
    pub async fn finish(&self, request: &Request<'_>, answer: &str) -> Result<(), Error> {
        self.close(request, "SET #answer = :it", text(answer)).await
    }

    /// Gives the lease back, so that the next sending may go on at once.
    pub async fn release(&self, request: &Request<'_>) -> Result<(), Error> {
        self.close(request, "SET #lease = :it", number(0)).await
    }

    async fn close(
        &self,
        request: &Request<'_>,
        update: &str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Result<(), Error> {
        let key = Key::idempotency(request.tenant, request.scope);
        let values = [(":it", value), (":lease", time(request.lease))];
        let written = self.update(&key, update, "#lease = :lease", values).send().await;
        Write::of(written).map(|_| ())
    }
}
