//! Pages of a list, in the vendor's counting: offsets from zero, items and pages from one.

use super::reply::Pagination;

/// How far back a list reaches, in sessions.
pub const REACH: u16 = 1000;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many, 1 to [`Page::LARGEST`].
    pub size: u16,
    /// How many come before them, below [`REACH`].
    pub offset: u16,
}

impl Page {
    /// Most items of a page.
    pub const LARGEST: u16 = 100;
    /// Items of a page when nothing is said.
    pub const USUAL: u16 = 20;

    /// How many of the newest items have to be known: those before, those wanted, and one that says whether there are
    /// more.
    pub const fn needs(self) -> u16 {
        self.offset + self.size + 1
    }

    /// The page out of the newest `known` items, of which there are as many as it needs or as there are at all.
    ///
    /// Nobody counts a whole history for one page, so `item_count` counts what is known: all, when this is the last
    /// page, else the items up to here and one.
    pub fn cut<T>(self, known: Vec<T>) -> (Vec<T>, Pagination) {
        let (size, offset) = (usize::from(self.size), usize::from(self.offset));
        let item_count = known.len();
        let items: Vec<T> = known.into_iter().skip(offset).take(size).collect();
        let end = offset + size;
        let pagination = Pagination {
            item_count,
            item_end: if items.is_empty() { 0 } else { offset + items.len() },
            item_start: if items.is_empty() { 0 } else { offset + 1 },
            next_page_offset: (end < item_count && end < usize::from(REACH)).then_some(end),
            page_count: item_count.div_ceil(size),
            page_index: offset / size + 1,
            page_offset: offset,
            page_size: size,
            previous_page_offset: (0 < offset).then(|| offset.saturating_sub(size)),
        };
        (items, pagination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items and pagination as a reader needs them: from, to, next, previous.
    fn cut(size: u16, offset: u16, there: u16) -> (Vec<u16>, [Option<usize>; 4]) {
        let page = Page { size, offset };
        let (items, it) = page.cut((1..=there.min(page.needs())).collect());
        let told = [
            Some(it.item_start),
            Some(it.item_end),
            it.next_page_offset,
            it.previous_page_offset,
        ];
        (items, told)
    }

    #[test]
    fn a_page_tells_where_the_next_one_begins() {
        for (size, offset, there, items, told) in [
            (2, 0, 0, vec![], [Some(0), Some(0), None, None]),
            (2, 0, 2, vec![1, 2], [Some(1), Some(2), None, None]),
            (2, 0, 3, vec![1, 2], [Some(1), Some(2), Some(2), None]),
            (2, 2, 3, vec![3], [Some(3), Some(3), None, Some(0)]),
            (2, 1, 9, vec![2, 3], [Some(2), Some(3), Some(3), Some(0)]),
            (2, 8, 3, vec![], [Some(0), Some(0), None, Some(6)]),
        ] {
            assert_eq!(
                cut(size, offset, there),
                (items, told),
                "{size} from {offset} of {there}"
            );
        }
    }

    #[test]
    fn following_the_offsets_reads_everything_once_and_stops() {
        for (size, there) in [(1, 5), (3, 10), (100, 1500), (7, 1500)] {
            let (mut offset, mut read) = (Some(0), Vec::new());
            while let Some(at) = offset {
                let page = Page {
                    size,
                    offset: u16::try_from(at).unwrap(),
                };
                let (items, pagination) = page.cut((1..=there.min(page.needs())).collect());
                read.extend(items);
                offset = pagination.next_page_offset;
            }
            let expected: Vec<u16> = (1..=there).collect();
            assert!(expected.starts_with(&read));
            assert!(read.len() == expected.len() || usize::from(REACH) <= read.len());
        }
    }

    #[test]
    fn a_known_end_is_counted_exactly() {
        let page = Page { size: 4, offset: 8 };
        let (_, it) = page.cut(vec![(); 10]);
        assert_eq!((it.item_count, it.page_count, it.page_index), (10, 3, 3));
    }
}
