//! The HTTP/3 wire without any I/O: bytes of a stream go in, what they mean comes out (RFC 9114, RFC 9204).
//!
//! * [`RequestReader`] walks through what a client says on a request's stream: a [`Section`] of fields, data, trailers.
//! * [`PeerStreams`] and [`UniReader`] walk through the streams that a client opens for the connection itself.
//! * [`Request`] is what the fields of a section ask for; [`answer`] and [`opening`] write what a server says.
//!
//! What is read is bounded before it is kept: a field section by what its frame announces, and again by what it comes to
//! once it is unpacked. Nothing else is kept at all. There is no dynamic table, on neither side: it would let one stream wait
//! for another, and a peer make us remember, to save bytes that nobody misses.

pub mod answer;
mod frame;
mod opening;
pub mod qpack;
mod request;
mod stream;
mod uni;
pub mod varint;
mod violation;

pub use opening::{goodbye, opening};
pub use qpack::Section;
pub use request::Request;
pub use stream::{Piece, RequestReader};
pub use uni::{PeerStreams, UniReader};
pub use violation::{Code, Violation};
