//! Numbers that nobody else has.

use std::num::{NonZeroU64, NonZeroU128};

use crate::pick::Chance;

/// Where the numbers of requests and traces come from: two dice, thrown together.
#[derive(Debug)]
pub(crate) struct Numbers {
    high: Chance,
    low: Chance,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { high: Chance::random(), low: Chance::random() }
    }
}

impl Numbers {
    /// A random UUID, which is what programs that give numbers to requests agree upon (RFC 9562 §5.4).
    pub(crate) fn request_id(&self) -> String {
        let number = self.wide() & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let digits = format!("{number:032x}");
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }

    /// The number of a trace.
    pub(crate) fn trace(&self) -> NonZeroU128 {
        NonZeroU128::new(self.wide()).unwrap_or(NonZeroU128::MIN)
    }

    /// The number of a place in a trace.
    pub(crate) fn place(&self) -> NonZeroU64 {
        NonZeroU64::new(self.low.next()).unwrap_or(NonZeroU64::MIN)
    }

    fn wide(&self) -> u128 {
        u128::from(self.high.next()) << 64 | u128::from(self.low.next())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_number_is_a_random_uuid() {
        let numbers = Numbers::default();
        for _ in 0..100 {
            let id = numbers.request_id();
            let shape: String = id.chars().map(|c| if c == '-' { '-' } else { 'x' }).collect();
            assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "{id}");
            assert!(&id[14..15] == "4" && "89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn no_two_workers_give_the_same_numbers() {
        let numbers = [Numbers::default(), Numbers::default()];
        let all: HashSet<String> = numbers.iter().flat_map(|numbers| (0..1000).map(|_| numbers.request_id())).collect();
        assert_eq!(all.len(), 2000);
    }
}
