//! Step 5: programs as responses; the finished server.
#![forbid(unsafe_code)]

mod app;
mod cgi;
mod cgi_head;
mod complaints;
mod environ;
mod offload;
mod options;
mod output;
mod path;
mod program;
mod reaper;
mod route;
mod script;
mod site;
mod suggest;
mod values;
mod ward;

#[cfg(test)]
#[path = "../tests/common/folder.rs"]
mod testing;

pub use app::{App, BodyWriter, Responder};
pub use cgi::Cgi;
pub use cgi_head::{Answer, BadGateway, HEAD_LIMIT, HeadReader};
pub use environ::{Authorization, Environ, Mount};
pub use offload::{Offload, Pool};
pub use options::{Invocation, Mistake, Options, help, parse};
pub use program::Programs;
pub use route::{BadPrefix, Prefix, Routes};
pub use site::{Failure, routes, run};
