//! 4f Slow drains: who takes a file slowly costs neither memory nor anybody else's time.
//!
//! Write the body of `Download::next`, and leave out what it does not need. The loop that serves
//! everybody is given, and asks for octets when it has room for them; `cargo test --test 4f`
//! judges it.

use check::exercise::{self, Given};
use concurrency::event_loop;
use http_parse::{Method, ResponseHead};
use static_files::{Body, Config, Ends, Exchange, Handler, Reply, Request, Response};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Octets that are taken from the disk at a time.
const PIECE: usize = 1 << 20;

/// A part of a file, on its way to a guest.
#[derive(Debug)]
struct Download {
    head: ResponseHead,
    file: Arc<File>,
    /// Where the next octet is, and how many there are from there on.
    at: u64,
    left: u64,
    /// Taken from the file and not by the guest.
    ahead: io::Cursor<Vec<u8>>,
}

impl Download {
    /// The next octets, as many as there are and `buf` has room for; 0 when all have been given.
    fn next(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.ahead.read(buf)?;
        if count > 0 || self.left == 0 {
            return Ok(count);
        }
        // A disk likes large pieces. Whose memory are they in, how many are there of them, and for
        // how long?
        let count = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
        let mut piece = vec![0; count];
        self.file.read_exact_at(&mut piece, self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        self.ahead = io::Cursor::new(piece);
        self.ahead.read(buf)
    }
}

impl Exchange for Download {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // Who asks for a file has nothing to add.
        Ok(data.len())
    }

    fn close_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn head(&mut self) -> io::Result<ResponseHead> {
        Ok(self.head.clone())
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.next(buf)
    }

    fn ends(&self) -> Ends<'_> {
        // A file is always ready.
        Ends::None
    }
}

/// The answer of `site`, in which files are sent by us.
fn answer(site: &dyn Handler, request: &Request) -> Reply {
    match site.handle(request) {
        Reply::Ready(Response {
            mut head,
            body: Body::File { file, offset, len },
        }) if *request.method() == Method::Get => {
            head.fields.push("Content-Length", &len.to_string());
            Reply::Exchange(Box::new(Download {
                head,
                file,
                at: offset,
                left: len,
                ahead: io::Cursor::default(),
            }))
        }
        other => other,
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let stop = given.stop()?;
    let (listener, site) = (given.listener()?, given.handler()?);
    let handler = |request: &Request| answer(&*site, request);
    event_loop(&listener, &handler, &Config::default(), &stop)
}

fn main() -> ExitCode {
    exercise::main("4f", serve)
}
