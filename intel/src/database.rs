//! A whole database file: tree, records, metadata.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Error;
use crate::encoder::Encoder;
use crate::tree::{Ordered, Side};

/// What a database says of itself.
#[derive(Debug)]
pub(crate) struct Metadata<'a> {
    /// Its kind, which says what its records are.
    pub(crate) kind: &'a str,
    /// One line with the source.
    pub(crate) description: &'a str,
    /// When the source was built, seconds since 1970. Not now: the same sources give the same bytes.
    pub(crate) built_at: u64,
}

/// Zeros between tree and records.
const SEPARATOR: usize = 16;

/// Writes a database beside `file` and puts it in place. `places` says where each record is in `records`.
pub(crate) fn write(
    file: &Path,
    metadata: &Metadata<'_>,
    tree: &Ordered,
    places: &[u32],
    records: &Encoder,
) -> Result<u64, Error> {
    let nodes = u32::try_from(tree.nodes.len()).map_err(|_| Error::TooLarge)?;
    let largest = tree.nodes.len() + SEPARATOR + records.bytes.len();
    let width = [24_u16, 28, 32].into_iter().find(|bits| largest < 1 << bits);
    let width = width.ok_or(Error::TooLarge)?;

    let failed = || Error::file(file);
    let draft = file.with_extension("mmdb.new");
    let mut out = BufWriter::new(std::fs::File::create(&draft).map_err(failed())?);
    let value = |side: Side| match side {
        Side::Node(node) => node,
        Side::Nothing => nodes,
        Side::Record(record) => {
            let place = usize::try_from(record).ok().and_then(|it| places.get(it));
            // Only what the builder numbered is in the tree.
            place.map_or(nodes, |place| nodes + 16 + place)
        }
    };
    for [left, right] in &tree.nodes {
        let (left, right) = (value(*left).to_be_bytes(), value(*right).to_be_bytes());
        let (([l0, l1, l2, l3], [r0, r1, r2, r3]), width) = ((left, right), width);
        match width {
            24 => out.write_all(&[l1, l2, l3, r1, r2, r3]),
            28 => out.write_all(&[l1, l2, l3, l0 << 4 | r0, r1, r2, r3]),
            _ => out.write_all(&[l0, l1, l2, l3, r0, r1, r2, r3]),
        }
        .map_err(failed())?;
    }
    out.write_all(&[0; SEPARATOR]).map_err(failed())?;
    out.write_all(&records.bytes).map_err(failed())?;
    out.write_all(b"\xab\xcd\xefMaxMind.com").map_err(failed())?;
    out.write_all(&encoded(metadata, nodes, width).bytes)
        .map_err(failed())?;
    let written = out.into_inner().map_err(|it| failed()(it.into_error()))?;
    written.sync_all().map_err(failed())?;
    let length = written.metadata().map_err(failed())?.len();
    // A running function keeps the file it mapped.
    std::fs::rename(&draft, file).map_err(failed())?;
    Ok(length)
}

fn encoded(metadata: &Metadata<'_>, nodes: u32, width: u16) -> Encoder {
    let mut encoder = Encoder::default();
    encoder.map(9);
    encoder.text("binary_format_major_version");
    encoder.u16(2);
    encoder.text("binary_format_minor_version");
    encoder.u16(0);
    encoder.text("build_epoch");
    encoder.u64(metadata.built_at);
    encoder.text("database_type");
    encoder.text(metadata.kind);
    encoder.text("description");
    encoder.map(1);
    encoder.text("en");
    encoder.text(metadata.description);
    encoder.text("ip_version");
    encoder.u16(6);
    encoder.text("languages");
    encoder.array(1);
    encoder.text("en");
    encoder.text("node_count");
    encoder.u32(nodes);
    encoder.text("record_size");
    encoder.u16(width);
    encoder
}
