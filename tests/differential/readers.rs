//! Simple readers of requests, each with habits of servers in the field. A stream that they read alike is safe.

/// How a server reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// A lone LF ends a line, a blank before the colon is passed over, and `chunked` may stand anywhere in a coding.
    lenient: bool,
    /// `Content-Length` counts where both are there.
    by_length: bool,
    /// Of several lengths the last counts.
    last_length: bool,
}

/// What a stream begins with.
pub(super) enum Step {
    /// A whole request of this many bytes, for this target.
    Request { length: usize, target: String },
    /// The beginning of one.
    Partial,
    /// None.
    Nonsense,
}

pub(super) const READERS: &[Reader] = &[
    Reader::STRICT,
    Reader { lenient: true, by_length: false, last_length: false },
    Reader { lenient: true, by_length: true, last_length: false },
    Reader { lenient: true, by_length: true, last_length: true },
    Reader { lenient: false, by_length: true, last_length: true },
];

enum Framing {
    Length(usize),
    Chunked,
}

impl Reader {
    pub(super) const STRICT: Reader = Reader { lenient: false, by_length: false, last_length: false };

    /// What it takes for targets of requests, whole or not.
    pub(super) fn targets(self, mut stream: &[u8]) -> Vec<String> {
        let mut targets = Vec::new();
        while !stream.is_empty() {
            match self.step(stream) {
                Step::Request { length, target } => {
                    targets.push(target);
                    stream = &stream[length..];
                }
                Step::Partial => {
                    targets.push("(partial)".to_owned());
                    break;
                }
                Step::Nonsense => {
                    targets.push("(nonsense)".to_owned());
                    break;
                }
            }
        }
        targets
    }

    pub(super) fn step(self, stream: &[u8]) -> Step {
        let Some((request_line, mut place)) = self.line(stream, 0) else { return Step::Partial };
        let mut words = request_line.split(' ');
        let (Some(_), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else { return Step::Nonsense };
        let mut fields = Vec::new();
        loop {
            let Some((line, next)) = self.line(stream, place) else { return Step::Partial };
            place = next;
            if line.is_empty() {
                break;
            }
            fields.push(line);
        }
        let end = match self.framing(&fields) {
            Framing::Length(length) => place.checked_add(length).filter(|end| *end <= stream.len()),
            Framing::Chunked => self.end_of_chunks(stream, place),
        };
        end.map_or(Step::Partial, |length| Step::Request { length, target: target.to_owned() })
    }

    /// The line that begins there, and where the next one does.
    fn line(self, stream: &[u8], start: usize) -> Option<(String, usize)> {
        let rest = &stream[start..];
        let feed =
            rest.windows(if self.lenient { 1 } else { 2 }).position(|end| if self.lenient { end == b"\n" } else { end == b"\r\n" })?;
        let (text, next) =
            if self.lenient { (rest[..feed].strip_suffix(b"\r").unwrap_or(&rest[..feed]), feed + 1) } else { (&rest[..feed], feed + 2) };
        Some((String::from_utf8_lossy(text).into_owned(), start + next))
    }

    fn framing(self, fields: &[String]) -> Framing {
        let values = |wanted: &str| {
            let wanted = wanted.to_owned();
            fields.iter().filter_map(move |line| {
                let (name, value) = line.split_once(':')?;
                let name = if self.lenient { name.trim() } else { name };
                name.eq_ignore_ascii_case(&wanted).then(|| value.trim().to_ascii_lowercase())
            })
        };
        let mut lengths: Vec<usize> = values("content-length").filter_map(|value| value.split(',').next()?.trim().parse().ok()).collect();
        if self.last_length {
            lengths.reverse();
        }
        let chunked = values("transfer-encoding").any(|coding| if self.lenient { coding.contains("chunked") } else { coding == "chunked" });
        match lengths.first() {
            Some(length) if self.by_length || !chunked => Framing::Length(*length),
            _ if chunked => Framing::Chunked,
            _ => Framing::Length(0),
        }
    }

    fn end_of_chunks(self, stream: &[u8], mut place: usize) -> Option<usize> {
        loop {
            let (line, data) = self.line(stream, place)?;
            let digits: String = line.trim().chars().take_while(char::is_ascii_hexdigit).collect();
            let size = usize::from_str_radix(&digits, 16).ok()?;
            if size == 0 {
                place = data;
                break;
            }
            // The end of the line behind the data.
            let (_, next) = self.line(stream, data.checked_add(size).filter(|end| *end <= stream.len())?)?;
            place = next;
        }
        loop {
            let (line, next) = self.line(stream, place)?;
            place = next;
            if line.is_empty() {
                return Some(place);
            }
        }
    }
}
