//! The second reader: plain, slow and close to the words of RFC 9112.
//!
//! It sees all bytes at once, splits them into lines, copies whatever it likes
//! and shares no code with the reader it is compared with.

use dproxy_http1::Limits;

/// What bytes that begin with a message (or a part of one) are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// The message, and how many bytes it takes.
    Whole(T, usize),
    /// Its end is not there.
    Unfinished {
        /// Nothing that could follow would make it a message.
        hopeless: bool,
    },
    /// No message.
    Refused,
}

/// A field line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As it stood there, with its CR LF.
    pub line: Vec<u8>,
    /// What stands before the colon.
    pub name: Vec<u8>,
    /// What stands behind it, without blanks around.
    pub value: Vec<u8>,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// By `Content-Length`.
    Length(u64),
    /// By `Transfer-Encoding: chunked`.
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// As it was written.
    pub method: Vec<u8>,
    /// As it was written.
    pub target: Vec<u8>,
    /// 0 or 1.
    pub minor_version: u8,
    /// In the order in which they came.
    pub fields: Vec<Field>,
    /// How its body is delimited.
    pub body: Body,
    /// Whom it is for.
    pub host: Vec<u8>,
    /// Another may follow.
    pub persists: bool,
    /// `100-continue`.
    pub expects_continue: bool,
}

/// An answer's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 999.
    pub status: u16,
    /// As it was written.
    pub reason: Vec<u8>,
    /// 0 or 1.
    pub minor_version: u8,
    /// In the order in which they came.
    pub fields: Vec<Field>,
    /// How its body is delimited.
    pub body: Body,
    /// Another may follow.
    pub persists: bool,
}

/// The bytes of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Without its framing.
    pub data: Vec<u8>,
    /// With it, but for trailers that may not travel.
    pub passed: Vec<u8>,
}

/// Not a message.
struct Refused;

/// Lines of a head, without CR LF, and its length once the empty line is there; else what stands behind the last line.
struct Lines<'b> {
    lines: Vec<&'b [u8]>,
    end: Result<usize, &'b [u8]>,
}

/// Bytes of a request line besides its target: a method and a version.
const BESIDE_TARGET: usize = 64;
const SIZE_LINE: usize = 256;
const TRAILER_SECTION: usize = 8 * 1024;

/// RFC 9112 §2.1, §3.
pub fn request(bytes: &[u8], limits: &Limits) -> Reading<Request> {
    reading(read_request(bytes, limits))
}

/// RFC 9112 §2.1, §4, in answer to a request with this method.
pub fn response(bytes: &[u8], limits: &Limits, method: &[u8]) -> Reading<Response> {
    reading(read_response(bytes, limits, method))
}

/// RFC 9112 §6.3 and §7.1.
pub fn content(bytes: &[u8], body: Body) -> Reading<Content> {
    let plain = |length: usize| Content { data: bytes[..length].to_vec(), passed: bytes[..length].to_vec() };
    match body {
        Body::None => Reading::Whole(Content::default(), 0),
        Body::Length(length) => match usize::try_from(length) {
            Ok(length) if length <= bytes.len() => Reading::Whole(plain(length), length),
            _ => Reading::Unfinished { hopeless: false },
        },
        Body::Chunked => reading(chunks(bytes)),
        Body::UntilClose => Reading::Unfinished { hopeless: false },
    }
}

/// Whether the field speaks of this connection only: RFC 9110 §7.6.1, and `Proxy`, which no server should see.
pub fn is_of_one_hop(field: &Field, fields: &[Field]) -> bool {
    let ours = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "proxy"];
    let needed = ["host", "content-length", "transfer-encoding"];
    let named = |names: &[&str]| names.iter().any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()));
    // `close` is the one option that is no name of a field (RFC 9112 §9.6).
    let mut listed = options(fields).filter(|option| !option.eq_ignore_ascii_case(b"close"));
    named(&ours) || (!named(&needed) && listed.any(|option| field.name.eq_ignore_ascii_case(option)))
}

fn reading<T>(read: Result<Result<(T, usize), bool>, Refused>) -> Reading<T> {
    match read {
        Ok(Ok((message, length))) => Reading::Whole(message, length),
        Ok(Err(hopeless)) => Reading::Unfinished { hopeless },
        Err(Refused) => Reading::Refused,
    }
}

fn read_request(bytes: &[u8], limits: &Limits) -> Result<Result<(Request, usize), bool>, Refused> {
    // One empty line before the request is passed over (§2.2).
    let skipped = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let Lines { lines, end } = lines(bytes, skipped, limits)?;
    let Some((&first, rest)) = lines.split_first() else {
        let Err(partial) = end else { return Err(Refused) };
        let partial = partial.strip_suffix(b"\r").unwrap_or(partial);
        ensure(partial.len() <= limits.target_bytes + BESIDE_TARGET)?;
        return Ok(Err(!begins_like_a_request(partial)));
    };
    let (method, target, minor_version) = request_line(first, limits)?;
    let authority = authority(method, target)?;
    let fields = fields(rest, limits)?;
    let Ok(length) = end else { return Ok(Err(false)) };
    let body = announced(&fields, minor_version)?.unwrap_or(Body::None);
    let host = host(authority, minor_version, &fields)?;
    let expects_continue = values(&fields, "expect").any(|value| value.eq_ignore_ascii_case(b"100-continue"));
    let persists = persists(&fields, minor_version);
    let (method, target) = (method.to_vec(), target.to_vec());
    Ok(Ok((Request { method, target, minor_version, fields, body, host, persists, expects_continue }, length)))
}

fn read_response(bytes: &[u8], limits: &Limits, method: &[u8]) -> Result<Result<(Response, usize), bool>, Refused> {
    let Lines { lines, end } = lines(bytes, 0, limits)?;
    let Some((&first, rest)) = lines.split_first() else {
        let Err(partial) = end else { return Err(Refused) };
        return Ok(Err(!b"HTTP/1.".starts_with(partial) && !partial.starts_with(b"HTTP/1.")));
    };
    let (minor_version, status, reason) = status_line(first)?;
    let fields = fields(rest, limits)?;
    let Ok(length) = end else { return Ok(Err(false)) };
    let announced = announced(&fields, minor_version)?;
    let bodiless = method == b"HEAD" || status < 200 || status == 204 || status == 304;
    let body = if bodiless { Body::None } else { announced.unwrap_or(Body::UntilClose) };
    let persists = persists(&fields, minor_version);
    Ok(Ok((Response { status, reason: reason.to_vec(), minor_version, fields, body, persists }, length)))
}

/// §2.2: lines end in CR LF. The head ends with the first empty line, within the limit.
fn lines<'b>(bytes: &'b [u8], skipped: usize, limits: &Limits) -> Result<Lines<'b>, Refused> {
    let within = &bytes[..bytes.len().min(limits.head_bytes)];
    let mut lines = Vec::new();
    let mut start = skipped.min(within.len());
    while let Some(line_feed) = within[start..].iter().position(|&byte| byte == b'\n') {
        let line = within[start..start + line_feed].strip_suffix(b"\r").ok_or(Refused)?;
        start += line_feed + 1;
        if line.is_empty() {
            return Ok(Lines { lines, end: Ok(start) });
        }
        lines.push(line);
    }
    ensure(bytes.len() < limits.head_bytes)?;
    Ok(Lines { lines, end: Err(&within[start..]) })
}

fn begins_like_a_request(partial: &[u8]) -> bool {
    match partial.iter().position(|&byte| !is_token_byte(byte)) {
        None => true,
        Some(end) => end > 0 && partial[end] == b' ',
    }
}

/// §3: `method SP request-target SP HTTP-version`.
fn request_line<'b>(line: &'b [u8], limits: &Limits) -> Result<(&'b [u8], &'b [u8], u8), Refused> {
    ensure(line.len() <= limits.target_bytes + BESIDE_TARGET)?;
    let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = words[..] else { return Err(Refused) };
    ensure(is_token(method) && target.len() <= limits.target_bytes)?;
    Ok((method, target, version_number(version)?))
}

/// §4: `HTTP-version SP status-code [SP reason-phrase]`.
fn status_line(line: &[u8]) -> Result<(u8, u16, &[u8]), Refused> {
    ensure(line.len() >= 12 && line[8] == b' ')?;
    let minor_version = version_number(&line[..8])?;
    let digits = &line[9..12];
    ensure(digits.iter().all(u8::is_ascii_digit) && digits[0] != b'0')?;
    let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    let reason = match &line[12..] {
        [] => &[],
        [b' ', reason @ ..] => reason,
        _ => return Err(Refused),
    };
    ensure(is_text(reason))?;
    Ok((minor_version, status, reason))
}

/// RFC 9110 §2.5: of a higher minor version, as much is understood as of the highest known.
fn version_number(version: &[u8]) -> Result<u8, Refused> {
    match version {
        b"HTTP/1.0" => Ok(0),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] if minor.is_ascii_digit() => Ok(1),
        _ => Err(Refused),
    }
}

/// §5: `field-name ":" OWS field-value OWS`.
fn fields(lines: &[&[u8]], limits: &Limits) -> Result<Vec<Field>, Refused> {
    ensure(lines.len() <= limits.fields)?;
    lines.iter().map(|line| field(line)).collect()
}

fn field(line: &[u8]) -> Result<Field, Refused> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or(Refused)?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    ensure(is_token(name) && is_text(value))?;
    Ok(Field { line: [line, b"\r\n"].concat(), name: name.to_vec(), value: value.to_vec() })
}

/// §6.1 to §6.3, where everything doubtful is refused.
fn announced(fields: &[Field], minor_version: u8) -> Result<Option<Body>, Refused> {
    let lengths: Vec<&[u8]> = values(fields, "content-length").collect();
    let codings: Vec<&[u8]> = values(fields, "transfer-encoding").collect();
    match (&lengths[..], &codings[..]) {
        ([], []) => Ok(None),
        ([length], []) => {
            ensure((1..=19).contains(&length.len()) && length.iter().all(u8::is_ascii_digit))?;
            let length = length.iter().fold(0, |length, digit| length * 10 + u64::from(digit - b'0'));
            Ok(Some(if length == 0 { Body::None } else { Body::Length(length) }))
        }
        ([], [coding]) if minor_version == 1 && coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Body::Chunked)),
        _ => Err(Refused),
    }
}

/// §3.2: the authority that a target names itself.
fn authority<'t>(method: &[u8], target: &'t [u8]) -> Result<Option<&'t [u8]>, Refused> {
    ensure(target.iter().all(|&byte| byte > b' ' && byte != 0x7f && byte != b'#'))?;
    let is_other_form = match method {
        b"CONNECT" => !target.is_empty(),
        b"OPTIONS" => target.starts_with(b"/") || target == b"*",
        _ => target.starts_with(b"/"),
    };
    if is_other_form {
        return Ok(None);
    }
    let lower = target.to_ascii_lowercase();
    let scheme = [&b"http://"[..], b"https://"].into_iter().find(|scheme| lower.starts_with(scheme)).ok_or(Refused)?;
    let rest = &target[scheme.len()..];
    let end = rest.iter().position(|&byte| byte == b'/' || byte == b'?').unwrap_or(rest.len());
    // `http://host?query` has no path that could be sent on.
    ensure(end > 0 && rest.get(end) != Some(&b'?'))?;
    Ok(Some(&rest[..end]))
}

/// §3.2.2 and §3.3: one `Host`, one host.
fn host(authority: Option<&[u8]>, minor_version: u8, fields: &[Field]) -> Result<Vec<u8>, Refused> {
    let hosts: Vec<&[u8]> = values(fields, "host").collect();
    match (&hosts[..], authority) {
        ([], None) if minor_version == 0 => Ok(Vec::new()),
        ([], Some(authority)) if minor_version == 0 => Ok(authority.to_vec()),
        ([said], None) => Ok(said.to_vec()),
        ([said], Some(authority)) if said.eq_ignore_ascii_case(authority) => Ok(authority.to_vec()),
        _ => Err(Refused),
    }
}

/// §9.3.
fn persists(fields: &[Field], minor_version: u8) -> bool {
    let has = |name: &[u8]| options(fields).any(|option| option.eq_ignore_ascii_case(name));
    !has(b"close") && (minor_version == 1 || has(b"keep-alive"))
}

/// §7.1: `*chunk last-chunk trailer-section CRLF`.
fn chunks(bytes: &[u8]) -> Result<Result<(Content, usize), bool>, Refused> {
    let mut content = Content::default();
    let mut start = 0;
    loop {
        let Some(line) = line_at(bytes, start)? else {
            return match bytes[start..].strip_suffix(b"\r").unwrap_or(&bytes[start..]) {
                _ if bytes.len() == start => Ok(Err(false)),
                partial => chunk_size(partial).map(|_| Err(false)),
            };
        };
        let size = chunk_size(line)?;
        let data = start + line.len() + 2;
        if size == 0 {
            content.passed.extend_from_slice(&bytes[start..data]);
            return trailers(bytes, data, content);
        }
        let end = usize::try_from(size).ok().and_then(|size| data.checked_add(size)).unwrap_or(usize::MAX);
        match bytes.get(end..).unwrap_or_default() {
            [b'\r', b'\n', ..] => {}
            [] | [b'\r'] => return Ok(Err(false)),
            _ => return Err(Refused),
        }
        content.data.extend_from_slice(&bytes[data..end]);
        content.passed.extend_from_slice(&bytes[start..end + 2]);
        start = end + 2;
    }
}

/// `1*HEXDIG`, few enough, then nothing or blanks or an extension (§7.1.1).
fn chunk_size(line: &[u8]) -> Result<u64, Refused> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    ensure((1..=15).contains(&digits) && line.len() <= SIZE_LINE)?;
    let extension = &line[digits..];
    let begin = extension.iter().position(|&byte| byte != b' ' && byte != b'\t').map_or(b';', |begin| extension[begin]);
    ensure(begin == b';' && is_text(extension))?;
    let text = std::str::from_utf8(&line[..digits]).map_err(|_| Refused)?;
    u64::from_str_radix(text, 16).map_err(|_| Refused)
}

/// §7.1.2; what would change how the message is understood is left out.
fn trailers(bytes: &[u8], begin: usize, mut content: Content) -> Result<Result<(Content, usize), bool>, Refused> {
    let mut start = begin;
    loop {
        let Some(line) = line_at(bytes, start)? else {
            ensure(bytes.len() - begin <= TRAILER_SECTION)?;
            return Ok(Err(false));
        };
        let next = start + line.len() + 2;
        ensure(next - begin <= TRAILER_SECTION)?;
        if line.is_empty() {
            content.passed.extend_from_slice(b"\r\n");
            return Ok(Ok((content, next)));
        }
        let field = field(line)?;
        if dproxy_http1::Name::of(&field.name) == dproxy_http1::Name::Other {
            content.passed.extend_from_slice(&field.line);
        }
        start = next;
    }
}

/// The line that begins at `start`, without its CR LF, if its end is there.
fn line_at(bytes: &[u8], start: usize) -> Result<Option<&[u8]>, Refused> {
    let Some(line_feed) = bytes[start..].iter().position(|&byte| byte == b'\n') else { return Ok(None) };
    bytes[start..start + line_feed].strip_suffix(b"\r").map(Some).ok_or(Refused)
}

fn values<'f>(fields: &'f [Field], name: &str) -> impl Iterator<Item = &'f [u8]> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes())).map(|field| field.value.as_slice())
}

fn options(fields: &[Field]) -> impl Iterator<Item = &[u8]> {
    values(fields, "connection").flat_map(|value| value.split(|&byte| byte == b',')).map(trim)
}

fn ensure(holds: bool) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(Refused) }
}

/// RFC 9110 §5.6.2.
fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|&byte| is_token_byte(byte))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110 §5.5: anything but controls.
fn is_text(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}
