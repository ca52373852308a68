//! Which versions of browsers can have been released by a time: what is beyond is an invention.

const DAY: i64 = 24 * 3600;

/// A release, and how the next ones follow.
struct Cadence {
    /// Major version.
    major: i64,
    /// When it was released, seconds since 1970.
    at: i64,
    /// Days to the next one.
    every: i64,
}

/// Chrome 153, 8 September 2026, and a release every two weeks from then on; every four weeks before.
/// <https://chromiumdash.appspot.com/schedule>
const CHROMIUM: Cadence = Cadence {
    major: 153,
    at: 1_788_825_600,
    every: 14,
};
/// Firefox 155, 15 September 2026, and a release every four weeks. <https://whattrainisitnow.com/calendar/>
const FIREFOX: Cadence = Cadence {
    major: 155,
    at: 1_789_430_400,
    every: 28,
};
/// Safari 27, September 2026, and a release every year.
const SAFARI: Cadence = Cadence {
    major: 27,
    at: 1_789_430_400,
    every: 365,
};
/// Beta, developer and nightly versions are this much ahead of a release; schedules are brought forward.
const AHEAD: i64 = 4;

/// Whether version `major` of this browser can be in somebody's hands at `now`, seconds since 1970. Browsers that
/// number their releases their own way may have any below 1,000.
pub(super) fn is_plausible(browser: &str, major: u32, now: i64) -> bool {
    let cadence = match browser {
        "Chrome" | "Edge" | "WebView" => &CHROMIUM,
        "Firefox" | "Firefox Focus" => &FIREFOX,
        "Safari" => &SAFARI,
        _ => return major < 1000,
    };
    let since = now.saturating_sub(cadence.at).div_euclid(cadence.every * DAY);
    let newest = cadence.major.saturating_add(since.max(0)).saturating_add(AHEAD);
    i64::from(major) <= newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_nobody_can_have_yet_is_told_apart() {
        let november_2026 = 1_795_600_000;
        for (browser, major, plausible) in [
            ("Chrome", 156, true),
            ("Chrome", 158, true),
            ("Chrome", 175, false),
            ("Edge", 4_000_000_000, false),
            ("Firefox", 157, true),
            ("Firefox", 199, false),
            ("Safari", 27, true),
            ("Safari", 99, false),
            ("Samsung Internet", 29, true),
            ("Samsung Internet", 5000, false),
        ] {
            assert_eq!(
                is_plausible(browser, major, november_2026),
                plausible,
                "{browser} {major}"
            );
        }
        assert!(is_plausible("Chrome", 200, november_2026 + 3 * 365 * DAY));
        for now in [i64::MIN, i64::MAX] {
            is_plausible("Chrome", 1, now);
        }
    }
}
