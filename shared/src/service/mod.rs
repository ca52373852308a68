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
mod recognise;
mod settle;
mod shown;
mod step_up;
mod validate;
mod visits;

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
use crate::store::Store;

/// Everything that can be done with sessions.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    entropy: Arc<dyn Entropy>,
    retention: Duration,
}

impl Sessions {
    /// The use cases over `store`; records are kept for `retention` after their creation.
    pub fn new(store: Store, entropy: Arc<dyn Entropy>, retention: Duration) -> Self {
        Self {
            store: store.keeping(retention),
            entropy,
            retention,
        }
    }

    /// The table itself, for what is no use case.
    pub const fn store(&self) -> &Store {
        &self.store
    }
}
