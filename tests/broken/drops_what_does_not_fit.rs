//! Never waits for a guest to read: keeps a megabyte for him, and throws away what is more.

use crate::echoes::{PARTS, Parts};
use crate::{Flaw, Serve};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

pub(crate) const FLAW: Flaw = Flaw {
    name: "drops_what_does_not_fit",
    fails: &["1d"],
    serve: Serve::Echoes(&Parts { echo, ..PARTS }),
};

/// What it keeps for a guest.
const KEPT: usize = 1 << 20;

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let (mut kept, mut buf) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let count = stream.read(&mut buf)?;
        let room = KEPT - kept.len();
        kept.extend(&buf[..count.min(room)]);
        if count == 0 {
            return stream.write_all(&kept);
        }
        stream.set_nonblocking(true)?;
        match stream.write(&kept) {
            Ok(taken) => drop(kept.drain(..taken)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        stream.set_nonblocking(false)?;
    }
}
