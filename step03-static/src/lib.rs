//! Step 3: files as responses, safely. One handler interface, one blocking server.
#![forbid(unsafe_code)]

mod client;
mod collect;
mod conditional;
mod config;
mod content;
mod end;
mod files;
mod handler;
mod listing;
mod lookup;
mod message;
mod mime;
mod path;
mod range;
mod respond;
mod serve;

pub use collect::Collect;
pub use conditional::{Precondition, Validators, precondition};
pub use config::{Config, Timeouts};
pub use files::{Files, Listing};
pub use handler::{Ends, Exchange, Handler, Reply};
pub use lookup::{Denied, Disk, Found, Lookup, OpenFile};
pub use message::{Body, Request, Response};
pub use mime::media_type;
pub use path::{PathFault, SitePath};
pub use range::{Selected, select_range};
pub use respond::{SERVER, content_too_large, gateway_failure, request_timeout, start_response};
pub use serve::serve_connection;
