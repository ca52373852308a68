//! What the data says of an address.

use super::parse;
use crate::model::{Absence, Facts};

/// The data about addresses that this deployment has.
#[derive(Debug, Clone, Default)]
pub struct Intelligence {}

impl Intelligence {
    /// No data: every address is as unknown as any other.
    pub const fn none() -> Self {
        Self {}
    }

    /// What is known of the address in `text`, which may be none.
    pub fn look_up(&self, text: &str) -> Facts {
        match parse(text) {
            None => Facts::absent(Absence::Invalid),
            Some(_) => Facts::absent(Absence::Unavailable),
        }
    }
}
