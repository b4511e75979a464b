//! Step 2: HTTP/1.1 without any I/O. Bytes in, steps out.
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
mod method;
mod reject;
mod response;
mod section;
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
pub use head::{Parsed, RequestHead, ResponseHead, parse_request_head, parse_response_head};
pub use limits::Limits;
pub use method::Method;
pub use reject::{Fault, Reject};
pub use status::Status;
pub use target::{Target, TargetForm};
pub use version::Version;
