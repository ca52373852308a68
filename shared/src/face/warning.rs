//! What a backend is told of a request that was answered, but not understood as it was sent.

use serde::Serialize;

use crate::service::Notice;

/// Something that the caller's backend should mend; nobody is refused for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Which field of the body it is about.
    pub field: &'static str,
    /// What it is, for programs.
    pub code: &'static str,
    /// What it is and what to do, for people. What was sent is not echoed.
    pub message: &'static str,
}

/// What a face calls the fields that warnings are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) address: &'static str,
    pub(super) user_agent: &'static str,
    pub(super) fingerprint: &'static str,
}

impl Warning {
    /// `notices` under these names.
    pub(super) fn all(notices: &[Notice], names: Names) -> Vec<Self> {
        let warning = |notice: &Notice| Self {
            field: match notice {
                Notice::Address(_) | Notice::SpecialAddress(_) => names.address,
                Notice::UserAgent => names.user_agent,
                Notice::Fingerprint => names.fingerprint,
            },
            code: notice.code(),
            message: notice.message(),
        };
        notices.iter().map(warning).collect()
    }
}
