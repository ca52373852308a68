//! The stable id of a browser on a machine.

use std::fmt;
use std::str::FromStr;

use super::InvalidId;

/// 128 random bits, drawn when the device is first seen; 32 lower-case hexadecimal digits. cside calls it the client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey([u8; 16]);

impl DeviceKey {
    /// The id of these bits.
    pub const fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for DeviceKey {
    type Err = InvalidId;

    /// Exactly what [`fmt::Display`] prints.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(InvalidId);
        }
        let bits = u128::from_str_radix(text, 16).map_err(|_| InvalidId)?;
        Ok(Self(bits.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "5f2c0c1e9a7b4d3e8f6a1b2c3d4e5f60";
        let id: DeviceKey = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        let upper = text.to_uppercase();
        for other in ["", "5f2c", "+f2c0c1e9a7b4d3e8f6a1b2c3d4e5f60", upper.as_str()] {
            assert!(other.parse::<DeviceKey>().is_err(), "{other}");
        }
    }
}
