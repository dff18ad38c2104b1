//! Figures in the units that people think in.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The two largest units: `3d 4h`, `5m 12s`, `42s`.
pub(super) fn uptime(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m {}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {}m", seconds / HOUR, seconds % HOUR / MINUTE),
        DAY.. => format!("{}d {}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// In the unit that leaves at most three digits: `0.4ms`, `25ms`, `2.5s`.
pub(super) fn latency(seconds: f64) -> String {
    match seconds * 1000.0 {
        millis if millis < 10.0 => format!("{millis:.1}ms"),
        millis if millis < 1000.0 => format!("{millis:.0}ms"),
        _ => format!("{seconds:.1}s"),
    }
}

/// Exact up to 99,999, then `1.2M`.
pub(super) fn count(figure: u64) -> String {
    match figure {
        0..100_000 => figure.to_string(),
        _ => scaled(figure, 1000, &["k", "M", "G", "T", "P", "E"]),
    }
}

/// In powers of 1024: `48.2M`.
pub(super) fn memory(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes}B"),
        _ => scaled(bytes, 1024, &["K", "M", "G", "T", "P", "E"]),
    }
}

/// One decimal below a hundred, none above, in the unit that leaves at most four digits; cut, never rounded up.
fn scaled(figure: u64, step: u64, units: &[&str]) -> String {
    let mut divisor = step;
    let mut units = units.iter();
    let mut unit = units.next();
    while figure / divisor >= step {
        let Some(next) = units.next() else { break };
        divisor *= step;
        unit = Some(next);
    }
    let unit = unit.copied().unwrap_or_default();
    let whole = figure / divisor;
    // Divided first, so that the largest figures do not overflow.
    let tenth = (figure % divisor) / divisor.div_ceil(10);
    if whole < 100 { format!("{whole}.{tenth}{unit}") } else { format!("{whole}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_has_few_digits() {
        for (seconds, expected) in [(0.0004, "0.4ms"), (0.0099, "9.9ms"), (0.0254, "25ms"), (0.9, "900ms"), (2.54, "2.5s"), (10.0, "10.0s")]
        {
            assert_eq!(latency(seconds), expected);
        }
    }

    #[test]
    fn an_uptime_has_its_two_largest_units() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 0s"),
            (3599, "59m 59s"),
            (3600, "1h 0m"),
            (86_399, "23h 59m"),
            (273_600, "3d 4h"),
            (u64::MAX, "213503982334601d 7h"),
        ] {
            assert_eq!(uptime(seconds), expected);
        }
    }

    #[test]
    fn a_count_is_exact_while_it_is_short() {
        for (figure, expected) in [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "100k"),
            (999_999, "999k"),
            (1_250_000, "1.2M"),
            (45_678_901, "45.6M"),
            (7_000_000_000, "7.0G"),
            (u64::MAX, "18.4E"),
        ] {
            assert_eq!(count(figure), expected);
        }
    }

    #[test]
    fn memory_is_counted_in_powers_of_1024() {
        for (bytes, expected) in
            [(0, "0B"), (1023, "1023B"), (1024, "1.0K"), (50_541_363, "48.1M"), (1 << 30, "1.0G"), (200 << 20, "200M"), (u64::MAX, "15.9E")]
        {
            assert_eq!(memory(bytes), expected);
        }
    }
}
