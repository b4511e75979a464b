//! Takes what one read brings for everything there is.

use crate::echoes::{PARTS, Parts};
use crate::{Flaw, Serve};
use std::io::{self, Read, Write};
use std::net::TcpStream;

pub(crate) const FLAW: Flaw = Flaw {
    name: "stops_at_the_first_read",
    fails: &["1b", "1d"],
    serve: Serve::Echoes(&Parts { echo, ..PARTS }),
};

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buf = [0; 4096];
    let count = stream.read(&mut buf)?;
    stream.write_all(&buf[..count])?;
    // So that nothing is lost but what was not read.
    while stream.read(&mut buf)? > 0 {}
    Ok(())
}
