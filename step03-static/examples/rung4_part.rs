//! Chapter 3.4, send part of it: a download that can be taken up where it broke off.

use http_parse::Status;
use socket::{Stop, accept_until};
use static_files::{
    Body, Config, Disk, Files, Found, Handler, OpenFile, Request, Response, SitePath,
    serve_connection,
};
use std::net::TcpListener;
use std::{env, io};

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7036".to_owned());
    let root = env::args().nth(2).unwrap_or(".".to_owned());
    let disk = Disk::new(root.as_ref())?;
    let naively = |request: &Request| naively(&disk, request);
    let files = Files::new(root.as_ref())?;
    let handler: &dyn Handler = match env::args().nth(3).as_deref() {
        Some("files") => &files,
        _ => &naively,
    };
    let config = Config::default();
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    accept_until(&listener, &Stop::new(), |stream| {
        if let Err(error) = serve_connection(stream, handler, &config) {
            println!("a client was lost: {error}");
        }
    })
}

fn naively(disk: &Disk, request: &Request) -> Response {
    let path = SitePath::parse(request.path());
    match path.map(|path| disk.find(&path)) {
        Ok(Ok(Found::File(file))) => answer(request, &file),
        Ok(_) | Err(_) => Response::error(Status::NOT_FOUND, "There is no such file."),
    }
}

// ANCHOR: part
/// `bytes=4-9` and `bytes=4-`: the first octet, and how many.
fn part(range: &[u8], len: u64) -> Option<(u64, u64)> {
    let range = str::from_utf8(range).ok()?.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let first: u64 = first.parse().ok()?;
    let last: u64 = match last {
        "" => len - 1,
        last => last.parse().ok()?,
    };
    Some((first, last - first + 1))
}
// ANCHOR_END: part

// ANCHOR: answer
fn answer(request: &Request, file: &OpenFile) -> Response {
    let range = request.head.fields.get("Range");
    let part = range.and_then(|range| part(range, file.len));
    let (first, len) = part.unwrap_or((0, file.len));
    let mut response = Response::new(Status::OK).with("ETag", &file.etag);
    if part.is_some() {
        response.head.status = Status::PARTIAL_CONTENT;
        let range = format!("bytes {first}-{}/{}", first + len - 1, file.len);
        response = response.with("Content-Range", &range);
    }
    response.body = Body::File {
        file: file.file.clone(),
        offset: first,
        len,
    };
    response
}
// ANCHOR_END: answer
