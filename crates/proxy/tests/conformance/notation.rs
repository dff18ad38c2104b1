//! Bytes of the wire in one readable line.
//!
//! `|` is CR LF and `{0xff}` is a byte. Other words in braces are deeds: see
//! [`crate::stage`].

/// A stretch of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Bytes to send.
    Bytes(Vec<u8>),
    /// What stood in braces.
    Deed(String),
}

/// Splits a script into bytes and deeds.
pub(crate) fn pieces(script: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut bytes = Vec::new();
    let mut rest = script;
    while let Some((text, behind)) = rest.split_once('{') {
        let (word, behind) = behind.split_once('}').unwrap_or_else(|| panic!("no closing brace in `{script}`"));
        bytes.extend_from_slice(text.replace('|', "\r\n").as_bytes());
        rest = behind;
        if let Some(digits) = word.strip_prefix("0x") {
            bytes.push(u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{word}` is no byte")));
        } else {
            pieces.push(Piece::Bytes(std::mem::take(&mut bytes)));
            pieces.push(Piece::Deed(word.to_owned()));
        }
    }
    bytes.extend_from_slice(rest.replace('|', "\r\n").as_bytes());
    pieces.push(Piece::Bytes(bytes));
    pieces.retain(|piece| *piece != Piece::Bytes(Vec::new()));
    pieces
}

/// The bytes of a text without deeds.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    match &pieces(text)[..] {
        [] => Vec::new(),
        [Piece::Bytes(bytes)] => bytes.clone(),
        _ => panic!("`{text}` holds a deed"),
    }
}

/// Bytes as they are written in scripts.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    loop {
        match rest {
            [] => return text,
            [b'\r', b'\n', behind @ ..] => {
                text.push('|');
                rest = behind;
            }
            [byte @ b' '..=b'~', behind @ ..] => {
                text.push(char::from(*byte));
                rest = behind;
            }
            [byte, behind @ ..] => {
                text.push_str(&format!("{{0x{byte:02x}}}"));
                rest = behind;
            }
        }
    }
}

/// What a client got, with each answer of the proxy's own as `{page 404}`, or
/// `{page 400 close}` where it announces the end.
pub(crate) fn answers(bytes: &[u8]) -> String {
    let Some(begin) = find(bytes, b"HTTP/1.1 ") else { return text(bytes) };
    let (before, answer) = bytes.split_at(begin);
    let (shown, length) = match page(answer) {
        Some(page) => page,
        None => ("HTTP/1.1 ".to_owned(), 9),
    };
    text(before) + &shown + &answers(&answer[length..])
}

fn page(answer: &[u8]) -> Option<(String, usize)> {
    let head_length = find(answer, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&answer[..head_length]).into_owned();
    let is_ours = head.contains("\r\nserver: dproxy\r\n");
    let status = head.get(9..12).filter(|_| is_ours)?;
    let (_, length) = head.split_once("\r\ncontent-length: ")?;
    let length: usize = length.split("\r\n").next()?.parse().ok()?;
    let rest = answer.len() - head_length;
    // In answer to HEAD the page itself is missing.
    let body = if rest == 0 { 0 } else { length };
    let whole = (body <= rest).then_some(head_length + body)?;
    let close = if head.contains("\r\nconnection: close\r\n") { " close" } else { "" };
    Some((format!("{{page {status}{close}}}"), whole))
}

/// What a backend got, with the fields that the proxy adds to each request as
/// `+` (`+1.0` where `Via` tells of an HTTP/1.0 client), if all of them are there and right.
pub(crate) fn requests(bytes: &[u8], port: u16, backend: &str) -> String {
    let text = text(bytes);
    let mut shown: Vec<String> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let mut host = "";
    for line in text.split('|') {
        if is_ours(line) {
            run.push(line);
            continue;
        }
        shown.extend(added(&std::mem::take(&mut run), host, port, backend));
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("host")
        {
            host = value;
        }
        shown.push(line.to_owned());
    }
    shown.extend(added(&run, host, port, backend));
    shown.join("|")
}

fn is_ours(line: &str) -> bool {
    ["x-real-ip: ", "x-forwarded-", "via: 1.1 dproxy", "via: 1.0 dproxy", "x-debug-backend: "].iter().any(|start| line.starts_with(start))
}

fn added(run: &[&str], host: &str, port: u16, backend: &str) -> Vec<String> {
    let expected = |version: &str| {
        [
            "x-real-ip: 127.0.0.1".to_owned(),
            "x-forwarded-for: 127.0.0.1".to_owned(),
            "x-forwarded-proto: http".to_owned(),
            "x-forwarded-protocol: http".to_owned(),
            format!("x-forwarded-port: {port}"),
            format!("x-forwarded-host: {host}"),
            "x-forwarded-server: dproxy".to_owned(),
            format!("via: {version} dproxy"),
            format!("x-debug-backend: {backend}"),
        ]
    };
    let is = |version: &str| run.len() == 9 && expected(version).iter().all(|line| run.contains(&line.as_str()));
    if is("1.1") {
        vec!["+".to_owned()]
    } else if is("1.0") {
        vec!["+1.0".to_owned()]
    } else {
        run.iter().map(|line| (*line).to_owned()).collect()
    }
}

/// Where `needle` begins.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
