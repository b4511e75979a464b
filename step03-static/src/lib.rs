//! Step 3: files as responses, safely. One handler interface, one blocking server.
//!
//! ```text
//! socket ─► serve_connection ─► Request ─► Handler ─► Reply ─┬─► Ready(Response)
//!                                             │              └─► Exchange, to be waited for
//!                                           Files ─► SitePath ─► Lookup ─► variant,
//!                                                                preconditions, ranges
//! ```
//!
//! A server knows how bytes move and when to give up; a [`Handler`] knows what to answer. Neither
//! knows the other, so every later server serves every handler. An [`AccessLog`] stands around a
//! handler, and is told by the server what was sent.
//!
//! The standard library alone, on any Unix: no file is sent without passing through the process,
//! and one client at a time is served. Both are what the next step is about.
#![forbid(unsafe_code)]

mod answer;
mod byteranges;
mod client;
mod collect;
mod conditional;
mod config;
mod content;
mod encoding;
mod end;
mod files;
mod freshness;
mod front;
mod handler;
mod kept;
mod listing;
mod log;
mod log_line;
mod lookup;
mod message;
mod mime;
mod path;
mod prepared;
mod range;
mod respond;
mod serve;

pub use collect::Collect;
pub use conditional::{Precondition, Validators, precondition};
pub use config::{Config, Expected, Timeouts};
pub use encoding::{Coding, Sibling, with_siblings};
pub use files::{Files, Listing};
pub use front::{Front, Scheme};
pub use handler::{Ends, Exchange, Handler, Reply};
pub use kept::{Kept, Stirred, Watch};
pub use log::{AccessLog, Logged, Record};
pub use log_line::LogFormat;
pub use lookup::{Denied, Disk, Found, Lookup, OpenFile};
pub use message::{Body, Request, Response};
pub use mime::media_type;
pub use path::{PathFault, SitePath};
pub use prepared::{Prepared, prepare};
pub use range::{Selected, Span, select_range};
pub use respond::{SERVER, content_too_large, gateway_failure, request_timeout, start_response};
pub use serve::serve_connection;
