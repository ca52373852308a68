//! The use cases: store, risk and policy together, without wire types.

mod admissions;
mod clean_up;
mod clients;
mod context;
mod end;
mod erase;
mod fetch;
mod ingest;
mod list;
mod open;
mod owner;
mod pace;
mod recognise;
mod settle;
mod shown;
mod step_up;
mod validate;
mod visits;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

pub use admissions::{Rate, UsedUp};
pub use clean_up::Cleaned;
pub use clients::StoreClient;
pub use context::{Notice, context};
pub use erase::{Counts, Erase, Erased, Remaining};
pub use fetch::{Fetched, History, State};
pub use ingest::Ingest;
pub use list::ActiveSession;
pub use open::{Open, OpenError, Outcome};
pub(crate) use settle::endings;
pub use settle::{Batch, Settled, Unsettled};
pub use shown::Shown;
pub use step_up::{Proof, SteppedUp};
pub use validate::{Validation, Verdict};
pub use visits::{Guest, Recognised, Telling, Untaken, VisitError, Visits};

use crate::clock::Entropy;
use crate::model::{Instant, SubjectKey, TenantId};
use crate::store::Store;

/// Everything that can be done with sessions.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    entropy: Arc<dyn Entropy>,
    retention: Duration,
    paces: pace::Paces,
}

impl Sessions {
    /// The use cases over `store`; records are kept for `retention` after their creation.
    pub fn new(store: Store, entropy: Arc<dyn Entropy>, retention: Duration) -> Self {
        Self {
            store: store.keeping(retention),
            entropy,
            retention,
            paces: pace::Paces::default(),
        }
    }

    /// The same, letting no subject open more than so many sessions in a minute, and as many beside them as it has room for.
    #[must_use]
    pub fn with_creates_per_minute(self, most: NonZeroU32) -> Self {
        Self {
            paces: pace::Paces::new(most),
            ..self
        }
    }

    /// Whether the subject is known to have opened as many sessions in this minute as it may: no request.
    pub fn opened_too_many(&self, tenant: &TenantId, subject: &SubjectKey, now: Instant) -> Option<UsedUp> {
        self.paces.reached(tenant, subject, now)
    }

    /// The table itself, for what is no use case.
    pub const fn store(&self) -> &Store {
        &self.store
    }
}
