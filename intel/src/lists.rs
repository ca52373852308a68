//! What stands before persons: the ranges of PyPI's `iporigin` in, `anonymous.mmdb` out.

use std::collections::BTreeMap;

use crate::Error;
use crate::encoder::Encoder;
use crate::tree::Tree;

/// Labels whose ranges come only from lists without a licence, or cannot be told from such. Akamai's are mixed.
const UNLICENSED: [&str; 12] = [
    "Akamai", "BunnyCDN", "BuyVM", "CDN77", "Cogent", "Contabo", "DataCamp", "GTHost", "GleSYS", "Melbicom",
    "Scalaxy", "Vercel",
];
/// The one privacy relay; its source files it under VPNs.
const RELAY: &str = "Apple Private Relay";

const HOSTING: &str = "is_hosting_provider";
const VPN: &str = "is_anonymous_vpn";
const TOR: &str = "is_tor_exit_node";
const PRIVACY_RELAY: &str = "is_privacy_relay";
const ANONYMOUS: &str = "is_anonymous";

/// Flags that records have together; a record is a number in this list.
const RECORDS: [&[&str]; 4] = [
    &[HOSTING],
    // A range has one label only, and exits of both are machines in data centres nearly always.
    &[ANONYMOUS, HOSTING, VPN],
    &[ANONYMOUS, HOSTING, TOR],
    &[PRIVACY_RELAY],
];

/// Ranges with what is known of them.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) tree: Tree,
    pub(crate) built_at: u64,
    /// How many ranges each label kept.
    pub(crate) labels: BTreeMap<String, u64>,
    /// Labels that were left out.
    pub(crate) dropped: Vec<String>,
}

impl Lists {
    /// Reads the package's table: a header, labels, IPv4 ranges, IPv6 ranges.
    pub(crate) fn read(table: &[u8]) -> Result<Self, Error> {
        Self::parse(table).ok_or_else(|| Error::Source("iporigin: its table has another form".to_owned()))
    }

    fn parse(table: &[u8]) -> Option<Self> {
        let mut rest = table.strip_prefix(b"IPORIGIN")?;
        if u16::from_le_bytes(take(&mut rest)?) != 1 {
            return None;
        }
        let mut lists = Self {
            tree: Tree::new(),
            built_at: u64::from_le_bytes(take(&mut rest)?),
            labels: BTreeMap::new(),
            dropped: Vec::new(),
        };
        let labels = u16::from_le_bytes(take(&mut rest)?);
        let ipv4 = u32::from_le_bytes(take(&mut rest)?);
        let ipv6 = u32::from_le_bytes(take(&mut rest)?);
        let mut records = Vec::new();
        for _ in 0..labels {
            let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
            let (label, after) = rest.split_at_checked(length)?;
            rest = after;
            let (provider, kind) = std::str::from_utf8(label).ok()?.split_once('\t')?;
            let record = record(provider, kind);
            if record.is_none() {
                lists.dropped.push(provider.to_owned());
            }
            records.push((provider.to_owned(), record));
        }
        for _ in 0..ipv4 {
            let (first, last) = (
                u32::from_le_bytes(take(&mut rest)?),
                u32::from_le_bytes(take(&mut rest)?),
            );
            let label = records.get(usize::from(u16::from_le_bytes(take(&mut rest)?)))?;
            lists.add(u128::from(first), u128::from(last), label);
        }
        for _ in 0..ipv6 {
            let (first, last) = (
                u128::from_be_bytes(take(&mut rest)?),
                u128::from_be_bytes(take(&mut rest)?),
            );
            let label = records.get(usize::from(u16::from_le_bytes(take(&mut rest)?)))?;
            lists.add(first, last, label);
        }
        lists.dropped.sort();
        rest.is_empty().then_some(lists)
    }

    fn add(&mut self, first: u128, last: u128, (provider, record): &(String, Option<u32>)) {
        if let Some(record) = record {
            *self.labels.entry(provider.clone()).or_default() += 1;
            self.tree.insert_range(first, last, *record);
        }
    }

    /// The records and where each is, in the schema of GeoIP2 Anonymous IP, with one flag more.
    pub(crate) fn encode() -> (Encoder, Vec<u32>) {
        let mut to = Encoder::default();
        to.keep([HOSTING, VPN, TOR, PRIVACY_RELAY, ANONYMOUS]);
        let places = RECORDS.map(|flags| {
            let here = to.here();
            to.map(flags.len());
            for flag in flags {
                to.shared(flag);
                to.yes();
            }
            here
        });
        (to, places.to_vec())
    }
}

/// The record of a label; none for one that is left out.
fn record(provider: &str, kind: &str) -> Option<u32> {
    if UNLICENSED.contains(&provider) {
        return None;
    }
    match kind {
        _ if provider == RELAY => Some(3),
        // Declared crawlers run in data centres, too.
        "hosting" | "cdn" | "bot" => Some(0),
        "vpn" => Some(1),
        "tor" => Some(2),
        _ => None,
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}
