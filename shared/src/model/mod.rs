//! The words of the domain: ids, instants, sessions and how they end. No I/O.

mod credential;
mod ids;
mod instant;
mod pfid;
mod session;

pub use credential::{Algorithm, ApiKey, Issuer, Scope, Scopes, Tenant};
pub use ids::{InvalidId, SessionId, Subject, SubjectKey, TenantId};
pub use instant::Instant;
pub use pfid::{Kind, Partition, Pfid};
pub use session::{Context, Ending, Geo, HeldSession, Reason, Sample, SessionRecord};
