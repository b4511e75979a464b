//! Chapter 3.2, what is it: a media type for a file, a page for a folder.

use http_parse::Status;
use socket::{Stop, accept_until};
use static_files::{
    Body, Config, Disk, Files, Found, Handler, Listing, Request, Response, SitePath, media_type,
    serve_connection,
};
use std::net::TcpListener;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7032".to_owned());
    let root = env::args().nth(2).unwrap_or(".".to_owned());
    let disk = Disk::new(root.as_ref())?;
    let naive = |request: &Request| naively(&disk, request);
    let files = Files::new(root.as_ref())?.listing(Listing::Shown);
    let handler: &dyn Handler = match env::args().nth(3).as_deref() {
        Some("files") => &files,
        _ => &naive,
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

// ANCHOR: naively
fn naively(disk: &Disk, request: &Request) -> Response {
    let Ok(path) = SitePath::parse(request.path()) else {
        return Response::error(Status::NOT_FOUND, "No file can be called so.");
    };
    match disk.find(&path) {
        Ok(Found::File(file)) => {
            let media_type = media_type(path.file_name().unwrap_or(b""));
            let mut response = Response::new(Status::OK).with("Content-Type", media_type);
            response.body = Body::File {
                file: file.file.clone(),
                offset: 0,
                len: file.len,
            };
            response
        }
        Ok(Found::Folder) if path.ends_in_slash() => list(disk, &path),
        Ok(Found::Folder) => {
            let location = format!("{}/", request.path().escape_ascii());
            Response::new(Status::MOVED_PERMANENTLY).with("Location", &location)
        }
        Err(_) => Response::error(Status::NOT_FOUND, "There is no such file."),
    }
}
// ANCHOR_END: naively

// ANCHOR: list
fn list(disk: &Disk, folder: &SitePath) -> Response {
    let mut page = "<!doctype html>\n".to_owned();
    let Ok(entries) = fs::read_dir(disk.root().join(folder.relative())) else {
        return Response::error(Status::FORBIDDEN, "This folder cannot be read.");
    };
    for entry in entries.flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        page.push_str(&format!("<p><a href=\"{name}\">{name}</a>\n"));
    }
    Response::new(Status::OK).typed("text/html; charset=utf-8", page)
}
// ANCHOR_END: list
