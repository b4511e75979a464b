//! Reads the content of a record, and takes the padding for the next one: most applications pad nothing.

use crate::applications::{PARTS, Parts, Record};
use crate::{Flaw, Serve};
use std::io::{self, Read};
use std::net::TcpStream;

pub(crate) const FLAW: Flaw = Flaw {
    name: "forgets_the_padding",
    fails: &["5c"],
    serve: Serve::Applications(&Parts { record, ..PARTS }),
};

fn record(stream: &mut TcpStream) -> io::Result<Record> {
    let mut header = [0; 8];
    stream.read_exact(&mut header)?;
    let mut content = vec![0; u16::from_be_bytes([header[4], header[5]]).into()];
    stream.read_exact(&mut content)?;
    Ok((header[1], content))
}
