//! The search tree of a MaxMind database: networks in, nodes out, in an order that is kind to cold disks.

#![expect(
    clippy::indexing_slicing,
    reason = "a node's number is its place in the vector, given out by this module alone"
)]

use std::collections::VecDeque;

const NOTHING: u32 = u32::MAX;
const RECORD: u32 = 1 << 31;
/// Bits above an IPv4 address, which is a low IPv6 address here.
const ABOVE_IPV4: u32 = 96;
/// How many nodes of seven bytes a page of 4096 holds.
const NODES_A_PAGE: usize = 585;

/// Which network has which record.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<[u32; 2]>,
}

/// What one side of a node leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Node(u32),
    Record(u32),
    Nothing,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![[NOTHING; 2]],
        }
    }

    /// Gives the network of the first `bits` bits of `address` a record; a later one wins over an earlier.
    pub(crate) fn insert(&mut self, address: u128, bits: u32, record: u32) {
        let mut node = 0;
        for depth in 0..bits {
            let side = side(address, depth);
            if depth + 1 == bits {
                self.nodes[node][side] = RECORD | record;
                return;
            }
            let next = self.nodes[node][side];
            node = if next & RECORD == 0 {
                next as usize
            } else {
                // Of a record above, both halves keep it but for what comes now.
                self.nodes.push([next; 2]);
                let made = self.nodes.len() - 1;
                self.nodes[node][side] = number(made);
                made
            };
        }
    }

    /// As [`Self::insert`], for every address from `first` to `last`.
    pub(crate) fn insert_range(&mut self, first: u128, last: u128, record: u32) {
        let mut next = first;
        while next <= last {
            let room = (last - next).saturating_add(1).ilog2();
            let zeros = next.trailing_zeros().min(room).min(127);
            self.insert(next, 128 - zeros, record);
            let Some(after) = next.checked_add(1 << zeros) else {
                return;
            };
            next = after;
        }
    }

    /// As [`Self::insert_range`], for IPv4 addresses.
    pub(crate) fn insert_ipv4_range(&mut self, first: u32, last: u32, record: u32) {
        self.insert_range(u128::from(first), u128::from(last), record);
    }

    /// Joins halves that have the same record.
    pub(crate) fn join(&mut self) {
        // Children were made after their parents, so backwards they come first.
        for node in (0..self.nodes.len()).rev() {
            for side in 0..2 {
                let child = self.nodes[node][side];
                if child & RECORD == 0 {
                    let [left, right] = self.nodes[child as usize];
                    if left == right && left & RECORD != 0 {
                        self.nodes[node][side] = left;
                    }
                }
            }
        }
    }

    /// The nodes as a reader finds them, numbered from the root, and how many networks have a record.
    ///
    /// The path to IPv4 comes first, then IPv4 in blocks of a page, each as deep as it is wide, then the rest: a lookup
    /// touches three or four pages in place of twenty.
    pub(crate) fn ordered(&self) -> Ordered {
        let mut order = Order {
            tree: self,
            places: vec![NOTHING; self.nodes.len()],
            taken: Vec::new(),
        };
        let mut node = Some(0);
        let mut spine = Vec::new();
        for _ in 0..ABOVE_IPV4 {
            let Some(it) = node else { break };
            order.take(it);
            spine.push(it);
            node = self.child(it, 0);
        }
        let besides = spine.iter().filter_map(|it| self.child(*it, 1));
        for top in node.into_iter().chain(besides) {
            order.blocks(top);
        }
        order.finish()
    }

    fn child(&self, node: u32, side: usize) -> Option<u32> {
        let child = self.nodes[node as usize][side];
        (child & RECORD == 0).then_some(child)
    }
}

/// Nodes in their final order.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) nodes: Vec<[Side; 2]>,
    /// Sides that lead to records.
    pub(crate) networks: u64,
}

struct Order<'a> {
    tree: &'a Tree,
    places: Vec<u32>,
    taken: Vec<u32>,
}

impl Order<'_> {
    fn take(&mut self, node: u32) {
        self.places[node as usize] = number(self.taken.len());
        self.taken.push(node);
    }

    /// Takes all below `top`: the widest block that fits a page, then what hangs below it, one after the other.
    fn blocks(&mut self, top: u32) {
        let mut waiting = vec![top];
        while let Some(root) = waiting.pop() {
            let mut block = VecDeque::from([root]);
            let mut room = NODES_A_PAGE;
            while let Some(node) = block.pop_front() {
                if room == 0 {
                    block.push_front(node);
                    break;
                }
                room -= 1;
                self.take(node);
                block.extend((0..2).filter_map(|side| self.tree.child(node, side)));
            }
            waiting.extend(block.into_iter().rev());
        }
    }

    fn finish(self) -> Ordered {
        let side = |value: u32| match value {
            NOTHING => Side::Nothing,
            record if record & RECORD != 0 => Side::Record(record & !RECORD),
            node => Side::Node(self.places[node as usize]),
        };
        let nodes: Vec<[Side; 2]> = self
            .taken
            .iter()
            .map(|node| self.tree.nodes[*node as usize].map(side))
            .collect();
        let records = nodes.iter().flatten().filter(|it| matches!(it, Side::Record(_)));
        Ordered {
            networks: records.count() as u64,
            nodes,
        }
    }
}

fn side(address: u128, depth: u32) -> usize {
    usize::from(address >> (127 - depth) & 1 == 1)
}

/// Trees of more nodes than this fit no record of the format.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(tree: &Ordered, address: u128) -> Option<u32> {
        let mut node = 0;
        for depth in 0..128 {
            match tree.nodes[node][side(address, depth)] {
                Side::Node(next) => node = next as usize,
                Side::Record(record) => return Some(record),
                Side::Nothing => return None,
            }
        }
        None
    }

    #[test]
    fn a_range_has_its_record_from_its_first_to_its_last_address_and_no_further() {
        for (first, last) in [
            (0, 0),
            (5, 5),
            (1, 6),
            (3, 1000),
            (1 << 40, (1 << 41) + 7),
            (7, u128::MAX),
            (0, u128::MAX),
        ] {
            let mut tree = Tree::new();
            tree.insert_range(first, last, 9);
            tree.join();
            let tree = tree.ordered();
            assert_eq!(find(&tree, first), Some(9), "{first} {last}");
            assert_eq!(find(&tree, last), Some(9), "{first} {last}");
            assert_eq!(find(&tree, first + (last - first) / 2), Some(9), "{first} {last}");
            for outside in [first.checked_sub(1), last.checked_add(1)].into_iter().flatten() {
                assert_eq!(find(&tree, outside), None, "{first} {last}");
            }
        }
    }

    #[test]
    fn a_part_may_differ_from_the_whole() {
        let mut tree = Tree::new();
        tree.insert(0, 8, 1);
        tree.insert(1 << 120, 16, 2);
        tree.insert(0, 24, 3);
        let tree = tree.ordered();
        assert_eq!(find(&tree, 0), Some(3));
        assert_eq!(find(&tree, 1 << 104), Some(1));
        assert_eq!(find(&tree, 1 << 120), Some(2));
    }

    #[test]
    fn halves_with_one_record_are_one_network() {
        let mut tree = Tree::new();
        for address in 0..256 {
            tree.insert(address << 120, 8, 4);
        }
        tree.join();
        let tree = tree.ordered();
        assert_eq!(tree.networks, 2);
        assert_eq!(tree.nodes.len(), 1);
    }

    #[test]
    fn the_order_loses_nothing() {
        let mut tree = Tree::new();
        let addresses: Vec<u128> = (0..20_000_u128)
            .map(|it| it * it * 0x9e37_79b9_7f4a_7c15)
            .collect();
        for (record, address) in addresses.iter().enumerate() {
            tree.insert(*address, 128, u32::try_from(record).unwrap());
        }
        let tree = tree.ordered();
        for (record, address) in addresses.iter().enumerate().skip(1) {
            assert_eq!(find(&tree, *address), Some(u32::try_from(record).unwrap()));
        }
    }
}
