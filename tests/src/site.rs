//! The site that every black-box suite asks for: a folder of known files, and two handlers that
//! take content.
//!
//! ```text
//! /hello.txt   "Hello, reader.\n"        /digits.txt  "0123456789"
//! /index.html  /sub/index.html           /empty.txt   no octet
//! /bare/       a folder without index    /big.bin     [`BIG_BYTES`] octets, different everywhere
//! /.hidden     /a b.txt                  ../canary    outside: never to be seen
//! /echo        content comes back as it arrives       /collect  content comes back in one piece
//! ```
//!
//! Every file was last modified at [`MODIFIED`].

use crate::folder::TempFolder;
use crate::pipe::Pipe;
use crate::rng::Rng;
use static_files::{Body, Collect, Files, Handler, Reply, Request, Response, gateway_failure};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// When every file was last modified, as a date field says it.
pub const MODIFIED: &str = "Wed, 01 Jan 2020 00:00:00 GMT";

/// The same, in seconds since 1970.
const MODIFIED_SECONDS: u64 = 1_577_836_800;

/// Octets of `/big.bin`: more than the kernel's buffers of both ends hold.
pub const BIG_BYTES: usize = 12 << 20;

/// Octets that `/collect` takes.
const COLLECT_BYTES: usize = 1 << 20;

/// A folder with the files above, removed on drop.
#[derive(Debug)]
pub struct Site {
    folder: TempFolder,
}

impl Site {
    /// Writes the files.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn new() -> io::Result<Site> {
        let folder = TempFolder::new()?;
        folder.write("canary", "outside the root")?;
        for (name, content) in [
            ("hello.txt", "Hello, reader.\n"),
            ("digits.txt", "0123456789"),
            ("index.html", "<!doctype html><title>front</title>"),
            ("sub/index.html", "<!doctype html><title>sub</title>"),
            ("bare/file.txt", "x"),
            ("empty.txt", ""),
            (".hidden", "hidden"),
            ("a b.txt", "space"),
        ] {
            let name = format!("root/{name}");
            folder.write_dated(&name, content.as_bytes(), MODIFIED_SECONDS)?;
        }
        folder.write_dated("root/big.bin", &big(), MODIFIED_SECONDS)?;
        Ok(Site { folder })
    }

    /// The folder that is served.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// What serves it.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn handler(&self) -> io::Result<Arc<dyn Handler + Send + Sync>> {
        let files = Files::new(&self.root())?;
        Ok(Arc::new(move |request: &Request| answer(request, &files)))
    }
}

/// The content of `/big.bin`.
pub fn big() -> Vec<u8> {
    Rng::from_seed(12).octets(BIG_BYTES)
}

fn answer(request: &Request, files: &Files) -> Reply {
    match request.path() {
        b"/echo" => match Pipe::new() {
            Ok(pipe) => Reply::Exchange(Box::new(pipe)),
            Err(error) => Reply::Ready(gateway_failure(&error)),
        },
        b"/collect" => {
            let collected = |_: &Request, content: Vec<u8>| {
                let mut response = Response::text(String::new());
                response.body = Body::Bytes(content.into());
                response
            };
            let collect = Collect::new(request.clone(), COLLECT_BYTES, collected);
            Reply::Exchange(Box::new(collect))
        }
        _ => files.handle(request),
    }
}
