//! Applications that run in a process of their own and speak CGI's words over a wire.
//!
//! ```text
//!     request ─► Environ ─┬─ FastCGI ─┐
//!                         ├─ SCGI ────┼─► Upstream ─► php-fpm, uWSGI, a Python worker, …
//!                         └─ uwsgi ───┘
//! ```
//!
//! The handler finds out where in the site the application stands, for this request; who is asked,
//! and what happens when nobody answers, is the [`Upstream`]'s business.

use crate::environ::{Authorization, Environ, Mount};
use crate::fastcgi::{Chunks, FastCgi};
use crate::path::{BadPath, Segments};
use crate::protocol::Protocol;
use crate::route::Prefix;
use crate::scgi::Scgi;
use crate::upstream::Upstream;
use crate::uwsgi::{TooMuch, Uwsgi};
use http_parse::{Method, Status};
use static_files::{Handler, Reply, Request, Response};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How CGI's words are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// In records, on connections that are kept.
    FastCgi,
    /// In one string.
    Scgi,
    /// Behind binary lengths.
    Uwsgi,
}

impl Words {
    /// One request in these words.
    ///
    /// # Errors
    /// The answer to a request that cannot be put so.
    pub(crate) fn of(
        self,
        environ: Environ,
        request: &Request,
        chunks: Chunks,
    ) -> Result<Box<dyn Protocol>, Response> {
        Ok(match self {
            Words::FastCgi => Box::new(FastCgi::new(environ, request, chunks)),
            Words::Scgi => Box::new(Scgi::new(environ, request)),
            Words::Uwsgi => {
                let uwsgi = Uwsgi::new(&environ, request);
                Box::new(uwsgi.map_err(|TooMuch| too_much())?)
            }
        })
    }
}

/// A [`Handler`] that asks applications behind a wire.
///
/// Local redirects are for [`Redirects`](crate::Redirects) to follow, around the whole site.
#[derive(Debug)]
pub struct Remote {
    prefix: Prefix,
    document_root: PathBuf,
    words: Words,
    upstream: Arc<Upstream>,
}

impl Remote {
    /// Asks `upstream` for paths below `prefix`. `document_root` is the folder of the site's
    /// files, of which the application is told.
    pub fn new(
        prefix: Prefix,
        document_root: &Path,
        words: Words,
        upstream: &Arc<Upstream>,
    ) -> Remote {
        Remote {
            prefix,
            document_root: document_root.to_path_buf(),
            words,
            upstream: Arc::clone(upstream),
        }
    }

    fn environ(&self, request: &Request) -> Result<Environ, BadPath> {
        let path = Segments::parse(request.path())?;
        let depth = self.prefix.depth();
        let script_name = path.up_to(depth);
        let below_root = script_name.strip_prefix(b"/").unwrap_or_default();
        let mount = Mount {
            script_name: &script_name,
            path_info: &path.after(depth)?,
            document_root: &self.document_root,
            script_filename: &self.document_root.join(OsStr::from_bytes(below_root)),
        };
        Ok(Environ::new(request, &mount, Authorization::Passed))
    }

    fn protocol(&self, request: &Request) -> Result<Box<dyn Protocol>, Response> {
        check_method(request)?;
        let environ = self.environ(request).map_err(|BadPath| bad_path())?;
        self.words.of(environ, request, Chunks::Streamed)
    }
}

impl Handler for Remote {
    fn handle(&self, request: &Request) -> Reply {
        match self.protocol(request) {
            Ok(protocol) => self.upstream.ask(request, protocol),
            Err(response) => Reply::Ready(response),
        }
    }
}

fn too_much() -> Response {
    let sentence = "The request's head is longer than the application's protocol can tell it. \
                    Send fewer or shorter fields; cookies are the usual cause.";
    Response::error(Status::REQUEST_HEADER_FIELDS_TOO_LARGE, sentence)
}

/// The methods that programs are asked with, as the field Allow tells them.
pub(crate) const ALLOW: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Refuses the methods that no program is asked with. CONNECT asks for a tunnel, and TRACE would show
/// the fields that this server adds, and a cookie to whoever may not read it.
pub(crate) fn check_method(request: &Request) -> Result<(), Response> {
    if matches!(request.method(), Method::Trace | Method::Connect) {
        let sentence = "Programs here are not asked with this method. Use GET or POST.";
        let refusal = Response::error(Status::METHOD_NOT_ALLOWED, sentence);
        return Err(refusal.with("Allow", ALLOW));
    }
    Ok(())
}

/// The answer to a path that says nothing.
pub(crate) fn bad_path() -> Response {
    Response::error(
        Status::BAD_REQUEST,
        "This address cannot be read: it has an incomplete % escape, or leads above the top of the site.",
    )
}
