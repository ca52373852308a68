//! Version numbers that can be compared, and how much of them was said.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Up to four numbers. A number that does not fit into `u32` is `u32::MAX`.
///
/// `==` and `<` take numbers that are not written for zero, so `126` equals `126.0.0.0`. [`Version::compare`] compares
/// only what both versions say.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    numbers: [u32; Self::MOST],
    written: usize,
}

impl Version {
    /// Most numbers that are kept.
    const MOST: usize = 4;

    /// From its first two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self {
            numbers: [major, minor, 0, 0],
            written: 2,
        }
    }

    /// The version that `text` begins with, its numbers joined by `.` or `_`; what follows is ignored.
    pub fn read(text: &str) -> Option<Self> {
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
            .unwrap_or(text.len());
        let text = text.split_at(end).0.trim_end_matches(['.', '_']);
        let mut version = Self {
            numbers: [0; Self::MOST],
            written: 0,
        };
        for (number, digits) in version.numbers.iter_mut().zip(text.split(['.', '_'])) {
            version.written += 1;
            if !digits.is_empty() {
                // Digits fail to parse only when they are too many.
                *number = digits.parse().unwrap_or(u32::MAX);
            }
        }
        Some(version)
    }

    /// The first number.
    pub const fn major(self) -> u32 {
        self.numbers[0]
    }

    /// The second number.
    pub const fn minor(self) -> u32 {
        self.numbers[1]
    }

    /// The numbers that are written, one to four.
    ///
    /// ```
    /// use shared::useragent::Version;
    ///
    /// assert_eq!(Version::read("18_6").unwrap().parts(), [18, 6]);
    /// assert_eq!(Version::read("126.0.0.0").unwrap().parts(), [126, 0, 0, 0]);
    /// ```
    pub fn parts(&self) -> &[u32] {
        self.numbers.split_at(self.written).0
    }

    /// The numbers that tell something: those written, but of `126.0.0.0` only `126`, and of `25.2.0.0` only `25.2`.
    ///
    /// Chromium's reduced user agents have zeros for build and patch (Chromium, "User-Agent Reduction"). No release
    /// has the build 0, so zeros at the end of four numbers say nothing when the third is among them.
    ///
    /// ```
    /// use shared::useragent::Version;
    ///
    /// assert_eq!(Version::read("126.0.0.0").unwrap().said(), [126]);
    /// assert_eq!(Version::read("126.0.6478.0").unwrap().said(), [126, 0, 6478, 0]);
    /// assert_eq!(Version::read("18.0").unwrap().said(), [18, 0]);
    /// ```
    pub fn said(&self) -> &[u32] {
        let mut parts = self.parts();
        if let [.., 0, 0] = parts
            && parts.len() == Self::MOST
        {
            while let [before @ .., 0] = parts {
                parts = before;
            }
        }
        parts
    }

    /// How this version stands to `other`, as far as both say. `None` where one says nothing, as `0.0.0.0`.
    ///
    /// ```
    /// use std::cmp::Ordering::{Equal, Greater, Less};
    ///
    /// use shared::useragent::Version;
    ///
    /// let compare = |one, other| Version::read(one).unwrap().compare(Version::read(other).unwrap());
    /// assert_eq!(compare("126.0.0.0", "126.0.6478.127"), Some(Equal));
    /// assert_eq!(compare("126.0.6478.126", "126.0.6478.127"), Some(Less));
    /// assert_eq!(compare("127.0.0.0", "126.0.6478.127"), Some(Greater));
    /// assert_eq!(compare("17.5", "17.5.1"), Some(Equal));
    /// assert_eq!(compare("17.0", "17.5"), Some(Less));
    /// assert_eq!(compare("0.0.0.0", "126"), None);
    /// ```
    pub fn compare(self, other: Self) -> Option<Ordering> {
        let (ours, theirs) = (self.said(), other.said());
        if ours.is_empty() || theirs.is_empty() {
            return None;
        }
        let different = ours
            .iter()
            .zip(theirs)
            .map(|(ours, theirs)| ours.cmp(theirs))
            .find(|it| it.is_ne());
        Some(different.unwrap_or(Ordering::Equal))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.numbers.hash(state);
    }
}

impl fmt::Display for Version {
    /// The first three numbers without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, _] = self.numbers;
        match (minor, patch) {
            (0, 0) => write!(f, "{major}"),
            (_, 0) => write!(f, "{major}.{minor}"),
            _ => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_are_not_written_are_zero_and_not_said() {
        let forty = "9".repeat(40);
        let many = format!("{forty}.1");
        let table: [(&str, &[u32], &[u32]); 14] = [
            ("126", &[126], &[126]),
            ("126.", &[126], &[126]),
            ("126.0", &[126, 0], &[126, 0]),
            ("126.0.0", &[126, 0, 0], &[126, 0, 0]),
            ("126.0.0.0", &[126, 0, 0, 0], &[126]),
            ("25.2.0.0", &[25, 2, 0, 0], &[25, 2]),
            ("0.0.0.0", &[0, 0, 0, 0], &[]),
            ("126.0.6478.0", &[126, 0, 6478, 0], &[126, 0, 6478, 0]),
            ("126.0.0.5", &[126, 0, 0, 5], &[126, 0, 0, 5]),
            ("339.0.3.12.91", &[339, 0, 3, 12], &[339, 0, 3, 12]),
            ("18_7_1 like", &[18, 7, 1], &[18, 7, 1]),
            ("1..2", &[1, 0, 2], &[1, 0, 2]),
            (&many, &[u32::MAX, 1], &[u32::MAX, 1]),
            ("1\u{0662}", &[1], &[1]),
        ];
        for (text, parts, said) in table {
            let version = Version::read(text).unwrap();
            assert_eq!((version.parts(), version.said()), (parts, said), "{text}");
        }
        assert_eq!(Version::read("126"), Version::read("126.0.0.0"));
        assert_eq!(Version::read("\u{0661}26"), None);
    }

    proptest! {
        #[test]
        fn a_comparison_is_the_reverse_of_its_reverse(one in "[0-3]([._][0-2]){0,4}", other in "[0-3]([._][0-2]){0,4}") {
            let (one, other) = (Version::read(&one).unwrap(), Version::read(&other).unwrap());
            prop_assert_eq!(one.compare(other), other.compare(one).map(Ordering::reverse));
            if one.parts().len() == other.parts().len() && one.said() == one.parts() && other.said() == other.parts() {
                prop_assert_eq!(one.compare(other), Some(one.cmp(&other)));
            }
        }
    }
}
