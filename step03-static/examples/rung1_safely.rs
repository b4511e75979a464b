//! Chapter 3.1, from target to file, safely: answers with the files of a folder.

use http_parse::Status;
use socket::{Stop, accept_until};
use static_files::{Body, Config, Disk, Found, Request, Response, SitePath, serve_connection};
use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::{env, fs, io};

// ANCHOR: main
fn main() -> io::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:7031".to_owned());
    let root = env::args().nth(2).unwrap_or(".".to_owned());
    let disk = Disk::new(root.as_ref())?;
    let answer = match env::args().nth(3).as_deref() {
        Some("safe") => safely,
        _ => naively,
    };
    let config = Config::default();
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    let handler = |request: &Request| answer(&disk, request);
    accept_until(&listener, &Stop::new(), |stream| {
        if let Err(error) = serve_connection(stream, &handler, &config) {
            println!("a client was lost: {error}");
        }
    })
}
// ANCHOR_END: main

// ANCHOR: naively
fn naively(disk: &Disk, request: &Request) -> Response {
    let target = request.path();
    if target.windows(2).any(|pair| pair == b"..") {
        return Response::error(Status::BAD_REQUEST, "No dots, please.");
    }
    let name = OsString::from_vec(decode(&target[1..]));
    match fs::read(disk.root().join(Path::new(&name))) {
        Ok(content) => found(Body::Bytes(content.into())),
        Err(_) => Response::error(Status::NOT_FOUND, "There is no such file."),
    }
}
// ANCHOR_END: naively

fn found(body: Body) -> Response {
    let mut response = Response::new(Status::OK);
    response.body = body;
    response
}

/// Every `%` and two hexadecimal digits become an octet; other signs stay as they are.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) if *first == b'%' => (rest, _) = (&after[2..], decoded.push(octet)),
            Some(_) | None => (rest, _) = (after, decoded.push(*first)),
        }
    }
    decoded
}

// ANCHOR: safely
fn safely(disk: &Disk, request: &Request) -> Response {
    let path = match SitePath::parse(request.path()) {
        Ok(path) => path,
        Err(fault) => return Response::error(fault.status(), fault.explain()),
    };
    match disk.find(&path) {
        Ok(Found::File(file)) => found(Body::File {
            file: file.file.clone(),
            offset: 0,
            len: file.len,
        }),
        Ok(Found::Folder) => Response::error(Status::NOT_FOUND, "That is a folder."),
        Err(denied) => Response::error(Status::NOT_FOUND, &format!("{denied:?}.")),
    }
}
// ANCHOR_END: safely
