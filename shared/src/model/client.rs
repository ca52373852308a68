//! What is kept of a client: enough to find its sessions and to tell who it is, and nothing of its papers.

use super::{ClientId, Instant};

/// A client of a tenant: a subject that its tenant told us of, or that was named with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What it is; nothing while it is only known from its sessions.
    pub kind: Option<ClientKind>,
    /// The tenant's own name for it, which is the subject's name.
    pub reference_id: Option<String>,
    /// A nickname.
    pub alias: Option<String>,
    /// Whether it is active.
    pub activity: ActivityStatus,
    /// How its account stands.
    pub account: AccountStatus,
    /// The tenant's labels.
    pub tags: Vec<String>,
    /// The tenant's control measures.
    pub controls: Vec<String>,
    /// When it was first seen or stored.
    pub created_at: Instant,
    /// When it was last stored. No two versions of a client have the same.
    pub updated_at: Instant,
}

/// Kinds of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// A person.
    Individual,
    /// A company.
    Corporate,
}

impl ClientKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Individual, Self::Corporate];

    /// The kind as paths spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individuals",
            Self::Corporate => "corporates",
        }
    }
}

/// Whether a client is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ActivityStatus {
    #[default]
    Active,
    NotActive,
}

impl ActivityStatus {
    /// Every status, in the order in which errors list them.
    pub const ALL: [Self; 2] = [Self::Active, Self::NotActive];

    /// The status as the published API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::NotActive => "NOT_ACTIVE",
        }
    }
}

/// How a client's account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the published API's")]
pub enum AccountStatus {
    ApplicationInProgress,
    #[default]
    Approved,
    ClosedByClient,
    Frozen,
    InReview,
    OffBoarded,
    PendingDocuments,
    PendingEdd,
    PendingIdv,
    PendingScreening,
    Rejected,
    WaitingForReview,
}

impl AccountStatus {
    /// Every status, in the order in which errors list them.
    pub const ALL: [Self; 12] = [
        Self::ApplicationInProgress,
        Self::Approved,
        Self::ClosedByClient,
        Self::Frozen,
        Self::InReview,
        Self::OffBoarded,
        Self::PendingDocuments,
        Self::PendingEdd,
        Self::PendingIdv,
        Self::PendingScreening,
        Self::Rejected,
        Self::WaitingForReview,
    ];

    /// The status as the published API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationInProgress => "APPLICATION_IN_PROGRESS",
            Self::Approved => "APPROVED",
            Self::ClosedByClient => "CLOSED_BY_CLIENT",
            Self::Frozen => "FROZEN",
            Self::InReview => "IN_REVIEW",
            Self::OffBoarded => "OFF_BOARDED",
            Self::PendingDocuments => "PENDING_DOCUMENTS",
            Self::PendingEdd => "PENDING_EDD",
            Self::PendingIdv => "PENDING_IDV",
            Self::PendingScreening => "PENDING_SCREENING",
            Self::Rejected => "REJECTED",
            Self::WaitingForReview => "WAITING_FOR_REVIEW",
        }
    }
}
