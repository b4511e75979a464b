//! 3g Two gigabytes: any part of a file, however large the file is, through one small buffer.
//!
//! Write the body of `read`. The server asks for the next piece whenever the client has taken the
//! last one; `cargo test --test 3g` judges yours.

use check::exercise::{self, Given};
use static_files::{Body, Files, Handler, Listing, Reply, Request};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Octets that are read at once. The fewer calls there are, the faster it is.
const BLOCK: usize = 64 << 20;

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
        if self.left == 0 {
            return Ok(0);
        }
        // How much of a block is about to be sent? And if a hundred guests are served at once?
        let start = self.at - self.at % BLOCK as u64;
        let mut block = vec![0; BLOCK];
        let len = self.file.read_at(&mut block, start)?;
        let at = usize::try_from(self.at - start).map_or(len, |at| at.min(len));
        let left = usize::try_from(self.left).unwrap_or(len);
        let count = (len - at).min(left).min(buf.len());
        buf[..count].copy_from_slice(&block[at..at + count]);
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
