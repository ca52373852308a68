//! Where lines for people go. The only module that prints.

use std::fmt;
use std::sync::Arc;

/// Takes every line the local cloud and its functions write; standard error unless a test listens.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// Lines go to standard error.
    pub fn stderr() -> Self {
        Self::to(|line| eprintln!("{line}"))
    }

    /// Lines go nowhere.
    pub fn silent() -> Self {
        Self::to(|_| ())
    }

    /// Lines go to `sink`, one at a time, without their line end.
    pub fn to(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(crate) fn line(&self, line: impl AsRef<str>) {
        (self.0)(line.as_ref());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// Prints what a command was asked for.
#[expect(clippy::print_stdout, reason = "the answer of a command line tool")]
pub(crate) fn answer(text: &str) {
    println!("{text}");
}
