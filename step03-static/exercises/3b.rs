//! 3b Jail: whatever a client writes, the way does not lead out of the root.
//!
//! Write the body of `resolve`. What is done with a file that it has found is given;
//! `cargo test --test 3b` judges yours.

use check::exercise::{self, Given};
use http_parse::Status;
use static_files::{Body, Request, Response};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Finds what a path, as the client wrote it, names below `root`, which has no links in it; or the
/// status that refuses it.
fn resolve(root: &Path, path: &[u8]) -> Result<PathBuf, Status> {
    // It looks for dots and then decodes. What else can lead outside, and when has it to be asked?
    if path.windows(2).any(|pair| pair == b"..") {
        return Err(Status::BAD_REQUEST);
    }
    let name = decode(path).ok_or(Status::BAD_REQUEST)?;
    let name = name.strip_prefix(b"/").unwrap_or(&name);
    Ok(root.join(OsStr::from_bytes(name)))
}

/// Every `%` and two hexadecimal digits become an octet; `None` where the digits are missing.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let (mut decoded, mut rest) = (Vec::new(), text);
    while let [first, after @ ..] = rest {
        rest = after;
        let octet = match (first, rest) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?
            }
            (b'%', _) => return None,
            (octet, _) => *octet,
        };
        decoded.push(octet);
    }
    Some(decoded)
}

fn open(root: &Path, request: &Request) -> Result<Body, Status> {
    let mut path = request.path().to_vec();
    if path.ends_with(b"/") {
        path.extend_from_slice(b"index.html");
    }
    let name = resolve(root, &path)?;
    if !fs::metadata(&name).is_ok_and(|found| found.is_file()) {
        return Err(Status::NOT_FOUND);
    }
    let opened = File::open(name).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (len, file) = opened.map_err(|_| Status::FORBIDDEN)?;
    Ok(Body::File {
        file: file.into(),
        offset: 0,
        len,
    })
}

fn answer(root: &Path, request: &Request) -> Response {
    let mut response = Response::new(Status::OK);
    match open(root, request) {
        Ok(body) => response.body = body,
        Err(status) => return Response::error(status, "There is nothing to be had here."),
    }
    response
}

fn serve(given: &Given) -> io::Result<()> {
    let root = given.root()?.canonicalize()?;
    given.serve(&|request: &Request| answer(&root, request))
}

fn main() -> ExitCode {
    exercise::main("3b", serve)
}
