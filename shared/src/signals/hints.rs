//! User-Agent Client Hints (WICG), of the request and of the page.

use crate::telemetry::ClientHints;
use crate::useragent::{System, Version};

/// What one source of hints says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// Names of the browser, each with the first number of its version.
    pub(super) brands: Vec<(String, u32)>,
    pub(super) mobile: Option<bool>,
    pub(super) platform: Option<System>,
}

impl Hints {
    /// Those of a request.
    pub(super) fn of_request(brands: Option<&str>, mobile: Option<&str>, platform: Option<&str>) -> Self {
        Self {
            brands: brands.map(read_brands).unwrap_or_default(),
            mobile: match mobile.map(str::trim) {
                Some("?1") => Some(true),
                Some("?0") => Some(false),
                _ => None,
            },
            platform: platform.and_then(|it| system(it.trim().trim_matches('"'))),
        }
    }

    /// Those of a page.
    pub(super) fn of_page(hints: &ClientHints) -> Self {
        Self {
            brands: majors(hints.brands.as_deref()),
            mobile: hints.mobile,
            platform: hints.platform.as_deref().and_then(system),
        }
    }

    /// The first number of Chromium's version.
    pub(super) fn chromium(&self) -> Option<u32> {
        self.version_of("Chromium")
    }

    /// The first number of this brand's version.
    pub(super) fn version_of(&self, brand: &str) -> Option<u32> {
        let (_, version) = self.brands.iter().find(|(name, _)| name == brand)?;
        Some(*version)
    }
}

/// The first number of Chromium's version in the list of whole versions.
pub(super) fn full_chromium(hints: &ClientHints) -> Option<u32> {
    let brands = majors(hints.full_version_list.as_deref());
    let (_, version) = brands.into_iter().find(|(name, _)| name == "Chromium")?;
    Some(version)
}

/// Brands of the list of whole versions, each with the first number of its version.
pub(super) fn whole_brands(hints: &ClientHints) -> Vec<(String, u32)> {
    majors(hints.full_version_list.as_deref())
}

fn majors(brands: Option<&[crate::telemetry::Brand]>) -> Vec<(String, u32)> {
    brands
        .unwrap_or_default()
        .iter()
        .filter_map(|it| Some((it.brand.clone(), Version::read(&it.version)?.major())))
        .collect()
}

/// Most brands that are read; browsers send three.
const MAX_BRANDS: usize = 16;

/// A list of strings with a parameter `v` (RFC 9651). Made-up brands carry commas and semicolons on purpose.
fn read_brands(text: &str) -> Vec<(String, u32)> {
    let mut brands = Vec::new();
    let mut rest = text;
    while let Some((brand, after)) = quoted(rest)
        && brands.len() < MAX_BRANDS
    {
        rest = after;
        if let Some(version) = after.trim_start().strip_prefix(";v=")
            && let Some((version, after)) = quoted(version)
        {
            rest = after;
            if let Some(version) = Version::read(&version) {
                brands.push((brand, version.major()));
            }
        }
    }
    brands
}

/// The first quoted string, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (_, text) = text.split_once('"')?;
    let mut said = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((said, text.split_at(at + 1).1)),
            '\\' => said.push(characters.next()?.1),
            _ => said.push(c),
        }
    }
    None
}

fn system(platform: &str) -> Option<System> {
    Some(match platform {
        "Windows" => System::Windows,
        "macOS" | "Mac OS X" => System::MacOs,
        "Linux" => System::Linux,
        "Android" => System::Android,
        "Chrome OS" | "ChromeOS" | "Chromium OS" => System::ChromeOs,
        "iOS" => System::Ios,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brands_are_read_with_all_that_is_made_up_about_them() {
        let ordinary = r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#;
        let greased = r#"" Not A;Brand";v="99", "Not\"A,B\\rand";v="8", "Chromium";v="96""#;
        for (text, chromium, count) in [
            (ordinary, Some(142), 3),
            (greased, Some(96), 3),
            (r#""Chromium"; v="96""#, None, 0),
            (r#""Chromium";v="x""#, None, 0),
            (r#""Chromium";v="9"#, None, 0),
            ("", None, 0),
            ("Chromium 142", None, 0),
        ] {
            let hints = Hints::of_request(Some(text), None, None);
            assert_eq!(
                (hints.chromium(), hints.brands.len()),
                (chromium, count),
                "{text}"
            );
        }
        let many = r#""B";v="1","#.repeat(1000);
        assert_eq!(
            Hints::of_request(Some(&many), None, None).brands.len(),
            MAX_BRANDS
        );
    }

    #[test]
    fn flags_and_platforms_are_read_in_their_own_spelling_alone() {
        let hints = |mobile, platform| Hints::of_request(None, Some(mobile), Some(platform));
        assert_eq!(hints("?1", "\"Android\"").mobile, Some(true));
        assert_eq!(hints("?0", "\"macOS\"").mobile, Some(false));
        assert_eq!(hints("true", "\"macOS\"").mobile, None);
        assert_eq!(hints("?0", "\"macOS\"").platform, Some(System::MacOs));
        assert_eq!(hints("?0", "\"Unknown\"").platform, None);
        assert_eq!(hints("?0", "").platform, None);
    }
}
