//! Serves a folder.
//!
//! ```text
//! target ─► SitePath ─► Lookup ─► file ───► its answer: 200, 206, 304, 412 or 416
//!              │           │  └─► folder ─► its index.html, a listing, a slash redirect, or 403
//!              └─ 400, 404 └─ 404, 403, 503
//! ```
//!
//! Nothing is ever written: every method but GET, HEAD and OPTIONS is refused.

use crate::answer::{answer, answer_with_page};
use crate::encoding::with_siblings;
use crate::listing;
use crate::path::NOTHING_HERE;
use crate::{Denied, Disk, Found, Handler, Lookup, Reply, Request, Response, SitePath};
use http_parse::{Method, Status};
use std::fmt;
use std::io;
use std::path::Path;

/// What may be done with a file.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// Whether a folder without `index.html` shows what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// A page with a link to each file and folder.
    Shown,
    /// 403.
    Hidden,
}

/// A [`Handler`] that serves the files below a folder.
///
/// ```
/// use static_files::{Files, Listing};
///
/// let handler = Files::new(".".as_ref())?.listing(Listing::Shown);
/// # let _ = handler;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Files {
    disk: Disk,
    /// Stands before `disk`, where there is one.
    lookup: Option<Box<Lookup>>,
    listing: Listing,
}

impl Files {
    /// Serves the files below `root`, without listings.
    ///
    /// # Errors
    /// As [`Disk::new`].
    pub fn new(root: &Path) -> io::Result<Files> {
        Ok(Files {
            disk: Disk::new(root)?,
            lookup: None,
            listing: Listing::Hidden,
        })
    }

    /// Asks `lookup` for files instead of the disk. It decides what may be opened, as
    /// [`Disk::find`] does, and adds the siblings that are to be served.
    #[must_use]
    pub fn looking_up(mut self, lookup: Box<Lookup>) -> Files {
        self.lookup = Some(lookup);
        self
    }

    /// Decides about folders without `index.html`.
    #[must_use]
    pub fn listing(mut self, listing: Listing) -> Files {
        self.listing = listing;
        self
    }

    fn find(&self, path: &SitePath) -> Result<Found, Denied> {
        match &self.lookup {
            Some(lookup) => lookup(path),
            None => {
                let look = |path: &SitePath| self.disk.find(path);
                Ok(with_siblings(look(path)?, path, look))
            }
        }
    }

    fn get(&self, request: &Request) -> Response {
        let path = match SitePath::parse(request.path()) {
            Ok(path) => path,
            Err(fault) => return Response::error(fault.status(), fault.explain()),
        };
        let answer = if path.ends_in_slash() {
            self.get_folder(request, &path)
        } else {
            self.get_name(request, &path)
        };
        answer.unwrap_or_else(refuse)
    }

    /// `/name`: a file, or a folder whose slash is missing.
    fn get_name(&self, request: &Request, path: &SitePath) -> Result<Response, Denied> {
        match self.find(path)? {
            Found::File(file) => Ok(answer(request, path, &file)),
            Found::Folder => Ok(add_slash(request, path)),
        }
    }

    /// `/name/`: its index, which is by far the most frequent and so is looked for first, or else a
    /// listing. A file is not a folder: with a slash behind it there is nothing.
    fn get_folder(&self, request: &Request, path: &SitePath) -> Result<Response, Denied> {
        let index = path.child("index.html");
        match self.find(&index) {
            Ok(Found::File(file)) => return Ok(answer(request, &index, &file)),
            Ok(Found::Folder) | Err(Denied::NotFound) => {}
            Err(denied @ (Denied::Forbidden | Denied::Failed(_))) => return Err(denied),
        }
        match (self.find(path)?, self.listing) {
            (Found::File(_), _) => Err(Denied::NotFound),
            (Found::Folder, Listing::Hidden) => Err(Denied::Forbidden),
            (Found::Folder, Listing::Shown) => {
                Ok(answer_with_page(request, listing::page(&self.disk, path)?))
            }
        }
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("root", &self.disk.root())
            .field("listing", &self.listing)
            .finish_non_exhaustive()
    }
}

impl Handler for Files {
    fn handle(&self, request: &Request) -> Reply {
        let response = match request.method() {
            // To HEAD the server sends the same without content (RFC 9110 §9.3.2).
            Method::Get | Method::Head => self.get(request),
            Method::Options => Response::new(Status::NO_CONTENT).with("Allow", ALLOW),
            Method::Post
            | Method::Put
            | Method::Patch
            | Method::Delete
            | Method::Trace
            | Method::Connect => Response::error(
                Status::METHOD_NOT_ALLOWED,
                "Files can only be read here. Use GET or HEAD.",
            )
            .with("Allow", ALLOW),
            Method::Extension(_) => Response::error(
                Status::NOT_IMPLEMENTED,
                "This server does not know that method. Methods are case-sensitive: GET, not get.",
            ),
        };
        response.into()
    }
}

/// Sends a browser from `/folder` to `/folder/`, without which the relative links of a page would
/// lead beside the folder instead of into it.
fn add_slash(request: &Request, path: &SitePath) -> Response {
    let mut location = path.folder_location().into_bytes();
    if let Some(query) = request.head.target.query() {
        location.push(b'?');
        location.extend_from_slice(query);
    }
    let mut response = Response::error(
        Status::MOVED_PERMANENTLY,
        "This is a folder: its address ends in a slash.",
    );
    match response.head.fields.try_push(b"Location", &location) {
        Ok(()) => response,
        // Only an octet that the parser of targets should not have let through.
        Err(_invalid) => refuse(Denied::NotFound),
    }
}

fn refuse(denied: Denied) -> Response {
    match denied {
        Denied::NotFound => Response::error(Status::NOT_FOUND, NOTHING_HERE),
        Denied::Forbidden => Response::error(
            Status::FORBIDDEN,
            "This is not for reading. If it is yours: make the file readable (chmod a+r), \
             or put an index.html into the folder.",
        ),
        Denied::Failed(io::ErrorKind::ResourceBusy) => Response::error(
            Status::SERVICE_UNAVAILABLE,
            "The server has too much open to read this. Try again in a moment.",
        )
        .with("Retry-After", "1"),
        Denied::Failed(_) => Response::error(
            Status::INTERNAL_SERVER_ERROR,
            "The server failed to read this. Try again later.",
        ),
    }
}
