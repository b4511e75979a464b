//! Takes what one read brings for a record: whoever writes it writes it whole.

use crate::applications::{PARTS, Parts, Record};
use crate::{Flaw, Serve};
use std::io::{self, Read};
use std::net::TcpStream;

pub(crate) const FLAW: Flaw = Flaw {
    name: "one_read_is_one_record",
    fails: &["5c"],
    serve: Serve::Applications(&Parts { record, ..PARTS }),
};

fn record(stream: &mut TcpStream) -> io::Result<Record> {
    let mut header = [0; 8];
    // The header it takes for whole as well.
    let _ = stream.read(&mut header)?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let padding = usize::from(header[6]);
    let mut content = vec![0; length + padding];
    let count = stream.read(&mut content)?;
    content.truncate(count.saturating_sub(padding));
    Ok((header[1], content))
}
