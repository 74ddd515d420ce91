//! Many needles in a big haystack, in one pass.

use std::collections::{BTreeSet, HashMap};

use super::canary::Canary;

/// Needles have at least so many bytes.
pub const SHORTEST: usize = 8;
const FILTER_BITS: u32 = 16;

/// Looks for all forms of some canaries at once.
pub struct Search {
    needles: Vec<(usize, Vec<u8>)>,
    by_start: HashMap<u64, Vec<usize>>,
    /// Whether a start with such a hash is in `by_start`; most are not.
    filter: Vec<bool>,
}

/// The first bytes of a needle, and where the filter keeps them.
fn slot(start: u64) -> usize {
    let hash = start.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    usize::try_from(hash).expect("16 bits")
}

impl Search {
    pub fn new(canaries: &[Canary]) -> Self {
        let all = canaries.iter().enumerate();
        Self::of(all.flat_map(|(n, canary)| canary.forms().into_iter().map(move |form| (n, form))))
    }

    /// For one text as it is.
    pub fn for_text(text: &str) -> Self {
        Self::of([(0, text.as_bytes().to_vec())])
    }

    fn of(needles: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Self {
        let needles: Vec<_> = needles.into_iter().collect();
        let mut by_start: HashMap<_, Vec<_>> = HashMap::new();
        let mut filter = vec![false; 1 << FILTER_BITS];
        for (n, (_, needle)) in needles.iter().enumerate() {
            let start: [u8; SHORTEST] = needle[..SHORTEST].try_into().expect("long enough");
            let start = u64::from_be_bytes(start);
            filter[slot(start)] = true;
            by_start.entry(start).or_default().push(n);
        }
        Self {
            needles,
            by_start,
            filter,
        }
    }

    /// How many sequences of bytes it looks for.
    pub fn needles(&self) -> usize {
        self.needles.len()
    }

    /// The canaries of which any form is there.
    pub fn found_in(&self, hay: &[u8]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut window = 0_u64;
        for (end, byte) in hay.iter().enumerate() {
            window = window << 8 | u64::from(*byte);
            if !self.filter[slot(window)] || end + 1 < SHORTEST {
                continue;
            }
            let from = &hay[end + 1 - SHORTEST..];
            for n in self.by_start.get(&window).into_iter().flatten() {
                let (canary, needle) = &self.needles[*n];
                if from.starts_with(needle) {
                    found.insert(*canary);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::{
        super::canary::{Canaries, hex},
        Search,
    };

    #[test]
    fn a_canary_is_found_in_every_disguise() {
        let canaries = Canaries::default();
        let (name, email) = (canaries.text("name"), canaries.email("email"));
        let address: std::net::Ipv6Addr = canaries.address("address").parse().unwrap();
        let search = Search::new(&canaries.all());
        let found = |hay: &[u8]| search.found_in(hay).into_iter().collect::<Vec<_>>();
        let in_base64 = |text: &str| STANDARD.encode(text).into_bytes();

        assert_eq!(found(format!("\0{name}{email}").as_bytes()), [0, 1]);
        assert_eq!(found(name.to_lowercase().as_bytes()), [0]);
        for before in ["", "a", "bc"] {
            assert_eq!(found(&in_base64(&format!("{before}{name}!"))), [0]);
            assert_eq!(found(&in_base64(&email.to_lowercase())), [1]);
        }
        assert_eq!(found(hex(name.as_bytes()).as_bytes()), [0]);
        assert_eq!(found(format!("from {address}").as_bytes()), [2]);
        assert_eq!(found(&address.octets()), [2]);
        assert_eq!(found(&name.as_bytes()[..name.len() - 1]), [0; 0]);
    }
}
