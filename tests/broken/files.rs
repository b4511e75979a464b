//! The course's own server of step 3, with a word put in before it answers.

use concurrency::event_loop;
use socket::Stop;
use static_files::{Config, Files, Handler, Listing, Reply, Request};
use std::io;
use std::net::TcpListener;
use std::path::Path;

/// Answers a request wrongly, or hands it on to the files.
pub(crate) type Answer = fn(&Files, &Path, &Request) -> Reply;

/// Hands everything on.
pub(crate) fn right(files: &Files, _: &Path, request: &Request) -> Reply {
    files.handle(request)
}

pub(crate) fn serve(listener: &TcpListener, root: &Path, answer: Answer) -> io::Result<()> {
    let files = Files::new(root)?.listing(Listing::Shown);
    let handler = |request: &Request| answer(&files, root, request);
    event_loop(listener, &handler, &Config::default(), &Stop::new())
}

/// The same request without one of its fields.
pub(crate) fn without(request: &Request, name: &str) -> Request {
    let mut other = request.clone();
    other.head.fields.remove(name);
    other
}

/// The same request with another value of one of its fields.
pub(crate) fn with(request: &Request, name: &'static str, value: &str) -> Request {
    let mut other = without(request, name);
    other.head.fields.push(name, value);
    other
}

/// The value of a field, as text.
pub(crate) fn value(request: &Request, name: &str) -> Option<String> {
    let value = request.head.fields.get(name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The file of that name, without a second look.
pub(crate) fn whole(root: &Path, name: &str) -> Option<static_files::Response> {
    let content = std::fs::read(format!("{}/{name}", root.display())).ok()?;
    let mut response = static_files::Response::new(http_parse::Status::OK);
    response.body = static_files::Body::Bytes(content.into());
    Some(response)
}
