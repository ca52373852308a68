//! Time zones of coordinates, from the table of npm's `tz-lookup`.
//!
//! The table is a quadtree over the map: 48 by 24 squares, each a zone or four smaller squares, two characters a square.

use crate::Error;

const COLUMNS: usize = 48;
const ROWS: usize = 24;
/// How many numbers two characters can be; the highest ones are zones.
const NUMBERS: usize = 56 * 56;
/// Characters of the squares of the first level.
const FIRST_LEVEL: usize = 2 * COLUMNS * ROWS;

/// The map.
#[derive(Debug)]
pub(crate) struct Zones {
    squares: Vec<u8>,
    names: Vec<String>,
}

impl Zones {
    /// Finds the table in the package's script.
    pub(crate) fn read(script: &str) -> Result<Self, Error> {
        let missing = || Error::Source("tz-lookup: its table is not where it was".to_owned());
        let squares = script
            .split('"')
            .find(|it| FIRST_LEVEL < it.len())
            .filter(|it| it.bytes().all(|it| (b'#'..b'#' + 56).contains(&it)))
            .ok_or_else(missing)?;
        let list = script
            .split('[')
            .find(|it| it.starts_with("\"Africa/"))
            .ok_or_else(missing)?;
        let list = list.split(']').next().unwrap_or_default();
        let names = serde_json::from_str(&format!("[{list}]")).map_err(|_| missing())?;
        Ok(Self {
            squares: squares.as_bytes().to_vec(),
            names,
        })
    }

    /// Every name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The zone at a point; none for one that is not on the map.
    pub(crate) fn at(&self, latitude: f64, longitude: f64) -> Option<&str> {
        if !(-90.0..90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return None;
        }
        // A hair more than a full turn, so that the eastern edge is in the last column.
        let (mut x, mut column) = square(48.0 * (180.0 + longitude) / 360.000_000_000_000_06);
        let (mut y, mut row) = square(24.0 * (90.0 - latitude) / 180.000_000_000_000_03);
        let mut number = self.number(2 * COLUMNS * row + 2 * column)?;
        let mut level = 0;
        while number + self.names.len() < NUMBERS {
            level += number + 1;
            (x, column) = square(2.0 * x);
            (y, row) = square(2.0 * y);
            number = self.number(8 * (level - 1) + 4 * row + 2 * column + FIRST_LEVEL)?;
        }
        self.names
            .get(number + self.names.len() - NUMBERS)
            .map(AsRef::as_ref)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let character = |at: usize| self.squares.get(at).map(|it| usize::from(it.wrapping_sub(b'#')));
        Some(56 * character(at)? + character(at + 1)?)
    }
}

/// The rest and the whole part of a position.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are on the map, so between 0 and 48"
)]
fn square(position: f64) -> (f64, usize) {
    (position.fract(), position as usize)
}
