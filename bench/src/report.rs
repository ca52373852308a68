//! What is printed: Markdown, so that a run can be pasted into `docs/performance.md` as it is.

use std::fmt;
use std::io::Write as _;

/// Prints one block, an empty line after it.
///
/// # Errors
/// When standard output is gone.
pub(crate) fn say(block: impl fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{block}\n")
}

/// A Markdown table.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(|it| (*it).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        write!(f, "|{}", "---|".repeat(self.columns.len()))?;
        for row in &self.rows {
            write!(f, "\n| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}
