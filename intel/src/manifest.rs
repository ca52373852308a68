//! What a build was made of: written beside the data, printed by `cargo local intel --info`.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a build was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The databases.
    pub tables: Vec<Table>,
    /// The packages they were made of.
    pub sources: Vec<Source>,
    /// What could not be used, and other remarks.
    pub notes: Vec<String>,
}

/// A database of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its file.
    pub file: String,
    /// Its kind, as its own metadata says.
    pub kind: String,
    /// When its source was built, seconds since 1970.
    pub built_at: u64,
    /// The same day, as people write it.
    pub built_on: String,
    /// Networks with a record.
    pub networks: u64,
    /// Different records.
    pub records: u64,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// A package of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Registry and name.
    pub package: String,
    /// Version.
    pub version: String,
    /// What its bytes hash to, as its registry writes it.
    pub digest: String,
    /// What it tells.
    pub tells: String,
    /// Licence of the data, an SPDX expression where there is one.
    pub licence: String,
    /// The words its licence asks for, or that we owe it anyway.
    pub attribution: String,
    /// Where it is from.
    pub link: String,
}

/// The file's name, in the folder of the data.
const FILE: &str = "sources.json";
const NOTICE: &str = "NOTICE.txt";

impl Manifest {
    /// The manifest of the data in `folder`, where there is one.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let file = folder.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file(&file)(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Error::source(file.display(), error))
    }

    /// Writes it beside the data, with its attributions as a text.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::source(FILE, error))?;
        for (name, text) in [(FILE, text), (NOTICE, self.notice())] {
            let file = folder.join(name);
            std::fs::write(&file, text + "\n").map_err(Error::file(&file))?;
        }
        Ok(())
    }

    /// The tables that have lost more than a fifth of their networks since `before`.
    pub(crate) fn shrunk_since(&self, before: &Self) -> Option<Error> {
        before.tables.iter().find_map(|old| {
            let now = self
                .tables
                .iter()
                .find(|it| it.file == old.file)
                .map_or(0, |it| it.networks);
            (now * 5 < old.networks * 4).then(|| Error::Shrunk {
                table: old.file.clone(),
                before: old.networks,
                now,
            })
        })
    }

    fn notice(&self) -> String {
        let mut text =
            String::from("This folder holds data about IP addresses, converted by Holdfast from:\n");
        for source in &self.sources {
            text.push_str(&format!(
                "\n{} {} ({})\n  {}\n  {}\n",
                source.package, source.version, source.licence, source.attribution, source.link
            ));
        }
        text
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(
                f,
                "{:16} {:24} of {}  {:>9} networks  {:>7} records  {:>6} MB",
                table.file,
                table.kind,
                table.built_on,
                table.networks,
                table.records,
                megabytes(table.size)
            )?;
        }
        for source in &self.sources {
            writeln!(f, "\n{} {}: {}", source.package, source.version, source.tells)?;
            writeln!(
                f,
                "  {}: {} <{}>",
                source.licence, source.attribution, source.link
            )?;
            writeln!(f, "  {}", source.digest)?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

/// Bytes in millions, with one digit.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(networks: u64) -> Manifest {
        Manifest {
            tables: vec![Table {
                file: "city.mmdb".to_owned(),
                kind: String::new(),
                built_at: 0,
                built_on: String::new(),
                networks,
                records: 1,
                size: 1,
                sha256: String::new(),
            }],
            sources: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_table_may_lose_a_fifth_and_no_more() {
        assert!(of(80).shrunk_since(&of(100)).is_none());
        assert!(of(500).shrunk_since(&of(100)).is_none());
        assert!(of(79).shrunk_since(&of(100)).is_some());
        let mut none = of(1);
        none.tables.clear();
        assert!(none.shrunk_since(&of(100)).is_some());
        assert!(of(1).shrunk_since(&none).is_none());
    }
}
