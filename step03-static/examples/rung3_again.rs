//! Chapter 3.3, don't send it again: a file that is sent once to each client.

use http_parse::{HttpDate, Status};
use socket::{Stop, accept_until};
use static_files::{
    Body, Config, Disk, Files, Found, Handler, OpenFile, Request, Response, SitePath,
    serve_connection,
};
use std::net::TcpListener;
use std::{env, io};

fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7034".to_owned());
    let root = env::args().nth(2).unwrap_or(".".to_owned());
    let disk = Disk::new(root.as_ref())?;
    let by_date = |request: &Request| by_date(&disk, request);
    let files = Files::new(root.as_ref())?;
    let handler: &dyn Handler = match env::args().nth(3).as_deref() {
        Some("tags") => &files,
        _ => &by_date,
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

fn by_date(disk: &Disk, request: &Request) -> Response {
    let path = SitePath::parse(request.path());
    match path.map(|path| disk.find(&path)) {
        Ok(Ok(Found::File(file))) => answer(request, &file),
        Ok(_) | Err(_) => Response::error(Status::NOT_FOUND, "There is no such file."),
    }
}

// ANCHOR: answer
fn answer(request: &Request, file: &OpenFile) -> Response {
    let theirs = request.head.fields.get("If-Modified-Since");
    if let Some(date) = theirs.and_then(HttpDate::parse)
        && file.modified <= date
    {
        return Response::new(Status::NOT_MODIFIED);
    }
    let mut response = Response::new(Status::OK).with("Last-Modified", &file.last_modified);
    response.body = Body::File {
        file: file.file.clone(),
        offset: 0,
        len: file.len,
    };
    response
}
// ANCHOR_END: answer
