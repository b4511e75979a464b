//! Step 2: HTTP/1.1 without any I/O. Bytes in, steps out.
//!
//! ```text
//!   bytes ──► parse_request_head ──► request_framing ──► BodyDecoder     one message
//!                                                           │
//!   bytes ──► Connection ◄──────────────────────────────────┘            one after another
//!                 └──► Encoder ──► bytes
//! ```
//!
//! [`Connection`] is what servers use: it owns the buffer, reads one request after another, and
//! frames the responses. The functions it is made of stand alone, and read responses too, which is
//! what a gateway needs.
//!
//! Three rules hold everywhere:
//!
//! - Bytes may come in pieces of any size. However they are cut, what is read from them, and what
//!   is refused, is the same.
//! - What is ambiguous is refused and never repaired; a [`Reject`] says why, where, and what to do.
//! - Whatever a peer can make longer has a bound in [`Limits`].
//!
//! Nothing here reads a socket, a file or a clock. That belongs to the steps after this one, and
//! it is why all of it can be tried on paper, cut by cut, in a test.
#![forbid(unsafe_code)]

mod buffer;
mod bytes;
mod chunk;
mod connection;
mod date;
mod decoder;
mod encoder;
mod fields;
mod framing;
mod head;
mod host;
mod limits;
mod line;
mod method;
mod reject;
mod response;
mod scan;
mod section;
mod span;
mod start_line;
mod status;
mod target;
mod version;

pub use bytes::{is_field_vchar, is_tchar};
pub use connection::{Connection, Next};
pub use date::HttpDate;
pub use decoder::{BodyDecoder, Piece};
pub use encoder::{Encoder, LengthMismatch};
pub use fields::{Fields, InvalidField};
pub use framing::{Framing, request_framing, response_framing};
pub use head::{
    Parsed, RequestHead, ResponseHead, parse_request_head, parse_request_head_into,
    parse_response_head,
};
pub use limits::Limits;
pub use method::Method;
pub use reject::{Fault, Reject};
pub use scan::pays;
pub use status::Status;
pub use target::{Target, TargetForm};
pub use version::Version;
