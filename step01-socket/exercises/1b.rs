//! 1b Echo to the end: what comes in goes out, to the last octet.
//!
//! Write the body of `echo`. The server around it is given; `cargo test --test 1b` judges it.

use check::exercise::{self, Given};
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Sends back everything that is read, until the end of input, and says how many octets it was.
fn echo(mut from: impl Read, mut to: impl Write) -> io::Result<u64> {
    // One read is no end: what is missing here?
    let mut buf = [0; 4096];
    let count = from.read(&mut buf)?;
    to.write_all(&buf[..count])?;
    Ok(count as u64)
}

/// One guest after the other. A guest who is gone is no loss to the next one.
fn serve(given: &Given) -> io::Result<()> {
    let listener = given.listener()?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = echo(&stream, &stream) {
            eprintln!("a guest was lost: {error}");
        }
    }
}

fn main() -> ExitCode {
    exercise::main("1b", serve)
}
