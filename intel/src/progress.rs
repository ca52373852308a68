//! What a person sees while the data is built.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Draws bars on a terminal, and hands lines to whoever prints them.
pub struct Progress {
    line: Box<dyn Fn(&str) + Send + Sync>,
    bars: MultiProgress,
}

/// One bar; it is gone when dropped.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Progress {
    /// Lines go to `line`; bars to standard error, where it is a terminal.
    pub fn new(line: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            line: Box::new(line),
            bars: MultiProgress::new(),
        }
    }

    pub(crate) fn line(&self, text: &str) {
        self.bars.suspend(|| (self.line)(text));
    }

    /// A bar that counts bytes.
    pub(crate) fn bytes(&self, what: &str, of: u64) -> Bar {
        self.bar(
            what,
            of,
            "{msg:48} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}",
        )
    }

    /// A bar that counts to `of`.
    pub(crate) fn count(&self, what: &str, of: u64) -> Bar {
        self.bar(what, of, "{msg:48} {wide_bar} {percent:>3} % {elapsed}")
    }

    fn bar(&self, what: &str, of: u64, template: &str) -> Bar {
        let bar = self.bars.add(ProgressBar::new(of).with_message(what.to_owned()));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Bar {
    pub(crate) fn set(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
