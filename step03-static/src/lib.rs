//! Step 3: files as responses, safely. One handler interface, one blocking server.
#![forbid(unsafe_code)]

mod config;
mod handler;
mod message;

pub use config::{Config, Timeouts};
pub use handler::{Ends, Exchange, Handler, Reply};
pub use message::{Body, Request, Response};
