//! One database file, mapped into memory.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;
use symbolic_common::{AccessPattern, ByteView};

/// What a file in MaxMind's format ends with, within this many bytes; a file without was cut off.
const LONGEST_METADATA: usize = 128 * 1024;
const METADATA_MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// One database file.
///
/// It is mapped, not read: a function pays for the pages it looks at. So a file in use must never be written to, only
/// replaced by another (`/opt` cannot be written to at all).
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    reader: Reader<ByteView<'static>>,
    reported: AtomicBool,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, MaxMindDbError> {
        let bytes = ByteView::open(path)?;
        // A lookup touches ten pages far apart: reading ahead of each costs ten times what it saves. It is a hint only.
        drop(bytes.hint(AccessPattern::Random));
        Self::over(bytes, path)
    }

    pub(super) fn over(bytes: ByteView<'static>, path: &Path) -> Result<Self, MaxMindDbError> {
        // The reader would search the whole of a cut off file, page by page.
        let tail = bytes.len().saturating_sub(LONGEST_METADATA);
        let mut ends = bytes
            .get(tail..)
            .unwrap_or_default()
            .windows(METADATA_MARKER.len());
        if ends.rposition(|it| it == METADATA_MARKER).is_none() {
            return Err(MaxMindDbError::invalid_database(
                "no MaxMind database, or cut off",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            reader: Reader::from_source(bytes)?,
            reported: AtomicBool::new(false),
        })
    }

    /// What kind of database it says it is, such as `GeoLite2-City`.
    pub(super) fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When it was built, seconds since 1970.
    pub(super) fn built_at(&self) -> u64 {
        self.reader.metadata().build_epoch
    }

    /// The record of `address`. A damaged one is as good as none: it is reported once, and no request fails for it.
    pub(super) fn record<'a, T: Deserialize<'a>>(&'a self, address: IpAddr) -> Option<T> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        let found = self.reader.lookup(address).and_then(|it| it.decode());
        found.unwrap_or_else(|error| {
            if !self.reported.swap(true, Ordering::Relaxed) {
                let file = self.path.display().to_string();
                tracing::error!(
                    file,
                    "address data is damaged; addresses it cannot tell stay unknown: {error}"
                );
            }
            None
        })
    }
}
