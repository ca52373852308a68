//! What a user agent of the network says, and what it says after updates.

/// What renders pages; releases change what it draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Blink,
    Gecko,
    WebKit,
}

/// The system's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Os {
    Windows,
    Mac,
    Linux,
    Ios,
    Android,
}

/// A user agent, read as far as evolution needs it.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) text: String,
    pub(crate) engine: Engine,
    pub(crate) os: Os,
    /// The number a release counts up: the major version, Safari's minor one.
    pub(crate) release: u32,
    /// The major version.
    pub(crate) major: u32,
}

impl Agent {
    pub(crate) fn read(text: &str) -> Self {
        let os = [
            ("Android", Os::Android),
            ("iPhone", Os::Ios),
            ("iPad", Os::Ios),
            ("Windows", Os::Windows),
            ("Macintosh", Os::Mac),
        ]
        .into_iter()
        .find(|(mark, _)| text.contains(mark))
        .map_or(Os::Linux, |(_, os)| os);
        let engine = if os == Os::Ios {
            Engine::WebKit
        } else if text.contains("Firefox/") {
            Engine::Gecko
        } else if text.contains("Chrome/") {
            Engine::Blink
        } else {
            Engine::WebKit
        };
        let mut version = text
            .split_once(engine.mark())
            .map_or("0.0", |(_, rest)| rest)
            .split(|c: char| !c.is_ascii_digit())
            .map(|number| number.parse().unwrap_or_default());
        let major = version.next().unwrap_or_default();
        let minor = version.next().unwrap_or_default();
        Self {
            text: text.to_owned(),
            engine,
            os,
            release: if engine == Engine::WebKit { minor } else { major },
            major,
        }
    }

    /// Whether the device is a phone or tablet.
    pub(crate) fn mobile(&self) -> bool {
        matches!(self.os, Os::Ios | Os::Android)
    }

    /// The text after `updates` releases of the browser and `system` of the system.
    pub(crate) fn updated(&self, updates: u32, system: u32) -> String {
        let text = match self.engine {
            Engine::WebKit => {
                let (major, minor) = (self.major, self.release);
                self.text.replace(
                    &format!("Version/{major}.{minor}"),
                    &format!("Version/{major}.{}", minor + updates),
                )
            }
            Engine::Blink | Engine::Gecko => {
                let (before, after) = (self.major, self.major + updates);
                ["/", "rv:"].into_iter().fold(self.text.clone(), |text, mark| {
                    text.replace(&format!("{mark}{before}."), &format!("{mark}{after}."))
                })
            }
        };
        // Safari has frozen what it says of iOS since version 26.
        if self.os != Os::Ios || 26 <= self.major || system == 0 {
            return text;
        }
        match text.split_once("iPhone OS ") {
            Some((before, rest)) => {
                let end = rest.find(" like").unwrap_or_default();
                let (version, after) = rest.split_at(end);
                let (major, minor) = version.split_once('_').unwrap_or((version, "0"));
                let minor = minor
                    .split('_')
                    .next()
                    .and_then(|it| it.parse().ok())
                    .unwrap_or(0);
                format!("{before}iPhone OS {major}_{}{after}", minor + system)
            }
            None => text,
        }
    }
}

impl Engine {
    fn mark(self) -> &'static str {
        match self {
            Self::Blink => "Chrome/",
            Self::Gecko => "Firefox/",
            Self::WebKit => "Version/",
        }
    }

    /// Days between releases.
    pub(crate) fn interval(self) -> f64 {
        match self {
            Self::Blink | Self::Gecko => 28.0,
            Self::WebKit => 45.0,
        }
    }

    /// The newest major version in the network.
    pub(crate) fn newest(self) -> u32 {
        match self {
            Self::Blink => 148,
            Self::Gecko => 150,
            Self::WebKit => 26,
        }
    }
}

impl Os {
    /// Days between updates of the system.
    pub(crate) fn interval(self) -> f64 {
        match self {
            Self::Windows | Self::Mac | Self::Linux => 60.0,
            Self::Ios => 45.0,
            Self::Android => 150.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_changes_the_version_and_nothing_else() {
        let table = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36 Edg/147.0.0.0",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
                "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.8 Mobile/15E148 Safari/604.1",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.5 Mobile/15E148 Safari/604.1",
            ),
        ];
        for (before, after) in table {
            assert_eq!(Agent::read(before).updated(0, 0), before);
            assert_eq!(Agent::read(before).updated(2, 1), after);
        }
    }
}
