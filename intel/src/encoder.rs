//! Values as the MaxMind DB format spells them.
//!
//! The format: <https://maxmind.github.io/MaxMind-DB/>.

use std::collections::HashMap;

/// A data section that is being written.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    pub(crate) bytes: Vec<u8>,
    kept: HashMap<String, u32>,
}

const POINTER: u8 = 1;
const TEXT: u8 = 2;
const DOUBLE: u8 = 3;
const U16: u8 = 5;
const U32: u8 = 6;
const MAP: u8 = 7;
const U64: u8 = 9;
const ARRAY: u8 = 11;
const BOOLEAN: u8 = 14;

impl Encoder {
    /// Where the next value will be.
    pub(crate) fn here(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// Writes texts that will be pointed at. They stay together, so that few pages hold what many records share.
    pub(crate) fn keep<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            if !self.kept.contains_key(text) {
                let here = self.here();
                self.kept.insert(text.to_owned(), here);
                self.text(text);
            }
        }
    }

    /// A text: a pointer to it where it was kept.
    pub(crate) fn shared(&mut self, text: &str) {
        match self.kept.get(text) {
            Some(kept) => self.pointer(*kept),
            None => self.text(text),
        }
    }

    pub(crate) fn pointer(&mut self, to: u32) {
        // Longer pointers begin to count where shorter ones end.
        const MEDIUM: u32 = 1 << 11;
        const LONG: u32 = MEDIUM + (1 << 19);
        let (size, value, length) = if to < MEDIUM {
            (0, to, 1)
        } else if to < LONG {
            (1, to - MEDIUM, 2)
        } else if to - LONG < 1 << 27 {
            (2, to - LONG, 3)
        } else {
            (3, to, 4)
        };
        let [a, b, c, d] = value.to_be_bytes();
        let (high, low): (u8, &[u8]) = match length {
            1 => (c, &[d]),
            2 => (b, &[c, d]),
            3 => (a, &[b, c, d]),
            _ => (0, &[a, b, c, d]),
        };
        self.bytes.push(POINTER << 5 | size << 3 | high);
        self.bytes.extend_from_slice(low);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.control(TEXT, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn double(&mut self, value: f64) {
        self.control(DOUBLE, 8);
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.whole(U16, u64::from(value));
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.whole(U32, u64::from(value));
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.whole(U64, value);
    }

    pub(crate) fn yes(&mut self) {
        self.control(BOOLEAN, 1);
    }

    /// Begins a map; as many pairs of key and value follow.
    pub(crate) fn map(&mut self, pairs: usize) {
        self.control(MAP, pairs);
    }

    /// Begins an array; as many values follow.
    pub(crate) fn array(&mut self, values: usize) {
        self.control(ARRAY, values);
    }

    fn whole(&mut self, kind: u8, value: u64) {
        let bytes = value.to_be_bytes();
        let length = 8 - value.leading_zeros() as usize / 8;
        self.control(kind, length);
        self.bytes.extend(bytes.into_iter().skip(8 - length));
    }

    fn control(&mut self, kind: u8, size: usize) {
        let (short, length, more) = match size {
            0..29 => (size, 0, 0),
            29..285 => (29, 1, size - 29),
            285..65_821 => (30, 2, size - 285),
            _ => (31, 3, size - 65_821),
        };
        let short = u8::try_from(short).unwrap_or_default();
        if kind <= MAP {
            self.bytes.push(kind << 5 | short);
        } else {
            self.bytes.extend([short, kind - MAP]);
        }
        let more = u32::try_from(more).unwrap_or(u32::MAX).to_be_bytes();
        self.bytes.extend(more.into_iter().skip(4 - length));
    }
}
