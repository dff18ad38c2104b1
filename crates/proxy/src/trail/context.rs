//! The place of a request in a trace, as `traceparent` tells it (W3C Trace Context, level 1).

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

/// What a `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace: NonZeroU128,
    parent: NonZeroU64,
    flags: u8,
}

/// Whoever sent the request may have recorded it.
const SAMPLED: u8 = 1;

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;

impl TraceContext {
    /// Reads the value of a `traceparent`; none where it is to be taken for absent.
    pub(crate) fn parse(value: &[u8]) -> Option<TraceContext> {
        let (known, rest) = value.split_at_checked(LENGTH)?;
        let mut parts = known.split(|&byte| byte == b'-');
        let version = number(parts.next()?, 2)?;
        let trace = number(parts.next()?, 32)?;
        let parent = number(parts.next()?, 16)?;
        let flags = number(parts.next()?, 2)?;
        let ends_well = match version {
            0 => rest.is_empty(),
            // Not a version, for ever.
            0xff => false,
            // A later one may say more, behind what is known.
            _ => rest.is_empty() || rest[0] == b'-',
        };
        if !ends_well || parts.next().is_some() {
            return None;
        }
        let parent = u64::try_from(parent).ok().and_then(NonZeroU64::new)?;
        Some(TraceContext { trace: NonZeroU128::new(trace)?, parent, flags: u8::try_from(flags).ok()? })
    }

    /// A trace that begins here. It is to be sampled: if it were not, nobody behind us would record anything.
    pub(crate) fn begun(trace: NonZeroU128, place: NonZeroU64) -> TraceContext {
        TraceContext { trace, parent: place, flags: SAMPLED }
    }

    /// The same trace, seen from a place of ours. Flags that the version we write does not know are not passed on.
    pub(crate) fn joined_at(self, place: NonZeroU64) -> TraceContext {
        TraceContext { parent: place, flags: self.flags & SAMPLED, ..self }
    }

    /// The number of the trace.
    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The number of the place that the next program sees as its parent.
    pub(crate) fn parent_id(&self) -> String {
        format!("{:016x}", self.parent)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, self.flags)
    }
}

/// So many hexadecimal digits, none of them a capital.
fn number(digits: &[u8], length: usize) -> Option<u128> {
    if digits.len() != length {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number << 4 | u128::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u128::from(digit - b'a' + 10)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pick::Chance;
    use crate::trail::Numbers;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[track_caller]
    fn check(value: &str, expected: Option<&str>) {
        let shown = TraceContext::parse(value.as_bytes()).map(|context| context.to_string());
        assert_eq!(shown.as_deref(), expected, "{value}");
    }

    #[test]
    fn what_the_specification_calls_valid_is_understood_and_nothing_else() {
        let with = |from: &str, to: &str| GOOD.replacen(from, to, 1);
        check(GOOD, Some(GOOD));
        check(&with("-01", "-00"), Some(&with("-01", "-00")));
        check(&with("-01", "-ff"), Some(&with("-01", "-ff")));
        // Later versions are read like the first, and may say more.
        check(&with("00-", "01-"), Some(GOOD));
        check(&(with("00-", "cc-") + "-what-the-future-will-be-like"), Some(GOOD));
        check(&(with("00-", "cc-") + "-"), Some(GOOD));
        check(&(with("00-", "cc-") + ".what"), None);
        check(&with("00-", "ff-"), None);
        check(&(GOOD.to_owned() + "-"), None);
        check(&(GOOD.to_owned() + "0"), None);
        check(&with("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)), None);
        check(&with("b7ad6b7169203331", &"0".repeat(16)), None);
        check(&GOOD.to_uppercase(), None);
        check(&with("0af7", ".af7"), None);
        check(&with("-01", "-1"), None);
        check(&with("-01", "-0x"), None);
        check(&with("-b7", "b7-"), None);
        check(&with("00-", "0-"), None);
        check(&with("00-", "000-"), None);
        check("", None);
        check("00", None);
        check(&"-".repeat(55), None);
        check(&"\u{e4}".repeat(40), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let numbers = Numbers::default();
        for _ in 0..1000 {
            let begun = TraceContext::begun(numbers.trace(), numbers.place());
            assert_eq!(TraceContext::parse(begun.to_string().as_bytes()), Some(begun));
            let joined = begun.joined_at(numbers.place());
            assert_eq!(TraceContext::parse(joined.to_string().as_bytes()), Some(joined));
            assert!(joined.trace_id() == begun.trace_id() && joined.parent_id() != begun.parent_id());
        }
    }

    #[test]
    fn whatever_one_byte_becomes_it_is_refused_or_says_what_it_said() {
        let chance = Chance::random();
        for _ in 0..20_000 {
            let mut bytes = GOOD.as_bytes().to_vec();
            let place = chance.place(bytes.len());
            bytes[place] = chance.next().to_le_bytes()[0];
            bytes.truncate(bytes.len() - chance.place(2));
            if let Some(context) = TraceContext::parse(&bytes) {
                // Another version is written as ours.
                assert_eq!(context.to_string().as_bytes()[2..], bytes[2..], "{}", bytes.escape_ascii());
            }
        }
    }
}
