//! Serves a folder.
//!
//! ```text
//! target ─► SitePath ─► Lookup ─► file ───► preconditions ─► range ─► 200, 206, 304, 412, 416
//!              │           │  └─► folder ─► its index.html, a listing, a slash redirect, or 403
//!              └─ 400, 404 └─ 404, 403
//! ```
//!
//! Nothing is ever written: every method but GET, HEAD and OPTIONS is refused.

use crate::conditional::{Precondition, Validators, precondition};
use crate::listing;
use crate::mime::media_type;
use crate::path::NOTHING_HERE;
use crate::range::{Selected, select_range};
use crate::{
    Body, Denied, Disk, Found, Handler, Lookup, OpenFile, Reply, Request, Response, SitePath,
};
use http_parse::{Method, Status};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

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
    /// [`Disk::find`] does.
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
            None => self.disk.find(path),
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
                let page = listing::page(&self.disk, path)?;
                Ok(Response::new(Status::OK).typed("text/html; charset=utf-8", page))
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

/// The response for a file that exists. `path` names it, and so its media type.
fn answer(request: &Request, path: &SitePath, file: &OpenFile) -> Response {
    let (method, fields) = (request.method(), &request.head.fields);
    let validators = Validators {
        etag: &file.etag,
        modified: file.modified,
    };
    match precondition(method, fields, validators) {
        Precondition::Holds => {}
        Precondition::NotModified => {
            // What else a 200 would say of the file, the client knows (RFC 9110 §15.4.5).
            return Response::new(Status::NOT_MODIFIED).with("ETag", &file.etag);
        }
        Precondition::Failed => {
            return Response::error(
                Status::PRECONDITION_FAILED,
                "The file is not the version that the request is about. \
                 Fetch it again without If-Match and If-Unmodified-Since.",
            );
        }
    }
    let (status, first, len) = match select_range(method, fields, validators, file.len) {
        Selected::Whole => (Status::OK, 0, file.len),
        Selected::Part { first, len } => (Status::PARTIAL_CONTENT, first, len),
        Selected::Unsatisfiable => return unsatisfiable(file),
    };
    let mut response = Response::new(status)
        .with("Content-Type", media_type(path.file_name().unwrap_or(b"")))
        .with("Last-Modified", &file.last_modified)
        .with("ETag", &file.etag)
        .with("Accept-Ranges", "bytes")
        .with("X-Content-Type-Options", "nosniff");
    if status == Status::PARTIAL_CONTENT {
        let range = format!("bytes {first}-{}/{}", first + len - 1, file.len);
        response = response.with("Content-Range", &range);
    }
    response.body = content(file, first, len);
    response
}

/// Part of a file: out of its cached octets where there are some, so that a response never mixes
/// them with newer ones from the disk.
fn content(file: &OpenFile, first: u64, len: u64) -> Body {
    let Some(cached) = &file.body else {
        return Body::File {
            file: Arc::clone(&file.file),
            offset: first,
            len,
        };
    };
    if len == file.len {
        return Body::Bytes(Arc::clone(cached));
    }
    let in_memory = |offset: u64| usize::try_from(offset).expect("a cached file fits in memory");
    Body::Bytes(Arc::from(&cached[in_memory(first)..in_memory(first + len)]))
}

fn unsatisfiable(file: &OpenFile) -> Response {
    Response::error(
        Status::RANGE_NOT_SATISFIABLE,
        "The file ends before the range begins. Its length is in the field Content-Range.",
    )
    .with("Content-Range", &format!("bytes */{}", file.len))
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
        Denied::Failed(_) => Response::error(
            Status::INTERNAL_SERVER_ERROR,
            "The server failed to read this. Try again later.",
        ),
    }
}
