//! The HTTP/1 wire without any I/O: bytes go in, what they mean comes out.
//!
//! * [`RequestHead`] and [`ResponseHead`] read a head line by line, resume where
//!   the bytes ran out, and keep nothing but spans into the reader's buffer.
//! * [`Framing`] says how long a body is (RFC 9112 §6) and [`BodyReader`] walks
//!   through it, telling data from framing.
//!
//! Framing is strict: whatever two readers could understand differently is a
//! [`Violation`], never a guess. Line ends are CR LF only; a field line has no
//! blank before its colon and is never folded; a length is plain digits, given
//! once; `Transfer-Encoding` is `chunked` and nothing else.
//!
//! A second, plain reader must agree on every byte: see `fuzz/README.md`.

mod body;
mod bytes;
mod field;
mod framing;
mod head;
mod name;
mod request;
mod response;
mod violation;

pub use body::{BodyReader, Frame};
pub use field::{Field, Span};
pub use framing::{Connection, Framing};
pub use head::{Fields, Limits};
pub use name::{Name, Names};
pub use request::{Method, RequestHead, Target, Version};
pub use response::ResponseHead;
pub use violation::Violation;
