//! What is wrong with a message.

/// Why a message is refused. Each says what the sender did, in words that can
/// be shown to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A line that ends in LF alone, or a CR elsewhere than before LF (RFC 9112 §2.2).
    #[error("a line does not end in CR LF")]
    LineEnd,
    /// The request line is not `method SP target SP HTTP/1.x` (RFC 9112 §3).
    #[error("malformed request line")]
    RequestLine,
    /// The status line is not `HTTP/1.x SP status [SP reason]` (RFC 9112 §4).
    #[error("malformed status line")]
    StatusLine,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    #[error("unsupported HTTP version")]
    Version,
    /// The target has a form that its method does not have, or a forbidden character (RFC 9112 §3.2).
    #[error("malformed request target")]
    Target,
    /// The target is longer than allowed.
    #[error("request target too long")]
    TargetTooLong,
    /// A field line begins with a blank (RFC 9112 §5.2).
    #[error("folded field line")]
    Folded,
    /// A field line has no colon, an empty name, or a character that no name has (RFC 9112 §5.1).
    #[error("malformed field name")]
    FieldName,
    /// A field value holds a control character (RFC 9110 §5.5).
    #[error("control character in a field value")]
    FieldValue,
    /// The head is longer, or has more fields, than allowed.
    #[error("head too large")]
    HeadTooLarge,
    /// `Content-Length` is not one plain number (RFC 9112 §6.3).
    #[error("malformed or repeated Content-Length")]
    ContentLength,
    /// `Transfer-Encoding` is not just `chunked` (RFC 9112 §6.1).
    #[error("unsupported Transfer-Encoding")]
    TransferEncoding,
    /// Both lengths at once (RFC 9112 §6.1).
    #[error("Content-Length beside Transfer-Encoding")]
    TwoLengths,
    /// No `Host`, or more than one, or one that the target contradicts (RFC 9112 §3.2).
    #[error("missing, repeated or contradictory Host")]
    Host,
    /// A chunk's size line is malformed or too long (RFC 9112 §7.1).
    #[error("malformed chunk")]
    Chunk,
    /// A trailer section is malformed or too long (RFC 9112 §7.1.2).
    #[error("malformed trailer section")]
    Trailer,
}
