//! 3g Two gigabytes: any part of a file, however large the file is, through one small buffer.
//!
//! Nothing is read that is not about to be sent, and what is read fits into the buffer that is there
//! anyway. Offsets and lengths are `u64` until they have been cut to that buffer.

use check::exercise::{self, Given};
use static_files::{Body, Files, Handler, Listing, Reply, Request};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Octets of a file that were promised and not yet sent: `left` of them, from `at` on.
///
/// The file is shared with whoever else is sending it.
struct Part {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for Part {
    /// Puts the next octets into `buf` and says how many; nothing is left after 0.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        // At an offset, because a file that is shared has no position of ours.
        let count = self.file.read_at(&mut buf[..most], self.at)?;
        if count == 0 && most > 0 {
            // It has become shorter than was promised. An end here would pass for the end of the
            // file; an error cuts the connection, and the client notices.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// The same answer; a file in it is read by a `Part`.
fn answer(files: &Files, request: &Request) -> Reply {
    match files.handle(request) {
        Reply::Ready(mut response) => {
            if let Body::File { file, offset, len } = response.body {
                // The head promises what the part has to keep.
                let fields = &mut response.head.fields;
                fields.push("Content-Length", &len.to_string());
                response.body = Body::Stream(Box::new(Part {
                    file,
                    at: offset,
                    left: len,
                }));
            }
            response.into()
        }
        exchange @ Reply::Exchange(_) => exchange,
    }
}

fn serve(given: &Given) -> io::Result<()> {
    let files = Files::new(&given.root()?)?.listing(Listing::Shown);
    given.serve(&|request: &Request| answer(&files, request))
}

fn main() -> ExitCode {
    exercise::main("3g", serve)
}
