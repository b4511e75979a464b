//! Step 5: programs as responses; the finished server.
//!
//! ```text
//!              Routes ─┬─ /cgi   Cgi ──────► a process for each request          ┐
//!                      ├─ /wiki  Offload ──► an App on a pool of threads         │
//!     Request ──►      ├─ *.php  Remote ───► Upstream ◄─► FastCGI, SCGI, uwsgi   ├─► Exchange
//!                      ├─ /api   Proxy ────► Upstream ◄─► HTTP                   │
//!                      ├─ /shop  Wsgi ─────► Upstream ◄─► Python, in our workers ┘
//!                      └─ rest   Files
//! ```
//!
//! A program hears of a request in the words of RFC 3875 ([`Environ`]) and answers in them
//! ([`HeadReader`]), wherever it runs. What runs somewhere else is reached over a wire, and each
//! wire is a [`Protocol`], a codec; places, queues, health and failures are the same for all of
//! them, and the [`Upstream`]'s business. Whatever any of them does with its time, the server waits
//! for nobody: it moves octets both ways through an [`Exchange`](static_files::Exchange), and owns
//! the deadlines.
//!
//! [`run`] puts it all together; the binary `gateway` is that, and a command line.
#![forbid(unsafe_code)]

mod app;
mod cgi;
mod cgi_answer;
mod cgi_head;
mod complaints;
mod config_file;
mod environ;
mod fastcgi;
mod flags;
mod forwarded;
mod kind;
mod numeral;
mod offload;
mod options;
mod output;
mod path;
mod program;
mod protocol;
mod proxy;
mod reaper;
mod redirect;
mod remote;
mod route;
mod rule;
mod scgi;
mod script;
mod scripts;
mod site;
mod suggest;
mod trust;
mod upstream;
mod uwsgi;
mod values;
mod ward;
mod wsgi;

#[cfg(test)]
mod speaking;
#[cfg(test)]
#[path = "../tests/common/folder.rs"]
mod testing;

pub use app::{App, BodyWriter, Responder};
pub use cgi::Cgi;
pub use cgi_head::{Answer, BadGateway, HEAD_LIMIT, HeadReader};
pub use complaints::Complaints;
pub use environ::{Authorization, Environ, Mount};
pub use offload::{Offload, Pool};
pub use options::{Invocation, Log, Mistake, Options, help, parse};
pub use program::Programs;
pub use protocol::{After, Heard, Protocol};
pub use proxy::{Http, Proxy};
pub use redirect::Redirects;
pub use remote::{Remote, Words};
pub use route::{BadPrefix, Prefix, Routes};
pub use rule::Rule;
pub use site::{Failure, listeners, map, routes, run, run_on};
pub use trust::{BadNetwork, Network, Trusting};
pub use upstream::{Address, BadAddress, Capacity, Keeping, Upstream};
pub use wsgi::{Application, Wsgi};
