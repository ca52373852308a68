//! Who announces addresses: ranges of autonomous systems in, `asn.mmdb` out.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::encoder::Encoder;
use crate::tree::Tree;
use crate::{Error, Progress};

/// Ranges and the systems that announce them.
#[derive(Debug)]
pub(crate) struct Systems {
    pub(crate) tree: Tree,
    found: Vec<(u32, String)>,
    numbers: HashMap<(u32, String), u32>,
}

impl Systems {
    pub(crate) fn new() -> Self {
        Self {
            tree: Tree::new(),
            found: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Adds rows of first address, last address, number, holder.
    pub(crate) fn add(&mut self, rows: &[u8], name: &str, progress: &Progress) -> Result<(), Error> {
        let bar = progress.count(&format!("reading {name}"), rows.len() as u64);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(rows);
        let mut row = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(Error::Source(format!("{name}: {error}"))),
            }
            bar.set(row.position().map_or(0, csv::Position::byte));
            let wrong = || {
                Error::Source(format!(
                    "{name}: line {} is no range",
                    row.position().map_or(0, csv::Position::line)
                ))
            };
            let field = |at| row.get(at).ok_or_else(wrong);
            let address = |at| field(at)?.parse::<IpAddr>().map_err(|_| wrong());
            let number: u32 = field(2)?.parse().map_err(|_| wrong())?;
            if number == 0 {
                continue;
            }
            let record = self.number(number, field(3)?);
            match (address(0)?, address(1)?) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    self.tree
                        .insert_ipv4_range(first.to_bits(), last.to_bits(), record);
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    self.tree.insert_range(first.to_bits(), last.to_bits(), record);
                }
                _ => return Err(wrong()),
            }
        }
    }

    fn number(&mut self, number: u32, holder: &str) -> u32 {
        let next = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        let found = &mut self.found;
        *self
            .numbers
            .entry((number, holder.to_owned()))
            .or_insert_with_key(|it| {
                found.push(it.clone());
                next
            })
    }

    /// The records and where each is, in the schema of GeoLite2 ASN.
    pub(crate) fn encode(&self) -> (Encoder, Vec<u32>) {
        let mut to = Encoder::default();
        to.keep(["autonomous_system_number", "autonomous_system_organization"]);
        let mut places = Vec::with_capacity(self.found.len());
        for (number, holder) in &self.found {
            places.push(to.here());
            to.map(1 + usize::from(!holder.is_empty()));
            to.shared("autonomous_system_number");
            to.u32(*number);
            if !holder.is_empty() {
                to.shared("autonomous_system_organization");
                to.text(holder);
            }
        }
        (to, places)
    }

    /// How many different systems there are.
    pub(crate) fn different(&self) -> u64 {
        self.found.len() as u64
    }
}
