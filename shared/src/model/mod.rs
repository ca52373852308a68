//! The words of the domain: ids, instants, sessions and how they end. No I/O.

mod client;
mod credential;
mod derived;
mod facts;
mod ids;
mod instant;
mod issued;
mod pace;
mod pfid;
mod placeholder;
mod profile;
mod session;
mod site;
mod trail;
mod visitor;

pub use client::{AccountStatus, ActivityStatus, Client, ClientKind};
pub use credential::{Algorithm, ApiKey, Issuer, Scope, Scopes};
pub use derived::{DeviceId, Places};
pub use facts::{Absence, AddressForm, Anonymity, AutonomousSystem, Facts, Located, Place, Point};
pub use ids::{ClientId, InvalidId, SessionId, Subject, SubjectKey, TenantId};
pub use instant::Instant;
pub use issued::{Issued, IssuerClock, IssuerTag};
pub use pace::Pace;
pub use pfid::{Kind, Partition, Pfid};
pub use placeholder::{is_blank, is_placeholder};
pub use profile::{Acquaintance, Pending, Profile, SessionTag};
pub use session::{
    Attached, Context, Device, DeviceType, Ending, Geo, HeldSession, Reason, Sample, SessionRecord, Tenure,
};
pub use site::{Site, SiteKey};
pub use trail::{Elsewhere, Guesses, OtherFingerprint, Standing, Trail, start_of};
pub use visitor::DeviceKey;
