//! Version numbers that can be compared.

use std::fmt;

/// Up to four numbers; those not written are zero, so `126` equals `126.0.0.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u32; 4]);

impl Version {
    /// From its first two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self([major, minor, 0, 0])
    }

    /// The version that `text` begins with, its numbers joined by `.` or `_`; what follows is ignored.
    pub fn read(text: &str) -> Option<Self> {
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
            .unwrap_or(text.len());
        let mut parts = [0; 4];
        for (part, number) in parts.iter_mut().zip(text.split_at(end).0.split(['.', '_'])) {
            // Only a number too large for u32 or an empty one fails to parse.
            *part = if number.is_empty() {
                0
            } else {
                number.parse().unwrap_or(u32::MAX)
            };
        }
        Some(Self(parts))
    }

    /// The first number.
    pub const fn major(self) -> u32 {
        self.0[0]
    }

    /// The second number.
    pub const fn minor(self) -> u32 {
        self.0[1]
    }
}

impl fmt::Display for Version {
    /// The first three numbers without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, _] = self.0;
        match (minor, patch) {
            (0, 0) => write!(f, "{major}"),
            (_, 0) => write!(f, "{major}.{minor}"),
            _ => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}
