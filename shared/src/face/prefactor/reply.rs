//! What the endpoints answer, in the vendor's order. The newer facts about the network are left out where they are not
//! known; everything else is always there.

use serde::Serialize;

/// Answer of `GET /api/v1/session/{session_id}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FetchReply {
    /// `success`.
    pub status: &'static str,
    /// What the caller may do now.
    pub actions: Actions,
    /// The session.
    pub summary: Summary,
}

/// What the caller may do with a session now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Actions {
    /// Revoke it.
    pub revoke: bool,
}

/// Answer of `GET /api/v1/session`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListReply {
    /// `success`.
    pub status: &'static str,
    /// The sessions.
    pub summaries: Vec<Summary>,
    /// Where in the list they are.
    pub pagination: Pagination,
    /// The order of the list.
    pub sorting: Sorting,
}

/// Answer of `POST /api/v1/session/{session_id}/revoke`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RevokeReply {
    /// `success`.
    pub status: &'static str,
    /// The session as it is now.
    pub details: Summary,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The tenant.
    pub account_id: String,
    /// Whose session it is.
    pub authenticated_identity_id: String,
    /// The device, as its owner uses it.
    pub device_id: String,
    /// The tenant's only domain.
    pub domain_id: String,
    /// How it was opened; null when the address sent then was none.
    pub first_seen: Option<Interaction>,
    /// The session's id, a PFID.
    pub id: String,
    /// How it was used last; null when the address sent then was none.
    pub last_seen: Option<Interaction>,
    /// The tenant's only pool.
    pub pool_id: String,
    /// `browser`, or `api` when a program uses it.
    pub session_type: &'static str,
    /// `new`, `authenticated`, `complete` or `revoked`.
    pub status: &'static str,
    /// Browser and system, for people.
    pub title: String,
    /// `session`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// One use of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interaction {
    /// Number of the autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// City, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// Latitude and longitude, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_long: Option<[f64; 2]>,
    /// First subdivision of the country, the part of its ISO 3166-2 code behind the hyphen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// The address, IPv4 or IPv6 in their canonical spelling.
    pub remote_ip: String,
    /// Time zone, IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The user agent; empty when none was told.
    pub user_agent: String,
}

/// Where in a list a page is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pagination {
    /// Items of the list as far as they were counted: up to one behind this page.
    pub item_count: usize,
    /// The last item of the page, from one; 0 when it is empty.
    pub item_end: usize,
    /// The first item of the page, from one; 0 when it is empty.
    pub item_start: usize,
    /// Offset of the next page, if there is one.
    pub next_page_offset: Option<usize>,
    /// Pages of the list as far as its items were counted.
    pub page_count: usize,
    /// The page, from one.
    pub page_index: usize,
    /// Offset of the page, from zero.
    pub page_offset: usize,
    /// Most items of a page.
    pub page_size: usize,
    /// Offset of the page before, if there is one.
    pub previous_page_offset: Option<usize>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sorting {
    /// The field.
    pub field: &'static str,
    /// `asc` or `desc`.
    pub direction: &'static str,
}

impl FetchReply {
    /// The answer about one session.
    pub const fn new(actions: Actions, summary: Summary) -> Self {
        Self {
            status: "success",
            actions,
            summary,
        }
    }
}

impl ListReply {
    /// The answer about a page of sessions, the newest first.
    pub const fn new(summaries: Vec<Summary>, pagination: Pagination) -> Self {
        Self {
            status: "success",
            summaries,
            pagination,
            sorting: Sorting {
                field: "first_seen",
                direction: "desc",
            },
        }
    }
}

impl RevokeReply {
    /// The answer about a session that was revoked.
    pub const fn new(details: Summary) -> Self {
        Self {
            status: "success",
            details,
        }
    }
}
